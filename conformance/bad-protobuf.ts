/** Protobuf that is broken, and protobuf that only looks so; made by hand, as no encoder would. */
import type { BadInput } from './bad-input-cases.ts';

const PROTOBUF = { 'content-type': 'application/vnd.kubernetes.protobuf' };
const MAGIC = Buffer.from('k8s\0');

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}

const tag = (field: number, wire: number) => varint(field * 8 + wire);

/** A field with a length before it. */
export function message(field: number, ...parts: (string | Buffer)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([tag(field, LENGTH), varint(content.length), content]);
}

/** An object in its envelope. */
export function envelope(kind: string, apiVersion: string, ...raw: Buffer[]): Buffer {
  return Buffer.concat([MAGIC, message(1, message(1, apiVersion), message(2, kind)), message(2, ...raw)]);
}

const named = (name: string | Buffer) => message(1, message(1, name));
const map = (...raw: Buffer[]) => envelope('ConfigMap', 'v1', ...raw);
const good = map(named('whole'), message(2, message(1, 'key'), message(2, 'value')));
const hex = (text: string) => Buffer.from(text, 'hex');

/** `depth` schemas, each the `not` of the one around it, in a definition. */
function nestedSchemas(depth: number): Buffer {
  const NOT = 28;
  const layers: Buffer[] = [];
  let length = 0;
  for (let i = 0; i < depth; i++) {
    const head = Buffer.concat([tag(NOT, LENGTH), varint(length)]);
    layers.push(head);
    length += head.length;
  }
  const schema = Buffer.concat(layers.reverse());
  return envelope(
    'CustomResourceDefinition',
    'apiextensions.k8s.io/v1',
    message(2, message(7, message(4, message(1, schema)))),
  );
}

type Bad = [title: string, body: Buffer, codes?: number[]];

const BODIES: Bad[] = [
  ['nothing', Buffer.alloc(0), [400, 415, 422]],
  ['no more than the magic bytes', MAGIC, [400, 422]],
  ['half of the magic bytes', hex('6b38')],
  ['other magic bytes', Buffer.concat([hex('6b387301'), good.subarray(4)]), [400, 415]],
  ['a message without magic bytes', good.subarray(4), [400, 415]],
  ['magic bytes twice', Buffer.concat([MAGIC, good])],
  ['JSON after the magic bytes', Buffer.concat([MAGIC, Buffer.from('{"metadata":{"name":"x"}}')])],
  ['an object without a name', map(), [422]],
  ['another kind', envelope('Secret', 'v1', named('x'))],
  ['an unknown kind', envelope('Nothing', 'v1', named('x'))],
  ['an unknown group', envelope('ConfigMap', 'nothing.example.com/v1', named('x'))],
  ['a number for metadata', map(tag(1, VARINT), varint(5))],
  ['eight bytes for metadata', map(tag(1, FIXED64), Buffer.alloc(8))],
  ['four bytes for a name', map(message(1, tag(1, FIXED32), Buffer.alloc(4)))],
  ['a text for immutable', map(named('x'), message(4, 'yes'))],
  ['a length beyond the end', map(tag(1, LENGTH), varint(1000), Buffer.from('x'))],
  ['a length of four gibibytes', map(tag(1, LENGTH), varint(2 ** 32), Buffer.from('x'))],
  ['a negative length', map(tag(1, LENGTH), hex('ffffffffffffffffff01'))],
  ['a length of no end', map(tag(1, LENGTH), hex('ffffffffffffffffffffffff'))],
  ['a number that is cut off', map(tag(4, VARINT), hex('80'))],
  ['a tag that is cut off', map(hex('80'))],
  ['field 0', map(hex('02'), varint(0))],
  ['wire type 6', map(tag(9, 6))],
  ['wire type 7', map(tag(9, 7))],
  ['a group without an end', map(tag(9, GROUP_START))],
  ['an end without a group', map(tag(9, GROUP_END))],
  ['four bytes of which three came', map(named('x'), tag(99, FIXED32), hex('000000'))],
  ['a field of the largest number, cut off', map(hex('faffffff0f'), varint(5))],
  ['an entry of a map that is no message', map(named('x'), message(2, hex('ff')))],
  ['an entry of a map without a key', map(named('x'), message(2)), [422]],
  ['a name that is no UTF-8', map(named(hex('ff'))), [422, 400]],
  ['random bytes', Buffer.concat([MAGIC, Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 31 + 7) % 256))])],
  ['ten thousand groups in one another', map(...Array<Buffer>(10_000).fill(tag(9, GROUP_START)))],
  ['a million empty fields', map(Buffer.alloc(2_000_000, message(11))), [422]],
];

/** What is cut off after any of its bytes. */
const cut: Bad[] = Array.from({ length: good.length - 5 }, (_, i) => [
  `${i + 5} of ${good.length} bytes`,
  good.subarray(0, i + 5),
  [400, 422],
]);

const post = (path: string, [title, body, codes = [400]]: Bad): BadInput => ({
  title: `POST of protobuf that is ${title}`,
  method: 'POST',
  path,
  headers: PROTOBUF,
  body,
  codes,
});

export const badProtobuf: BadInput[] = [
  ...[...BODIES, ...cut].map((bad) => post('configmaps', bad)),
  post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', [
    'ten thousand schemas in one another',
    nestedSchemas(10_000),
    [400, 422],
  ]),
  {
    title: 'DELETE with options in protobuf that are cut off',
    method: 'DELETE',
    path: 'configmaps/target',
    headers: PROTOBUF,
    body: envelope('DeleteOptions', 'v1', tag(1, VARINT)),
    codes: [400, 500],
  },
];

/** What looks odd, but is right: each is a configmap of this name with this under `key`. */
export const oddProtobuf: [title: string, name: string, body: Buffer, value: string][] = [
  ['nothing odd', 'plain', map(named('plain'), message(2, message(1, 'key'), message(2, 'value'))), 'value'],
  [
    'fields nobody knows',
    'unknown',
    map(
      ...[named('unknown'), message(99, 'what'), tag(100, VARINT), varint(300), tag(101, FIXED64), Buffer.alloc(8)],
      ...[tag(102, FIXED32), Buffer.alloc(4), message(2, message(1, 'key'), message(2, 'value'), message(3, 'more'))],
    ),
    'value',
  ],
  [
    'a group nobody knows',
    'group',
    map(named('group'), tag(9, GROUP_START), tag(9, GROUP_END), keyed('value')),
    'value',
  ],
  ['a name twice', 'last', map(message(1, message(1, 'first'), message(1, 'last')), keyed('value')), 'value'],
  ['metadata in two parts', 'parts', map(named('x'), keyed('value'), named('parts')), 'value'],
  ['a key twice', 'again', map(named('again'), keyed('first'), keyed('last')), 'last'],
  [
    'numbers longer than they need be',
    'long',
    map(hex('8a8000'), hex('8600'), hex('0a04'), Buffer.from('long'), keyed('value')),
    'value',
  ],
  [
    'a value that is no UTF-8',
    'bytes',
    map(named('bytes'), message(2, message(1, 'key'), message(2, hex('78ff79')))),
    'x\ufffdy',
  ],
];

function keyed(value: string): Buffer {
  return message(2, message(1, 'key'), message(2, value));
}
