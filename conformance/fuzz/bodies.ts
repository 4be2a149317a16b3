/** Bodies: objects that are right, grown, spoilt or not meant for the path, in every encoding, whole or damaged. */
import { dump } from 'js-yaml';
import { encodeProtobuf } from '../../openapi/protobuf-codec.ts';
import { breakUtf8, damage, damageProtobuf, damageYaml, repeatKey } from './damage.ts';
import type { Dice } from './dice.ts';
import { grow, spoil } from './grow.ts';
import { isObject, type Json, type JsonObject, RAW_IN_YAML, textOf } from './json.ts';
import { mutateJson } from './mutate.ts';
import { APPLY_PATCH, PATCH_TYPES, patchFor } from './patches.ts';
import type { Universe } from './request.ts';
import { rightStruct } from './right.ts';
import { copyOf } from './samples.ts';
import { structOf } from './schema.ts';
import type { Endpoint } from './surface.ts';

export interface Body {
  contentType: string;
  bytes: Buffer;
}

const JSON_TYPE = 'application/json';
const YAML = 'application/yaml';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const ODD_TYPES = [
  'text/plain',
  '',
  ';;;',
  'application/json; charset=latin1',
  'application/cbor',
  PROTOBUF,
  YAML,
  JSON_TYPE,
];
/** More than any server takes. */
const TOO_MUCH = 3_200_000;

/** The body of a POST or PUT. */
export function objectBody(dice: Dice, endpoint: Endpoint, name: string, universe: Universe): Body {
  const right = objectFor(dice, endpoint, name, universe);
  const wrong = flawed(dice, right, endpoint);
  const encoding = dice.below(100);
  if (encoding < 20 && endpoint.definition && !endpoint.definition.startsWith('fuzz.')) {
    return protobufBody(dice, endpoint, right, wrong);
  }
  if (encoding < 30) return yamlBody(dice, wrong);
  const contentType = encoding < 97 ? JSON_TYPE : dice.pick(ODD_TYPES);
  return { contentType, bytes: jsonBytes(dice, wrong) };
}

/** The body of a PATCH, of a type taken at random. */
export function patchBody(dice: Dice, endpoint: Endpoint, name: string, universe: Universe): Body {
  const contentType = dice.pick(PATCH_TYPES);
  const object = flawed(dice, objectFor(dice, endpoint, name, universe), endpoint);
  let patch = patchFor(dice, contentType, isObject(object) ? object : {}, endpoint);
  if (dice.chance(0.2)) patch = mutateJson(patch, dice);
  if (contentType === APPLY_PATCH && dice.chance(0.3)) return { ...yamlBody(dice, patch), contentType };
  return { contentType: dice.chance(0.02) ? dice.pick(ODD_TYPES) : contentType, bytes: jsonBytes(dice, patch) };
}

/** The body of a DELETE. */
export function deleteBody(dice: Dice): Body {
  const options: JsonObject = {
    kind: dice.pick(['DeleteOptions', 'DeleteOptions', 'Pod']),
    apiVersion: dice.pick(['v1', 'v1', 'meta.k8s.io/v1', 'v9']),
    gracePeriodSeconds: dice.pick<Json>([0, 1, -1, 'x', 9_007_199_254_740_992]),
    propagationPolicy: dice.pick(['Background', 'Orphan', 'Foreground', 'x']),
    preconditions: dice.pick<Json>([{}, { uid: 'x' }, { resourceVersion: '1' }, 5]),
  };
  const some = Object.fromEntries(Object.entries(options).filter(() => dice.chance(0.6)));
  const object = dice.chance(0.2) ? mutateJson(some, dice) : some;
  if (dice.chance(0.8)) return { contentType: JSON_TYPE, bytes: jsonBytes(dice, object) };
  return protobufBody(dice, { apiVersion: 'v1', kind: 'DeleteOptions' }, { gracePeriodSeconds: 0 }, object);
}

