/**
 * Checks parsed JSON against the wire types and brings it into the form the server keeps, as Go's decoder would. Values
 * that are in that form already, as nearly all are, cost one call of a compiled validator and come back as they are.
 */
import { canonicalQuantity, QUANTITY_ERROR, quantityError } from '../base/quantity.ts';
import { validators } from './generated/validators.ts';
import { isDeeperThan, isJsonObject, jsonKind } from './json.ts';
import { parseBase64, parseMicroTime, parseTime, type Scalar } from './scalars.ts';
import { goTypeName, type WireDefinition, type WireType, wireDefinition } from './wire-schema.ts';

/** Why a value cannot be decoded. */
export interface DecodeError {
  /** Upstream's text: `json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string`. */
  message: string;
  /** Where, with indices: `spec.containers[0].name`; empty for the value itself. */
  path: string;
}

export interface Decoded {
  /** The value in the server's form. Shares what did not change with the input, which is never mutated. */
  value: unknown;
  /** Empty, or one: Go's decoder reports the first error only. */
  errors: DecodeError[];
  /** What strict decoding refuses, in upstream's words: `unknown field "spec.foo"`. At most 100. */
  unknown: string[];
}

const MAX_UNKNOWN = 100;
/** Lists that are kept when they are empty, as their kind's defaults tell them from lists that are not there. */
const KEPT_WHEN_EMPTY = new Set(['io.k8s.api.autoscaling.v2.HPAScalingRules.policies']);

/**
 * Decodes `value`, the result of `JSON.parse`, as the definition of that id. Drops nulls, unknown fields and empty lists,
 * canonicalises quantities, times and base64. Throws only when the definition does not exist.
 */
export function decode(definitionId: string, value: unknown): Decoded {
  if (isDeeperThan(value)) {
    return { value: undefined, errors: [{ message: 'exceeded max depth', path: '' }], unknown: [] };
  }
  const validator = validators[definitionId];
  if (validator?.(value)) return { value, errors: [], unknown: [] };
  const definition = wireDefinition(definitionId);
  if (!definition) throw new Error(`decode: no definition ${definitionId}`);
  const decoder = new Decoder();
  const decoded = decoder.struct(value, definition, goTypeName(definitionId), { struct: '', fields: '', path: '' });
  return { value: decoded, errors: decoder.errors, unknown: decoder.unknown };
}

/** Where a value stands: the innermost struct, the field names down to it, and the path with indices. */
interface Place {
  struct: string;
  fields: string;
  path: string;
}

class Decoder {
  readonly errors: DecodeError[] = [];
  readonly unknown: string[] = [];

  struct(value: unknown, definition: WireDefinition, goName: string, place: Place): unknown {
    if (value === null || value === undefined) return {};
    if (!isJsonObject(value)) return this.#mismatch(value, goName, place);
    const result: [string, unknown][] = [];
    for (const [name, inner] of Object.entries(value)) {
      const type = definition.fields.get(name);
      const path = place.path === '' ? name : `${place.path}.${name}`;
      if (!type) {
        this.#addUnknown(path);
        continue;
      }
      if (inner === null) continue;
      const fields = place.fields === '' ? name : `${place.fields}.${name}`;
      const decoded = this.#typed(inner, type, { struct: definition.struct, fields, path });
      const dropped = isZero(decoded) && definition.omittedWhenEmpty.has(name);
      if (decoded !== undefined && (!dropped || KEPT_WHEN_EMPTY.has(`${definition.id}.${name}`)))
        result.push([name, decoded]);
    }
    return Object.fromEntries(result);
  }

