import assert from 'node:assert/strict';
import { FrameReader } from './frame-reader.ts';
import { type Frame, FrameWriter } from './frames.ts';
import type { Headers } from './header-block.ts';

/** All that `echo hi | kubectl exec -i p -- cat` of kubectl 1.20.2 sent after the upgrade. */
const KUBECTL = Buffer.from(
  '80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff' +
    '800300010000001700000003000000000000c22e555c92929907000000ffff' +
    '800300010000001900000005000000000000c22ac5565c92925f5a02000000ffff' +
    '800300010000001500000007000000000000c229975a5404000000ffff' +
    '000000030000000368690a0000000301000000' +
    '80030003000000080000000100000005' +
    '80030003000000080000000500000005' +
    '80030003000000080000000700000005' +
    '80030007000000080000000000000000',
  'hex',
);

const syn = (streamId: number, type: string): Frame => ({
  type: 'SYN_STREAM',
  streamId,
  associatedTo: 0,
  priority: 0,
  headers: new Map([['streamtype', [type]]]),
  fin: false,
  unidirectional: false,
});
const KUBECTL_FRAMES: Frame[] = [
  syn(1, 'error'),
  syn(3, 'stdin'),
  syn(5, 'stdout'),
  syn(7, 'stderr'),
  { type: 'DATA', streamId: 3, data: Buffer.from('hi\n'), fin: false },
  { type: 'DATA', streamId: 3, data: Buffer.alloc(0), fin: true },
  { type: 'RST_STREAM', streamId: 1, status: 5 },
  { type: 'RST_STREAM', streamId: 5, status: 5 },
  { type: 'RST_STREAM', streamId: 7, status: 5 },
  { type: 'GOAWAY', lastStreamId: 0, status: 0 },
];

function readAll(chunks: Iterable<Buffer>): Frame[] {
  const reader = new FrameReader();
  return [...chunks].flatMap((chunk) => [...reader.read(chunk)]);
}

/** Pieces of a data frame put together again. */
function joined(frames: Frame[]): Frame[] {
  const whole: Frame[] = [];
  for (const frame of frames) {
    const last = whole.at(-1);
    if (frame.type === 'DATA' && last?.type === 'DATA' && last.streamId === frame.streamId && frame.data.length > 0) {
      whole[whole.length - 1] = { ...frame, data: Buffer.concat([last.data, frame.data]) };
    } else whole.push(frame);
  }
  return whole;
}

function* split(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('the frames of SPDY', () => {
  it('of a real kubectl are read', () => assert.deepEqual(readAll([KUBECTL]), KUBECTL_FRAMES));

  for (const size of [1, 3, 7, 8, 9, 64]) {
    it(`are read however they are split, as here after ${size} bytes`, () =>
      assert.deepEqual(joined(readAll(split(KUBECTL, size))), KUBECTL_FRAMES));
  }

  const headers: Headers = new Map([['streamtype', ['stdin']]]);
  for (const [frame, hex] of [
    [{ type: 'RST_STREAM', streamId: 5, status: 3 }, '80030003000000080000000500000003'],
    [
      { type: 'SETTINGS', settings: [{ id: 7, flags: 1, value: 0x1_0000 }] },
      '800300040000000c000000010100000700010000',
    ],
    [{ type: 'PING', id: 0xffff_ffff }, '8003000600000004ffffffff'],
    [{ type: 'GOAWAY', lastStreamId: 7, status: 1 }, '80030007000000080000000700000001'],
    [{ type: 'WINDOW_UPDATE', streamId: 3, delta: 0x8000 }, '80030009000000080000000300008000'],
    [{ type: 'DATA', streamId: 3, data: Buffer.from('hi'), fin: true }, '00000003010000026869'],
    [{ type: 'SYN_REPLY', streamId: 1, headers: new Map(), fin: false }, undefined],
    [{ type: 'HEADERS', streamId: 1, headers, fin: true }, undefined],
    [{ ...syn(9, 'stdin'), priority: 3, associatedTo: 7, fin: true, unidirectional: true } as Frame, undefined],
  ] as [Frame, string | undefined][]) {
    it(`are written and read: ${frame.type}`, () => {
      const bytes = new FrameWriter().write(frame);
      if (hex !== undefined) assert.equal(bytes.toString('hex'), hex);
      assert.deepEqual(readAll([bytes]), [frame]);
    });
  }

  it('of unknown types are passed over', () => {
    const credential = Buffer.from('8003000a00000002abcd', 'hex');
    assert.deepEqual(readAll([credential, KUBECTL]), KUBECTL_FRAMES);
  });

  it('with much data come in pieces, the end with the last', () => {
    const reader = new FrameReader();
    const first = [...reader.read(Buffer.from('000000030100000561', 'hex'))];
    assert.deepEqual(first, [{ type: 'DATA', streamId: 3, data: Buffer.from('a'), fin: false }]);
    const rest = [...reader.read(Buffer.from('62636465', 'hex'))];
    assert.deepEqual(rest, [{ type: 'DATA', streamId: 3, data: Buffer.from('bcde'), fin: true }]);
  });

  for (const [title, hex, message] of [
    ['of another version', '8002000600000004', /version 2/],
    ['of which too much would have to be held', '8003000400004001', /16385 bytes is too large/],
    ['of data of no stream', '0000000000000001', /no stream/],
    ['that are too short', '800300060000000300000', /PING has 3 bytes instead of 4/],
    ['that are too long', '800300030000000c000000010000000500000000', /RST_STREAM has 12 bytes/],
    ['of settings that are not there', '8003000400000004ffffffff', /SETTINGS has 4 bytes/],
    ['of streams without a header block', '80030001000000040000000', /SYN_STREAM is too short/],
  ] as const) {
    it(`are refused ${title}`, () =>
      assert.throws(() => readAll([Buffer.from(hex.padEnd(40, '0'), 'hex')]), { name: 'SpdyError', message }));
  }

  it('are told even where what follows them is refused', () => {
    const seen: Frame[] = [];
    assert.throws(() => {
      const bytes = Buffer.concat([new FrameWriter().write({ type: 'PING', id: 1 }), Buffer.alloc(8)]);
      for (const frame of new FrameReader().read(bytes)) seen.push(frame);
    }, /no stream/);
    assert.deepEqual(seen, [{ type: 'PING', id: 1 }]);
  });
});
