import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { copyOutput } from './streams.ts';

function frame(stream: number, content: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(Buffer.byteLength(content), 4);
  return Buffer.concat([header, Buffer.from(content)]);
}

const never = new AbortController().signal;

async function copied(chunks: Buffer[], raw = false): Promise<{ stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const read = Promise.all([text(stdout), text(stderr)]);
  await copyOutput(Readable.from(chunks), raw, stdout, stderr, never);
  stdout.end();
  stderr.end();
  const [out, err] = await read;
  return { stdout: out, stderr: err };
}

describe('Copying a container’s output', () => {
  const stream = Buffer.concat([frame(1, 'one\n'), frame(2, 'zwei ü\n'), frame(1, ''), frame(1, 'three\n')]);
  for (const size of [1, 2, 7, 8, 9, 13, stream.length]) {
    it(`tells stdout from stderr when it comes ${size} bytes at a time`, async () => {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      assert.deepEqual(await copied(chunks), { stdout: 'one\nthree\n', stderr: 'zwei ü\n' });
    });
  }

  it('passes a terminal’s output on as it is', async () => {
    assert.deepEqual(await copied([Buffer.from('plain')], true), { stdout: 'plain', stderr: '' });
  });

  it('ends when it is told to, and closes the source', async () => {
    const source = new PassThrough();
    const stop = new AbortController();
    const copying = copyOutput(source, true, new PassThrough(), undefined, stop.signal);
    stop.abort();
    await copying;
    assert.equal(source.destroyed, true);
  });

  it('ends when it is told to while the reader is slow', async () => {
    const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
    const source = new PassThrough();
    const stop = new AbortController();
    const copying = copyOutput(source, true, stuck, undefined, stop.signal);
    source.write('more than one byte');
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await copying;
    assert.equal(source.destroyed, true);
  });

  it('ends when the reader has gone', async () => {
    const source = new PassThrough();
    const sink = new PassThrough();
    const copying = copyOutput(source, true, sink, undefined, never);
    sink.destroy();
    await copying;
    assert.equal(source.destroyed, true);
  });

  it('reports a source that fails', async () => {
    const source = new PassThrough();
    const copying = assert.rejects(copyOutput(source, true, new PassThrough(), undefined, never), /cable cut/);
    source.destroy(new Error('cable cut'));
    await copying;
  });
});
