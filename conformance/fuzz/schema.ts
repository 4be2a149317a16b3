/** What objects are made of: the wire schema's definitions, with the values that upstream's texts name for enums. */
import { readGenerated } from '../../openapi/generated-file.ts';
import { parseType, type WireType, wireDefinition } from '../../openapi/wire-schema.ts';
import { CUSTOM_DEFINITIONS } from './custom.ts';

export interface Struct {
  id: string;
  fields: ReadonlyMap<string, WireType>;
  names: readonly string[];
  /** Those that Go always writes: most of what must be there is among them. */
  always: ReadonlySet<string>;
}

interface Documented {
  f?: Record<string, { enum?: string[] }>;
}

const structs = new Map<string, Struct | undefined>();
let documented: Record<string, Documented> | undefined;

/** The definition of that id, or `undefined`. Custom kinds' definitions are here, too. */
export function structOf(id: string): Struct | undefined {
  if (!structs.has(id)) structs.set(id, readStruct(id));
  return structs.get(id);
}

function readStruct(id: string): Struct | undefined {
  const custom = CUSTOM_DEFINITIONS[id];
  const known = wireDefinition(id);
  const fields = custom
    ? new Map(Object.entries(custom).map(([name, code]) => [name, parseType(code)]))
    : known?.fields;
  if (!fields) return undefined;
  return { id, fields, names: [...fields.keys()], always: new Set(known?.alwaysWritten ?? []) };
}

/** The values of an enum; `undefined` where the field is none, or nobody wrote which they are. */
export function enumOf(id: string, field: string): readonly string[] | undefined {
  documented ??= (readGenerated('definitions.json') as { definitions: Record<string, Documented> }).definitions;
  return documented[id]?.f?.[field]?.enum;
}
