/** One version of a custom resource: its schema, and what is compiled of it when somebody first needs it. */
import type {
  V1CustomResourceDefinitionVersion,
  V1CustomResourceSubresources,
} from '../../../openapi/generated/types.ts';
import { isDeeperThan, isJsonObject, type JsonObject, jsonKind, setOwn } from '../../../openapi/json.ts';
import type { Decoded } from '../../../openapi/schema.ts';
import { type RuleValidator, ruleValidator } from '../../../openapi/structural/cel-rules.ts';
import { applyDefaults } from '../../../openapi/structural/default.ts';
import { coerceEmbedded, decodeMeta } from '../../../openapi/structural/object-meta.ts';
import { dropNulls, prune } from '../../../openapi/structural/prune.ts';
import type { Schema } from '../../../openapi/structural/schema.ts';
import { type ValueValidator, valueValidator } from '../../../openapi/structural/value-validation.ts';

export class CustomVersion {
  readonly name: string;
  readonly schema: Schema | undefined;
  readonly definition: V1CustomResourceDefinitionVersion;
  #values: ValueValidator | undefined;
  #rules: RuleValidator | undefined;
  #rulesCompiled = false;

  constructor(definition: V1CustomResourceDefinitionVersion) {
    this.name = definition.name;
    this.definition = definition;
    this.schema = definition.schema?.openAPIV3Schema;
  }

  get subresources(): V1CustomResourceSubresources {
    return this.definition.subresources ?? {};
  }

  /** Checks whole objects against the schema. */
  get values(): ValueValidator {
    this.#values ??= valueValidator(this.schema ?? {});
    return this.#values;
  }

  /** Checks whole objects against the schema's rules; `undefined` where it has none. */
  get rules(): RuleValidator | undefined {
    if (!this.#rulesCompiled) this.#rules = this.schema && ruleValidator(this.schema);
    this.#rulesCompiled = true;
    return this.#rules;
  }

  /** Reads a body: metadata as for any object, the rest pruned and defaulted as the schema says. */
  decode(value: unknown): Decoded {
    if (isDeeperThan(value))
      return { value: undefined, errors: [{ message: 'exceeded max depth', path: '' }], unknown: [] };
    if (!isJsonObject(value)) {
      const message = `json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`;
      return { value: undefined, errors: [{ message, path: '' }], unknown: [] };
    }
    const object = structuredClone(value);
    const unknown: string[] = [];
    if (Object.hasOwn(object, 'metadata')) {
      const meta = decodeMeta(object.metadata, false);
      if (meta.error !== undefined)
        return { value: undefined, errors: [{ message: meta.error, path: 'metadata' }], unknown };
      setOwn(object, 'metadata', meta.metadata);
      unknown.push(...meta.unknown.map((name) => `metadata.${name}`));
    }
    unknown.push(...prune(object, this.schema));
    dropNulls(object, this.schema);
    const coerced = coerceEmbedded(object, this.schema, false);
    if (coerced.error) {
      const { field, message } = coerced.error;
      return { value: undefined, errors: [{ message: `${field}: ${message}`, path: field }], unknown: [] };
    }
    unknown.push(...coerced.unknown);
    applyDefaults(object, this.schema);
    return { value: object, errors: [], unknown: unknown.map((path) => `unknown field ${JSON.stringify(path)}`) };
  }

  /** Removes in place what this version's schema does not know, as after a conversion. */
  reshape(object: object): void {
    prune(object as JsonObject, this.schema);
    dropNulls(object, this.schema);
    coerceEmbedded(object, this.schema, true);
  }

  /** The same for an object that was stored in this version, which gets what has become a default since, too. */
  refresh(object: object): void {
    this.reshape(object);
    applyDefaults(object, this.schema);
  }
}