/** An object as the schema has it: the sample, perhaps with more fields, or one made of nothing but the schema. */
function objectFor(dice: Dice, endpoint: Endpoint, name: string, universe: Universe): JsonObject {
  const stranger = dice.chance(0.02) ? dice.pick(universe.surfaces) : endpoint;
  const { definition, model, kind, apiVersion } = stranger;
  let object = copyOf(model.sample(name, universe.playground));
  if (definition && structOf(definition)) {
    if (dice.chance(0.15)) object = { ...rightStruct(dice, definition, 0), metadata: object.metadata ?? { name } };
    for (let i = dice.chance(0.5) ? 1 + dice.below(5) : 0; i > 0; i--) object = grow(dice, object, definition);
  }
  const named = dice.chance(0.6) || stranger !== endpoint;
  return {
    ...object,
    ...(named ? { kind, apiVersion } : {}),
    metadata: metadataFor(dice, object.metadata ?? null, name),
  };
}

function metadataFor(dice: Dice, metadata: Json, name: string): Json {
  if (!isObject(metadata)) return metadata;
  const more: JsonObject = {};
  if (dice.chance(0.08)) more.resourceVersion = dice.pick(['1', '0', 'x', '', '18446744073709551616']);
  if (dice.chance(0.1)) more.labels = { app: name, n: String(dice.below(5)) };
  if (dice.chance(0.03)) more.finalizers = ['example.com/hold'];
  if (dice.chance(0.03)) more.generateName = dice.pick(['fz-', 'Fz_', '', 'x'.repeat(300)]);
  if (dice.chance(0.02)) more.uid = dice.pick(['x', '00000000-0000-4000-8000-000000000001']);
  return { ...metadata, ...more };
}

/** Half of the objects stay as they are; the others get something wrong with them, mostly in one place. */
function flawed(dice: Dice, object: JsonObject, { definition }: Pick<Endpoint, 'definition'>): Json {
  const what = dice.below(100);
  if (what < 50) return object;
  if (what < 80 && definition) return spoil(dice, object, definition);
  let wrong: Json = object;
  for (let i = 1 + dice.below(3); i > 0; i--) wrong = mutateJson(wrong, dice);
  return wrong;
}

function jsonBytes(dice: Dice, value: Json): Buffer {
  const text = textOf(dice.chance(0.0005) && isObject(value) ? { ...value, big: 'x'.repeat(TOO_MUCH) } : value);
  if (dice.chance(0.9)) return Buffer.from(text);
  const how = dice.below(4);
  if (how === 0) return Buffer.from(repeatKey(text, dice));
  return how === 1 ? breakUtf8(text, dice) : damage(text, dice);
}

function yamlBody(dice: Dice, value: Json): Body {
  // Every JSON text is YAML.
  const text = dice.chance(0.2) ? textOf(value) : yamlOf(value);
  return { contentType: YAML, bytes: dice.chance(0.75) ? Buffer.from(text) : damageYaml(text, dice) };
}

/** In blocks; what is deep is too dear to indent. */
function yamlOf(value: Json): string {
  const text = textOf(value);
  return /[[{]{50}|(\{"a":|\[){50}/.test(text)
    ? text
    : dump(value, { skipInvalid: true }).replaceAll(RAW_IN_YAML, '$1');
}

/** What is not of its field's type cannot be encoded: then it is the right object that goes out. */
function protobufBody(
  dice: Dice,
  { apiVersion, kind }: Pick<Endpoint, 'apiVersion' | 'kind'>,
  right: JsonObject,
  wrong: Json,
): Body {
  const typeMeta = dice.chance(0.97)
    ? { apiVersion, kind }
    : dice.pick([
        { apiVersion, kind: 'X' },
        { apiVersion: 'v9', kind },
      ]);
  const bytes = encoded(wrong, typeMeta) ?? encoded(right, { apiVersion, kind }) ?? Buffer.from('k8s\0');
  return { contentType: PROTOBUF, bytes: dice.chance(0.7) ? bytes : damageProtobuf(bytes, dice) };
}

function encoded(object: Json, typeMeta: { apiVersion: string; kind: string }): Buffer | undefined {
  try {
    return encodeProtobuf(object, typeMeta);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
