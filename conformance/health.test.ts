/** /version and the health endpoints. */
import assert from 'node:assert/strict';
import { behaves, behaviour, fetchApi, suite, targetAs } from './harness.ts';

suite('version and health', () => {
  behaviour('server version should find the server version', async () => {
    const answer = await fetchApi('GET', '/version');
    assert.equal(answer.status, 200);
    const version = answer.json<Record<string, string>>();
    assert.match(version.gitVersion ?? '', /^v\d+\.\d+\.\d+/);
    for (const field of [
      'major',
      'minor',
      'gitCommit',
      'gitTreeState',
      'buildDate',
      'goVersion',
      'compiler',
      'platform',
    ]) {
      assert.equal(typeof version[field], 'string', field);
    }
  });

  behaves('/version names 1.x', { since: 21 }, async () => {
    const { major, minor } = (await fetchApi('GET', '/version')).json<Record<string, string>>();
    assert.equal(major, '1');
    assert.match(minor ?? '', /^\d+\+?$/);
  });

  for (const endpoint of ['/healthz', '/livez', '/readyz']) {
    behaves(`${endpoint} says ok`, async () => {
      const answer = await fetchApi('GET', endpoint);
      assert.equal(answer.status, 200);
      assert.equal(answer.text, 'ok');
      assert.match(String(answer.headers['content-type']), /^text\/plain/);
    });

    behaves(`${endpoint}?verbose lists the checks`, async () => {
      const answer = await fetchApi('GET', `${endpoint}?verbose`);
      assert.equal(answer.status, 200);
      const lines = answer.text.trimEnd().split('\n');
      assert.equal(lines.pop(), `${endpoint.slice(1)} check passed`);
      assert.ok(lines.includes('[+]ping ok'), answer.text);
      for (const line of lines) assert.match(line, /^\[\+\]\S+ (ok|excluded: ok)$/);
    });

    behaves(`${endpoint}/ping is a check of its own, and can be excluded`, async () => {
      assert.equal((await fetchApi('GET', `${endpoint}/ping`)).text, 'ok');
      const excluded = await fetchApi('GET', `${endpoint}?verbose&exclude=ping`);
      assert.match(excluded.text, /^\[\+\]ping excluded: ok$/m);
    });
  }

  behaves('health needs no identity', async () => {
    for (const endpoint of ['/healthz', '/livez', '/readyz', '/version']) {
      const anonymous = targetAs({});
      const answer = await anonymous.fetch('GET', endpoint);
      anonymous.close();
      assert.equal(answer.status, 200, endpoint);
    }
  });
});
