/** A schema with one field of every kind, for tests. */
import type { ApplySchema } from './apply-schema.ts';

export function struct(fields: Record<string, ApplySchema>): ApplySchema {
  return { kind: 'struct', field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined) };
}

export const STRING: ApplySchema = { kind: 'atomic', scalar: 'string' };
const NUMBER: ApplySchema = { kind: 'atomic', scalar: 'numeric' };
export const STRINGS: ApplySchema = { kind: 'map', values: STRING };

const item = struct({ name: STRING, value: STRING, options: STRINGS });
const port = struct({ port: NUMBER, protocol: STRING, name: STRING });

export const OBJECT = struct({
  text: STRING,
  count: NUMBER,
  flag: { kind: 'atomic', scalar: 'boolean' },
  time: { kind: 'atomic', scalar: 'any' },
  any: { kind: 'atomic' },
  labels: STRINGS,
  inner: struct({ a: STRING, b: STRING }),
  tags: { kind: 'set' },
  items: { kind: 'associative', keys: ['name'], items: item, defaults: {} },
  ports: { kind: 'associative', keys: ['port', 'protocol'], items: port, defaults: { protocol: 'TCP' } },
  args: { kind: 'atomic', items: () => STRING },
  selector: { kind: 'atomic', content: () => STRINGS },
});
