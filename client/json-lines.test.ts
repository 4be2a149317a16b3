import assert from 'node:assert/strict';
import { linesOf } from './json-lines.ts';

async function* chunks(...texts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const text of texts) {
    await Promise.resolve();
    yield Buffer.from(text);
  }
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe('linesOf', () => {
  const euro = Buffer.from('€');
  for (const { title, given, lines } of [
    { title: 'splits several lines of one chunk', given: ['a\nbc\n'], lines: ['a', 'bc'] },
    { title: 'joins a line that came in pieces', given: ['a', 'b', 'c\nd\n'], lines: ['abc', 'd'] },
    {
      title: 'keeps a character whole that was cut in two',
      given: [euro.subarray(0, 1), euro.subarray(1), '\n'],
      lines: ['€'],
    },
    { title: 'leaves out empty lines', given: ['\n\na\n\n'], lines: ['a'] },
    { title: 'gives what follows the last newline', given: ['a\nb'], lines: ['a', 'b'] },
  ]) {
    it(title, async () => assert.deepEqual(await collect(linesOf(chunks(...given))), lines));
  }

  it('refuses a line beyond the limit before it has all arrived', async () => {
    let taken = 0;
    async function* endless() {
      for (;;) {
        taken++;
        await Promise.resolve();
        yield Buffer.from('xxxxx');
      }
    }
    await assert.rejects(collect(linesOf(endless(), 12)), /longer than 12 bytes/);
    assert.equal(taken, 3);
  });

  it('refuses a long line that came in one chunk', async () => {
    await assert.rejects(collect(linesOf(chunks('abcdef\n'), 5)), /longer than 5 bytes/);
    assert.deepEqual(await collect(linesOf(chunks('abcde\n'), 5)), ['abcde']);
  });
});
