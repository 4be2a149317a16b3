import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { FakeClock } from '../../base/fake-clock.ts';
import { isStatus } from '../../openapi/status.ts';
import { BodyMemory, readBody } from './body.ts';
import { Ending } from './ending.ts';

/** A request whose body a test writes. */
function incoming(): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers: {} }) as unknown as PassThrough & IncomingMessage;
}

describe('readBody', () => {
  const read = (request: IncomingMessage, memory = new BodyMemory()) =>
    readBody(request, new FakeClock(), new Ending(), memory);

  for (const sizes of [
    [],
    [1],
    [1, 1, 1],
    [5_000],
    [1, 5_000, 1, 1],
    [...Array<number>(10_000).fill(1)],
    [3_000, 3_000],
  ]) {
    it(`joins pieces of ${sizes.length > 5 ? `1 × ${sizes.length}` : JSON.stringify(sizes)} bytes in their order`, async () => {
      const request = incoming();
      const memory = new BodyMemory();
      const body = read(request, memory);
      let next = 0;
      const chunks = sizes.map((size) => Buffer.from(Array.from({ length: size }, () => next++ % 251)));
      for (const chunk of chunks) request.write(chunk);
      request.end();
      assert.deepEqual(await body, Buffer.concat(chunks));
      assert.equal(memory.bytes, 0);
    });
  }

  it('lets the body go that was begun first when all are too much, and takes the others', async () => {
    const memory = new BodyMemory(1_000);
    const [slow, quick] = [incoming(), incoming()];
    const refused = assert.rejects(read(slow, memory), (error) => isStatus(error, 'TooManyRequests'));
    const body = read(quick, memory);
    slow.write(Buffer.alloc(600));
    quick.write(Buffer.alloc(300));
    quick.end(Buffer.alloc(300));
    assert.equal((await body).length, 600);
    await refused;
    assert.equal(memory.bytes, 0);
  });
});
