import assert from 'node:assert/strict';
import { constants, createDeflate, createInflate, deflateRawSync } from 'node:zlib';
import { DICTIONARY, DICTIONARY_ID } from './dictionary.ts';
import { HeaderDecoder, HeaderEncoder } from './header-block.ts';

/** What a stock zlib makes of blocks in one stream that is flushed after each, as Go's and Chrome's do. */
async function deflateEach(blocks: Buffer[], options: { dictionary?: Buffer }): Promise<Buffer[]> {
  const deflate = createDeflate(options);
  const packed: Buffer[] = [];
  for (const block of blocks) {
    deflate.write(block);
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    packed.push(deflate.read() as Buffer);
  }
  deflate.destroy();
  return packed;
}

function plain(headers: Record<string, string>): Buffer {
  const text = (value: string) => Buffer.concat([uint32(value.length), Buffer.from(value, 'latin1')]);
  const entries = Object.entries(headers).map(([name, value]) => Buffer.concat([text(name), text(value)]));
  return Buffer.concat([uint32(entries.length), ...entries]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function adler32(bytes: Buffer): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 0x1_0000 + a;
}

const packedRaw = (bytes: Buffer) => {
  const head = Buffer.from('78bbe3c6a7c2', 'hex');
  return Buffer.concat([head, deflateRawSync(bytes, { dictionary: DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH })]);
};

describe('the header blocks of SPDY', () => {
  it("use the protocol's dictionary", () => {
    assert.equal(DICTIONARY.length, 1423);
    assert.equal(adler32(DICTIONARY), DICTIONARY_ID);
  });

  for (const [title, dictionary] of [
    ['with the dictionary', DICTIONARY],
    ['without one', undefined],
  ] as const) {
    it(`are read from a stream of a stock zlib ${title}`, async () => {
      const sent = Array.from({ length: 300 }, (_, i) => ({
        streamtype: i % 2 ? 'stdin' : 'stdout',
        noise: Buffer.from(String(i ** 5))
          .toString('base64')
          .repeat(20),
      }));
      const packed = await deflateEach(sent.map(plain), dictionary ? { dictionary } : {});
      const decoder = new HeaderDecoder();
      for (const [i, bytes] of packed.entries()) {
        assert.deepEqual(decoder.decode(bytes), new Map(Object.entries(sent[i] ?? {}).map(([n, v]) => [n, [v]])));
      }
    });
  }

  it('come back as they went, however many', () => {
    const [encoder, decoder] = [new HeaderEncoder(), new HeaderDecoder()];
    for (let i = 0; i < 200; i++) {
      const headers = new Map([
        ['streamtype', ['error']],
        ['several', ['a', 'b', `${i}`.repeat(i * 3)]],
      ]);
      assert.deepEqual(decoder.decode(encoder.encode(headers)), headers);
    }
  });

  it('are read by a stock zlib', async () => {
    const encoder = new HeaderEncoder();
    const inflate = createInflate({ dictionary: DICTIONARY });
    for (const value of ['one', 'two', 'one']) {
      const bytes = encoder.encode(new Map([['streamtype', [value]]]));
      inflate.write(bytes);
      await new Promise<void>((resolve) => inflate.flush(constants.Z_SYNC_FLUSH, resolve));
      assert.deepEqual(inflate.read(), plain({ streamtype: value }));
    }
    inflate.destroy();
  });

  for (const [title, bytes, message] of [
    ['nothing', Buffer.alloc(0), /too short/],
    ['what is not of zlib', Buffer.from('ffff00000000', 'hex'), /not of zlib/],
    ["somebody else's dictionary", Buffer.from('78bb00000001', 'hex'), /another dictionary/],
    ['garbage', Buffer.from('78bbe3c6a7c2ffffffff', 'hex'), /cannot be inflated/],
    ['a block that inflates beyond all bounds', packedRaw(Buffer.alloc(1_000_000)), /cannot be inflated/],
    ['a block that is cut off', packedRaw(plain({ streamtype: 'stdin' }).subarray(0, -2)), /too short/],
    ['a count of headers that are not there', packedRaw(uint32(0xffff_ffff)), /too short/],
    ['bytes too many', packedRaw(Buffer.concat([plain({ a: 'b' }), Buffer.from('x')])), /too long/],
    ['capitals in a name', packedRaw(plain({ streamType: 'stdin' })), /lower case/],
  ] as const) {
    it(`refuse ${title}`, () => assert.throws(() => new HeaderDecoder().decode(bytes), { name: 'SpdyError', message }));
  }

  it('refuse a name that comes twice', () => {
    const twice = Buffer.concat([uint32(2), plain({ a: 'b' }).subarray(4), plain({ a: 'c' }).subarray(4)]);
    assert.throws(() => new HeaderDecoder().decode(packedRaw(twice)), /header a comes twice/);
  });
});
