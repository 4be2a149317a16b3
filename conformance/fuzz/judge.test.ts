import assert from 'node:assert/strict';
import { type FuzzRequest, generate, tame, type Universe } from './generate.ts';
import { judge } from './judge.ts';

const request = (path: string, method = 'GET'): FuzzRequest => ({ method, path, headers: {}, watch: false });
const answer = (status: number, body: unknown, contentType = 'application/json') => ({
  status,
  contentType,
  text: typeof body === 'string' ? body : JSON.stringify(body),
});
const failure = (code: number) => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'because', code });
const PATH = '/api/v1/namespaces/x/pods';

describe('the judge of fuzzing', () => {
  it('lets proper answers pass', () => {
    assert.equal(judge(request(PATH), answer(200, { kind: 'PodList' })), undefined);
    assert.equal(judge(request(PATH), answer(404, failure(404))), undefined);
    assert.equal(judge(request(PATH), answer(404, 'kind: Status\ncode: 404\n', 'application/yaml')), undefined);
    assert.equal(judge(request(`${PATH}?resourceVersion=999999`), answer(504, failure(504))), undefined);
    assert.equal(judge(request(`${PATH}/x/log`), answer(502, failure(502))), undefined);
  });

  it('catches a 5xx, an error without Status, another code, no message, broken JSON', () => {
    assert.match(judge(request(PATH), answer(500, failure(500))) ?? '', /status 500/);
    assert.match(judge(request(PATH), answer(504, failure(504))) ?? '', /status 504/);
    assert.match(judge(request(`${PATH}/x/log`), answer(500, failure(500))) ?? '', /status 500/);
    assert.match(judge(request(PATH), answer(404, 'not found')) ?? '', /no JSON/);
    assert.match(judge(request(PATH), answer(404, { error: 'x' })) ?? '', /no Status/);
    assert.match(judge(request(PATH), answer(404, failure(400))) ?? '', /code 400/);
    assert.match(judge(request(PATH), answer(404, { ...failure(404), message: '' })) ?? '', /without a message/);
    assert.match(judge(request(PATH), answer(200, '{"half":')) ?? '', /no JSON/);
    assert.match(judge(request(PATH, 'HEAD'), answer(404, 'x')) ?? '', /body on HEAD/);
  });
});

describe('the generator of fuzzing', () => {
  const universe: Universe = {
    playground: 'play',
    sanctuary: 'safe',
    sentinels: [{ resource: 'configmaps', name: 'sentinel', collection: '/api/v1/namespaces/safe/configmaps' }],
  };

  it('gives the same request for the same seed and index', () => {
    for (let i = 0; i < 200; i++) assert.deepEqual(generate(7, i, universe), generate(7, i, universe));
  });

  it('gives other requests for another seed', () => {
    const run = (seed: number) => Array.from({ length: 50 }, (_, i) => JSON.stringify(generate(seed, i, universe)));
    assert.notDeepEqual(run(1), run(2));
    assert.ok(new Set(run(1)).size > 40);
  });

  it('reaches every method, kind and patch type', () => {
    const requests = Array.from({ length: 5000 }, (_, i) => generate(3, i, universe));
    const methods = new Set(requests.map(({ method }) => method));
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])
      assert.ok(methods.has(method), method);
    const types = new Set(requests.map(({ headers }) => headers['content-type']));
    for (const type of ['application/json', 'application/json-patch+json', 'application/strategic-merge-patch+json']) {
      assert.ok(types.has(type), type);
    }
    for (const resource of ['pods', 'nodes', 'leases', 'replicationcontrollers']) {
      assert.ok(
        requests.some(({ path }) => path.includes(`/${resource}`)),
        resource,
      );
    }
  });

  it('writes nowhere but in the playground, at sentinels in vain, and to what it may create', () => {
    for (let i = 0; i < 20_000; i++) {
      const { method, path } = generate(11, i, universe);
      if (['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method)) continue;
      assert.match(
        path,
        /\/namespaces\/play\/|\/namespaces\/safe\/configmaps|\/(namespaces|nodes)\/fz-|^\/api\/v1\/(namespaces|nodes)\/?(\?|$)/,
      );
    }
    assert.equal(tame(request('/api/v1/nodes', 'DELETE'), universe).method, 'GET');
    assert.equal(tame(request('/api/v1/namespaces/default', 'DELETE'), universe).method, 'GET');
    assert.equal(tame(request(`${PATH}?watch=true`), universe).watch, true);
  });
});
