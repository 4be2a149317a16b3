import assert from 'node:assert/strict';
import { type HealthCheck, health, isHealthPath } from './health.ts';

const fine: HealthCheck = { name: 'ping', check: async () => undefined };
const broken: HealthCheck = {
  name: 'etcd',
  check: async () => {
    throw new Error('no disk');
  },
};

const ask = async (path: string, query: string, checks: HealthCheck[]) => {
  const result = await health(path, new URLSearchParams(query), checks);
  assert.equal(result.kind, 'raw');
  return result.kind === 'raw' ? `${result.status} ${result.body}` : '';
};

describe('health', () => {
  const cases: { path: string; query?: string; checks: HealthCheck[]; expected: string }[] = [
    { path: '/healthz', checks: [fine], expected: '200 ok' },
    { path: '/livez', query: 'verbose', checks: [fine], expected: '200 [+]ping ok\nlivez check passed\n' },
    {
      path: '/readyz',
      checks: [fine, broken],
      expected: '500 [+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n',
    },
    { path: '/readyz', query: 'exclude=etcd', checks: [fine, broken], expected: '200 ok' },
    {
      path: '/readyz',
      query: 'exclude=etcd&verbose',
      checks: [fine, broken],
      expected: '200 [+]ping ok\n[+]etcd excluded: ok\nreadyz check passed\n',
    },
    { path: '/readyz/ping', checks: [fine, broken], expected: '200 ok' },
    { path: '/readyz/etcd', checks: [fine, broken], expected: '500 internal server error: no disk\n' },
  ];
  for (const { path, query = '', checks, expected } of cases) {
    it(`answers ${path}${query && `?${query}`} with ${JSON.stringify(expected)}`, async () => {
      assert.equal(await ask(path, query, checks), expected);
    });
  }

  it('knows no other check', async () => {
    assert.equal(await ask('/readyz/none', '', [fine]), '404 404 page not found\n');
  });
});

describe('isHealthPath', () => {
  for (const [path, expected] of [
    ['/healthz', true],
    ['/livez/ping', true],
    ['/readyz', true],
    ['/healthzz', false],
    ['/api/healthz', false],
    ['/', false],
  ] as const) {
    it(`${expected ? 'takes' : 'leaves'} ${path}`, () => assert.equal(isHealthPath(path), expected));
  }
});
