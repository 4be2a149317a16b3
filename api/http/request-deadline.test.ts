import assert from 'node:assert/strict';
import { FakeClock } from '../../base/fake-clock.ts';
import { isStatus } from '../../openapi/status.ts';
import { Ending } from './ending.ts';
import { RequestDeadline } from './request-deadline.ts';
import type { WireResponse } from './wire-response.ts';

function begin() {
  const clock = new FakeClock();
  const ended = new Ending();
  const response = {
    started: false,
    aborted: false,
    abort() {
      this.aborted = true;
    },
  };
  const deadline = new RequestDeadline(clock, 60_000, response as unknown as WireResponse, ended);
  return { clock, ended, response, deadline };
}

describe('RequestDeadline', () => {
  it('refuses with 504, without a time to come back, what has not been answered', async () => {
    const { clock, deadline, response } = begin();
    const refused = assert.rejects(deadline.within(new Promise(() => undefined)), (error) => {
      assert.ok(isStatus(error, 'Timeout'));
      assert.equal(error.status.message, 'Timeout: request did not complete within the allotted timeout');
      assert.equal(error.status.details?.retryAfterSeconds, undefined);
      return true;
    });
    await clock.advance(60_000);
    await refused;
    assert.equal(response.aborted, false);
  });

  it('breaks an answer off that nobody reads', async () => {
    const { clock, deadline, response } = begin();
    assert.equal(await deadline.within(Promise.resolve(1)), 1);
    response.started = true;
    await clock.advance(59_999);
    assert.equal(response.aborted, false);
    await clock.advance(1);
    assert.equal(response.aborted, true);
  });

  it('leaves no timer when it is lifted, or the client has everything', () => {
    const lifted = begin();
    lifted.deadline.lift();
    assert.equal(lifted.clock.timers, 0);
    const ended = begin();
    ended.ended.end('all is read');
    assert.equal(ended.clock.timers, 0);
  });
});
