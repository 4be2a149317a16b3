import assert from 'node:assert/strict';
import { Batched } from './batched.ts';

describe('Batched', () => {
  /** Questions in the order they were put, to be answered by hand. */
  function asked() {
    const questions: { resolve(answer: number): void; reject(error: Error): void }[] = [];
    const batched = new Batched(() => new Promise<number>((resolve, reject) => questions.push({ resolve, reject })));
    return { batched, questions };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('gives all who come while a question is under way the answer of the next one', async () => {
    const { batched, questions } = asked();
    const first = batched.ask();
    const later = [batched.ask(), batched.ask(), batched.ask()];
    assert.equal(questions.length, 1);
    questions[0]!.resolve(1);
    assert.equal(await first, 1);
    await settled();
    assert.equal(questions.length, 2);
    const last = batched.ask();
    questions[1]!.resolve(2);
    assert.deepEqual(await Promise.all(later), [2, 2, 2]);
    await settled();
    questions[2]!.resolve(3);
    assert.equal(await last, 3);
  });

  it('asks again after a failure, which only those are told who waited for it', async () => {
    const { batched, questions } = asked();
    const failing = batched.ask();
    const next = batched.ask();
    questions[0]!.reject(new Error('no answer'));
    await assert.rejects(failing, /no answer/);
    await settled();
    questions[1]!.resolve(2);
    assert.equal(await next, 2);
    await settled();
    const again = batched.ask();
    questions[2]!.resolve(3);
    assert.equal(await again, 3);
  });
});
