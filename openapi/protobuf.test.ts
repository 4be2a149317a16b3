import assert from 'node:assert/strict';
import protobufjs from 'protobufjs';
import { ProtobufWriter } from './protobuf.ts';

describe('ProtobufWriter', () => {
  const integers: [number | bigint, string][] = [
    [0, '0800'],
    [1, '0801'],
    [127, '087f'],
    [128, '088001'],
    [300, '08ac02'],
    [4294967295, '08ffffffff0f'],
    [4294967296, '088080808010'],
    [-1, '08ffffffffffffffffff01'],
    [9223372036854775807n, '08ffffffffffffffff7f'],
    [-9223372036854775808n, '0880808080808080808001'],
  ];
  for (const [value, hex] of integers) {
    it(`writes the integer ${value}`, () => {
      assert.equal(new ProtobufWriter(1).integer(1, value).finish().toString('hex'), hex);
    });
  }

  it('writes what another implementation reads', () => {
    const writer = new ProtobufWriter(4);
    writer
      .string(1, 'grüße')
      .bool(2, true)
      .double(3, 1.5)
      .bytes(4, Buffer.from([1, 2]))
      .integer(200, 7);
    const reader = protobufjs.Reader.create(writer.finish());
    assert.equal(reader.uint32(), (1 << 3) | 2);
    assert.equal(reader.string(), 'grüße');
    assert.equal(reader.uint32(), (2 << 3) | 0);
    assert.equal(reader.bool(), true);
    assert.equal(reader.uint32(), (3 << 3) | 1);
    assert.equal(reader.double(), 1.5);
    assert.equal(reader.uint32(), (4 << 3) | 2);
    assert.deepEqual([...reader.bytes()], [1, 2]);
    assert.equal(reader.uint32(), (200 << 3) | 0);
    assert.equal(reader.uint32(), 7);
    assert.equal(reader.pos, reader.len);
  });

  it('nests messages of any length', () => {
    for (const size of [0, 1, 127, 128, 20_000]) {
      const text = 'x'.repeat(size);
      const bytes = new ProtobufWriter(8)
        .message(1, (outer) => outer.message(2, (inner) => inner.string(3, text)).integer(4, 5))
        .integer(6, 7)
        .finish();
      const reader = protobufjs.Reader.create(bytes);
      assert.equal(reader.uint32() >>> 3, 1);
      const outer = protobufjs.Reader.create(reader.bytes());
      assert.equal(outer.uint32() >>> 3, 2);
      const inner = protobufjs.Reader.create(outer.bytes());
      assert.equal(inner.uint32() >>> 3, 3);
      assert.equal(inner.string(), text);
      assert.equal(outer.uint32() >>> 3, 4);
      assert.equal(outer.uint32(), 5);
      assert.equal(reader.uint32() >>> 3, 6);
      assert.equal(reader.uint32(), 7);
    }
  });

  it('puts raw bytes where they are asked for', () => {
    const bytes = new ProtobufWriter().raw(Buffer.from('k8s\0')).string(1, 'a').finish();
    assert.equal(bytes.toString('latin1'), 'k8s\0\x0a\x01a');
  });
});
