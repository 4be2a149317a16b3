import assert from 'node:assert/strict';
import { type Holder, InFlight, isLongRunning } from './in-flight.ts';
import type { UserInfo } from './request.ts';
import { requestInfo } from './request-info.ts';

const infoOf = (method: string, url: string) => {
  const [path = '', query = ''] = url.split('?');
  return requestInfo(method, path, new URLSearchParams(query));
};
const GET = infoOf('GET', '/api/v1/pods');
const POST = infoOf('POST', '/api/v1/namespaces/a/pods');
const JANE: UserInfo = { name: 'jane', groups: ['system:authenticated'] };
const MASTER: UserInfo = { name: 'root', groups: ['system:masters'] };

/** Somebody in flight, whose client has not read for so long. */
const holder = (blockedSince?: number) => ({
  blockedSince,
  aborted: false,
  abort() {
    this.aborted = true;
  },
});

describe('isLongRunning', () => {
  const cases: [string, string, boolean][] = [
    ['GET', '/api/v1/pods?watch=1', true],
    ['GET', '/api/v1/watch/pods', true],
    ['GET', '/api/v1/namespaces/a/pods/b/log', true],
    ['POST', '/api/v1/namespaces/a/pods/b/exec', true],
    ['GET', '/api/v1/namespaces/a/pods/b/attach', true],
    ['POST', '/api/v1/namespaces/a/pods/b/portforward', true],
    ['GET', '/api/v1/namespaces/a/services/b/proxy/c', true],
    ['GET', '/api/v1/pods', false],
    ['PUT', '/api/v1/namespaces/a/pods/b/status', false],
    ['GET', '/openapi/v2', false],
  ];
  for (const [method, url, expected] of cases) {
    it(`${expected ? 'takes' : 'leaves'} ${method} ${url}`, () =>
      assert.equal(isLongRunning(infoOf(method, url)), expected));
  }
});

describe('InFlight', () => {
  let now = 0;
  const limited = (readOnly: number, mutating: number) => new InFlight({ readOnly, mutating }, () => now);
  beforeEach(() => {
    now = 100_000;
  });

  it('refuses what is too much, and counts readers and writers apart', () => {
    const inFlight = limited(2, 1);
    const first = inFlight.enter(GET, JANE, holder());
    assert.ok(first && inFlight.enter(GET, JANE, holder()));
    assert.equal(inFlight.enter(GET, JANE, holder()), undefined);
    assert.ok(inFlight.enter(POST, JANE, holder()));
    assert.equal(inFlight.enter(POST, JANE, holder()), undefined);
    first.leave();
    assert.ok(inFlight.enter(GET, JANE, holder()));
    assert.equal(inFlight.size, 3);
  });

  it('refuses neither masters nor who asks for health, nor anybody without a limit', () => {
    const inFlight = limited(1, 0);
    assert.ok(inFlight.enter(GET, JANE, holder()));
    assert.ok(inFlight.enter(GET, MASTER, holder()));
    assert.ok(inFlight.enter(infoOf('GET', '/readyz'), JANE, holder()));
    for (let i = 0; i < 1_000; i++) assert.ok(inFlight.enter(POST, JANE, holder()));
  });

  it('gives the place of the answer away that has waited longest for its reader', () => {
    const inFlight = limited(3, 1);
    const [busy, long, longer] = [holder(), holder(98_000), holder(97_000)];
    for (const one of [busy, long, longer]) inFlight.enter(GET, JANE, one);
    assert.ok(inFlight.enter(GET, JANE, holder(99_500)));
    assert.deepEqual(
      [busy, long, longer].map(({ aborted }) => aborted),
      [false, false, true],
    );
    assert.ok(inFlight.enter(GET, JANE, holder()));
    assert.equal(long.aborted, true);
    assert.equal(inFlight.enter(GET, JANE, holder()), undefined, 'half a second is not long');
  });

  it('breaks off what has been stuck for long, but for some, also where there is room', () => {
    const inFlight = limited(0, 0);
    const stuck = Array.from({ length: 100 }, (_, i) => holder(90_000 + i));
    now = 90_100;
    for (const one of stuck) inFlight.enter(GET, MASTER, one);
    assert.ok(stuck.every(({ aborted }) => !aborted));
    now = 95_100;
    const entered: Holder = holder();
    assert.ok(inFlight.enter(GET, JANE, entered));
    assert.deepEqual(
      stuck.map(({ aborted }) => aborted),
      stuck.map((_, i) => i < 36),
    );
  });
});
