import assert from 'node:assert/strict';
import { Turns } from './turns.ts';

describe('Turns', () => {
  const tick = () => new Promise((resolve) => setImmediate(resolve));

  it('lets the work on one key follow each other in order, however it ends, and that on others go on', async () => {
    const turns = new Turns();
    const done: string[] = [];
    const work =
      (name: string, ticks: number, fails = false) =>
      async () => {
        done.push(`${name} begins`);
        for (let i = 0; i < ticks; i++) await tick();
        done.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const all = await Promise.allSettled([
      turns.take('x', work('first', 3)),
      turns.take('x', work('second', 2, true)),
      turns.take('x', work('third', 1)),
      turns.take('y', work('other', 1)),
    ]);
    assert.deepEqual(
      all.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason))),
      ['first', 'Error: second', 'third', 'other'],
    );
    const ofX = done.filter((step) => !step.startsWith('other'));
    assert.deepEqual(ofX, ['first begins', 'first ends', 'second begins', 'second ends', 'third begins', 'third ends']);
    assert.ok(done.indexOf('other ends') < done.indexOf('first ends'));
    assert.equal(turns.size, 0, 'nothing is remembered');
  });

  it('hands on what is thrown before there is a promise', async () => {
    const turns = new Turns();
    const thrown = turns.take('x', () => {
      throw new Error('at once');
    });
    await assert.rejects(thrown, /at once/);
    assert.equal(await turns.take('x', async () => 'next'), 'next');
    assert.equal(turns.size, 0);
  });
});
