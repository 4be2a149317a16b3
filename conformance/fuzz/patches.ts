/** Patches of the four kinds. */
import type { Dice } from './dice.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { mutateJson } from './mutate.ts';
import type { Endpoint } from './surface.ts';
import { tameValues } from './tame-fields.ts';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

export const PATCH_TYPES = [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH, APPLY_PATCH];

const OPERATIONS = ['add', 'replace', 'remove', 'test', 'move', 'copy', 'add', 'replace', 'jump'];
const POINTERS = [
  '/metadata/labels/a',
  '/metadata/labels',
  '/metadata/name',
  '/metadata/finalizers/-',
  '/metadata/ownerReferences',
  '/data/key',
  '/spec',
  '/spec/ports/0',
  '/spec/containers/-',
  '/spec/containers/01',
  '/nothing/at/all',
  '',
  '/',
  '/metadata/~0~1',
  '/metadata/~2',
  '/__proto__/x',
  'x',
];

/** A patch of that type; `object` is what the patched object might be. */
export function patchFor(dice: Dice, type: string, object: JsonObject, endpoint: Endpoint): Json {
  switch (type) {
    case JSON_PATCH:
      return Array.from({ length: dice.below(4) }, () => operation(dice, object));
    case APPLY_PATCH:
      return applied(dice, object, endpoint);
    case STRATEGIC_PATCH:
      return dice.chance(0.3) ? directed(dice, object) : partial(dice, object);
    default:
      return partial(dice, object);
  }
}

function operation(dice: Dice, object: JsonObject): Json {
  const { path, field, value } = dice.chance(0.6) ? pointerInto(dice, object) : randomPointer(dice);
  const tame = tameValues(field);
  const wild = dice.pick<Json>(['x', {}, [], null, 5, { a: 'b' }]);
  const op = dice.pick(OPERATIONS);
  // What is tame may become another tame value, but not vanish or go elsewhere.
  if (tame) return { op: 'replace', path, value: dice.pick(tame) };
  return { op, path, from: dice.pick(POINTERS), value: dice.chance(0.5) ? mutateJson(value, dice, field) : wild };
}

interface Pointer {
  path: string;
  field: string;
  value: Json;
}

function randomPointer(dice: Dice): Pointer {
  return { path: dice.pick(POINTERS), field: '', value: 'x' };
}

/** The way to something in the object. Stops before lists of pods' parts go away as a whole. */
function pointerInto(dice: Dice, object: JsonObject): Pointer {
  let pointer: Pointer = { path: '', field: '', value: object };
  for (let depth = 1 + dice.below(6); depth > 0; depth--) {
    const { path, value } = pointer;
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (keys.length === 0) break;
    const key = dice.pick(keys);
    const item = (Array.isArray(value) ? value[Number(key)] : isObject(value) ? value[key] : null) ?? null;
    pointer = {
      path: `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      field: Array.isArray(value) ? pointer.field : key,
      value: item,
    };
  }
  return pointer;
}

/** A few labels, or some of the object. */
function partial(dice: Dice, object: JsonObject): JsonObject {
  if (dice.chance(0.3)) return { metadata: { labels: { patched: String(dice.below(9)), gone: null } } };
  return Object.fromEntries(Object.entries(object).filter(() => dice.chance(0.8)));
}

/** A strategic merge patch with directives, right and wrong. */
function directed(dice: Dice, object: JsonObject): Json {
  const patch = partial(dice, object);
  const item: Json = dice.pick<Json>([
    { name: 'main', $patch: 'delete' },
    { $patch: 'replace' },
    { $patch: 'merge' },
    { $patch: 'explode' },
    { name: 'main', $retainKeys: ['name'] },
    { name: 'main', '$setElementOrder/ports': [{ containerPort: 1 }] },
    { '$deleteFromPrimitiveList/x': ['a'] },
    5,
  ]);
  const directives = dice.pick<JsonObject>([
    { $patch: 'replace' },
    { $retainKeys: ['metadata', 'spec'] },
    { $retainKeys: 'x' },
    { '$setElementOrder/containers': [{ name: 'main' }] },
    { '$setElementOrder/containers': ['x'], containers: [item] },
    { '$deleteFromPrimitiveList/finalizers': ['example.com/hold'] },
    { '$deleteFromPrimitiveList/finalizers': 5 },
    { containers: [item] },
    { ports: [item] },
    { volumes: [item] },
  ]);
  const where = dice.pick(['metadata', 'spec', '']);
  if (where === '') return { ...patch, ...directives };
  const inner = patch[where];
  return { ...patch, [where]: { ...(isObject(inner) ? inner : {}), ...directives } };
}

function applied(dice: Dice, object: JsonObject, { apiVersion, kind }: Endpoint): Json {
  const fields = Object.entries(object).filter(([field]) => field === 'metadata' || dice.chance(0.8));
  const identity = dice.chance(0.97)
    ? { apiVersion, kind }
    : dice.pick<JsonObject>([{}, { kind }, { apiVersion, kind: 'X' }]);
  return { ...Object.fromEntries(fields), ...identity };
}
