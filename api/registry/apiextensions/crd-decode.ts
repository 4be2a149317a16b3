/** Bodies of CustomResourceDefinitions: the wire schema stops where a schema may be a boolean, a list or a schema. */
import type { V1CustomResourceDefinition, V1JSONSchemaProps } from '../../../openapi/generated/types.ts';
import { isJsonObject, type JsonObject, setOwn } from '../../../openapi/json.ts';
import { type Decoded, decode } from '../../../openapi/schema.ts';

export const CRD = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition';
const SCHEMA = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

/** See `decode` of `openapi/schema.ts`. */
export function decodeCrd(value: unknown): Decoded {
  const decoded = decode(CRD, value);
  if (decoded.errors.length > 0) return decoded;
  const inner = new SchemaDecoder();
  const crd = structuredClone(decoded.value) as V1CustomResourceDefinition;
  for (const [i, version] of (crd.spec?.versions ?? []).entries()) {
    const schema = version.schema?.openAPIV3Schema;
    if (schema) inner.within(schema, `spec.versions[${i}].schema.openAPIV3Schema`);
  }
  return { value: crd, errors: inner.errors, unknown: [...decoded.unknown, ...inner.unknown] };
}

const SCHEMA_OR_OTHER = ['items', 'additionalProperties', 'additionalItems'] as const;

class SchemaDecoder {
  readonly errors: Decoded['errors'] = [];
  readonly unknown: string[] = [];

  /** Looks for schemas below one that is decoded itself, and decodes them in place. */
  within(schema: V1JSONSchemaProps, path: string): void {
    for (const name of SCHEMA_OR_OTHER) {
      const value = schema[name];
      if (Array.isArray(value)) {
        setOwn(
          schema as JsonObject,
          name,
          value.map((inner, i) => this.#decoded(inner, `${path}.${name}[${i}]`)),
        );
      } else if (isJsonObject(value)) setOwn(schema as JsonObject, name, this.#decoded(value, `${path}.${name}`));
      else if (value !== undefined && typeof value !== 'boolean') this.#refuse(name);
    }
    for (const [name, inner] of Object.entries(schema.properties ?? {}))
      this.within(inner, `${path}.properties[${name}]`);
    for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
      for (const [i, inner] of (schema[name] ?? []).entries()) this.within(inner, `${path}.${name}[${i}]`);
    if (schema.not) this.within(schema.not, `${path}.not`);
  }

  #decoded(value: unknown, path: string): V1JSONSchemaProps {
    const decoded = decode(SCHEMA, value);
    const [error] = decoded.errors;
    if (error && this.errors.length === 0) this.errors.push({ ...error, path: `${path}.${error.path}` });
    for (const text of decoded.unknown) this.unknown.push(text.replace(/"(.*)"$/, (_all, name) => `"${path}.${name}"`));
    const schema = (decoded.value ?? {}) as V1JSONSchemaProps;
    this.within(schema, path);
    return schema;
  }

  #refuse(name: string): void {
    const message = `expected a schema${name === 'items' ? ' or a list of schemas' : ' or a boolean'}`;
    if (this.errors.length === 0) this.errors.push({ message: `json: ${name}: ${message}`, path: name });
  }
}