  #typed(value: unknown, type: WireType, place: Place): unknown {
    switch (type.kind) {
      case 'ref': {
        const definition = wireDefinition(type.ref);
        return definition ? this.struct(value, definition, type.name, place) : value;
      }
      case 'array':
        return this.#array(value, type.items, type.name, place);
      case 'map':
        return this.#map(value, type.values, type.name, place);
      case 'any':
        return value;
      case 'string':
        return typeof value === 'string' ? value : this.#mismatch(value, type.name, place);
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#mismatch(value, type.name, place);
      case 'number':
        return typeof value === 'number' ? value : this.#mismatch(value, type.name, place);
      case 'int32':
      case 'int64':
        return this.#integer(value, type.kind, type.name, place);
      case 'intOrString':
        return typeof value === 'string' ? value : this.#integer(value, 'int32', 'int32', place);
      case 'quantity':
        return this.#quantity(value, place);
      case 'time':
        return this.#parsed(value, 'string', parseTime, place);
      case 'microTime':
        return this.#parsed(value, 'string', parseMicroTime, place);
      case 'byte':
        return this.#parsed(value, '[]uint8', parseBase64, place);
    }
  }

  #array(value: unknown, items: WireType, goName: string, place: Place): unknown {
    if (!Array.isArray(value)) return this.#mismatch(value, goName, place);
    return value.map((item, index) => this.#element(item, items, { ...place, path: `${place.path}[${index}]` }));
  }

  #map(value: unknown, values: WireType, goName: string, place: Place): unknown {
    if (!isJsonObject(value)) return this.#mismatch(value, goName, place);
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        this.#element(inner, values, { ...place, path: `${place.path}.${key}` }),
      ]),
    );
  }

  /** A null in a list or map is the zero value of its type. */
  #element(value: unknown, type: WireType, place: Place): unknown {
    return value === null ? zeroOf(type) : (this.#typed(value, type, place) ?? zeroOf(type));
  }

  #integer(value: unknown, kind: 'int32' | 'int64', goName: string, place: Place): unknown {
    if (typeof value !== 'number') return this.#mismatch(value, goName, place);
    const limit = kind === 'int32' ? 2147483647 : 2 ** 63;
    if (Number.isInteger(value) && value <= limit && value >= (kind === 'int32' ? -limit - 1 : -limit)) return value;
    return this.#fail(`number ${value}`, goName, place);
  }

  #quantity(value: unknown, place: Place): unknown {
    if (typeof value !== 'string' && typeof value !== 'number') return this.#refuse(QUANTITY_ERROR, place);
    const canonical = canonicalQuantity(value);
    return canonical ?? this.#refuse(quantityError(String(value).trim()) ?? QUANTITY_ERROR, place);
  }

  #parsed(value: unknown, goName: string, parse: (text: string) => Scalar, place: Place): unknown {
    if (typeof value !== 'string') return this.#mismatch(value, goName, place);
    const result = parse(value);
    if ('error' in result) return this.#refuse(result.error, place);
    return result.value === ZERO_TIME ? undefined : result.value;
  }

  #mismatch(value: unknown, goName: string, place: Place): undefined {
    return this.#fail(jsonKind(value), goName, place);
  }

  #fail(what: string, goName: string, place: Place): undefined {
    const into = place.struct === '' ? 'Go value' : `Go struct field ${place.struct}.${place.fields}`;
    return this.#refuse(`json: cannot unmarshal ${what} into ${into} of type ${goName}`, place);
  }

  #refuse(message: string, place: Place): undefined {
    if (this.errors.length === 0) this.errors.push({ message, path: place.path });
    return undefined;
  }

  #addUnknown(path: string): void {
    if (this.unknown.length < MAX_UNKNOWN) this.unknown.push(`unknown field ${JSON.stringify(path)}`);
  }
}

function isZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false;
}

/** Go's zero time, which it writes as null. */
const ZERO_TIME = '0001-01-01T00:00:00Z';

function zeroOf(type: WireType): unknown {
  switch (type.kind) {
    case 'ref':
    case 'map':
      return {};
    case 'array':
      return [];
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'number':
    case 'intOrString':
      return 0;
    case 'quantity':
      return '0';
    case 'string':
    case 'byte':
      return '';
    default:
      return null;
  }
}
