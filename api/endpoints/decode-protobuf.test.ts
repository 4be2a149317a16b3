import assert from 'node:assert/strict';
import { encodeProtobuf } from '../../openapi/protobuf-codec.ts';
import { isStatus } from '../../openapi/status.ts';
import { type ProtobufDefaults, protobufValue } from './decode-protobuf.ts';

const CONFIG_MAP: ProtobufDefaults = { kind: 'ConfigMap', apiVersion: 'v1' };

function read(bytes: Buffer | string, defaults = CONFIG_MAP): unknown {
  return protobufValue(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, defaults, 'PREVIEW');
}

const TYPE_META = 'k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap';

describe('a body in protobuf', () => {
  it('is the value that its JSON would be', () => {
    const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { b: 'c' } };
    assert.deepEqual(read(encodeProtobuf(object)), object);
  });

  it('is of the kind that the path stands for where it does not say', () => {
    assert.deepEqual(read('k8s\0\x12\x00'), { kind: 'ConfigMap', apiVersion: 'v1', metadata: {} });
  });

  it('leaves another kind to the caller, who knows how to refuse it', () => {
    assert.deepEqual(read(encodeProtobuf({ kind: 'Pod', apiVersion: 'v1' })), { kind: 'Pod', apiVersion: 'v1' });
    assert.deepEqual(read('k8s\0\x0a\x09\x0a\x02v1\x12\x03Foo\x12\x00'), { kind: 'Foo', apiVersion: 'v1' });
  });

  it('may be DeleteOptions of any group', () => {
    const bytes = encodeProtobuf({
      kind: 'DeleteOptions',
      apiVersion: 'coordination.k8s.io/v1',
      gracePeriodSeconds: 0,
    });
    const value = read(bytes, { kind: 'DeleteOptions', apiVersion: 'coordination.k8s.io/v1' });
    assert.deepEqual(value, { kind: 'DeleteOptions', gracePeriodSeconds: 0 });
  });

  it('is never one of a custom resource, which has no messages', () => {
    const custom = { kind: 'Foo', apiVersion: 'example.com/v1' };
    const missing = "Object 'Kind' is missing in 'object has no kind field '";
    for (const [bytes, message] of [
      ['k8s\0\x12\x00', `Foo in version "v1" cannot be handled as a Foo: ${missing}`],
      [
        encodeProtobuf({ kind: 'ConfigMap', apiVersion: 'v1' }),
        `ConfigMap in version "v1" cannot be handled as a Foo: ${missing}`,
      ],
    ] as const)
      assert.throws(() => read(bytes, custom), { code: 400, message });
    const options = encodeProtobuf({ kind: 'DeleteOptions', apiVersion: 'v1' });
    assert.deepEqual(read(options, { ...custom, kind: 'DeleteOptions' }), { kind: 'DeleteOptions' });
  });

  // Each answer as kube-apiserver gave it to the same bytes.
  const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap)';
  const cannot = 'ConfigMap in version "v1" cannot be handled as a ConfigMap';
  const REFUSED: [string, string, string][] = [
    ['nothing', '', `${unrecognized}: empty data (PREVIEW)`],
    [
      'other bytes',
      'abc',
      `${unrecognized}: provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (PREVIEW)`,
    ],
    ['a prefix alone', 'k8s\0', `${unrecognized}: empty body (PREVIEW)`],
    ['a broken envelope', 'k8s\0\x0a\x05', `${unrecognized}: unexpected EOF (PREVIEW)`],
    ['a strange envelope', 'k8s\0\x08\x01', `${unrecognized}: proto: wrong wireType = 0 for field TypeMeta (PREVIEW)`],
    ['a broken message', `${TYPE_META}\x12\x02\x0a\x05`, `${cannot}: unexpected EOF`],
    ['a strange message', `${TYPE_META}\x12\x02\x08\x01`, `${cannot}: proto: wrong wireType = 0 for field ObjectMeta`],
    ['an end of group', `${TYPE_META}\x12\x01\x0c`, `${cannot}: proto: ConfigMap: wiretype end group for non-group`],
  ];
  for (const [what, bytes, message] of REFUSED) {
    it(`that holds ${what} is refused in upstream's words`, () => {
      assert.throws(
        () => read(bytes),
        (error) => isStatus(error, 'BadRequest') && error.message === message,
      );
    });
  }
});
