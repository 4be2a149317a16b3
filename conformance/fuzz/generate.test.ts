import assert from 'node:assert/strict';
import { generate } from './generate.ts';
import { type FuzzRequest, fuzzNames, type Universe } from './request.ts';
import { promisedSurfaces } from './surface.ts';
import { tame } from './tame.ts';

const PATH = '/api/v1/namespaces/x/pods';
const request = (path: string, method = 'GET'): FuzzRequest => ({ method, path, headers: {}, watch: false });

describe('the generator of fuzzing', () => {
  const universe: Universe = {
    surfaces: promisedSurfaces(),
    playground: 'play',
    sanctuary: 'safe',
    sentinels: [{ resource: 'configmaps', name: 'sentinel', collection: '/api/v1/namespaces/safe/configmaps' }],
  };

  /** An object outside of namespaces that the fuzzer made, something of it, or where it may be made. */
  const isOurs = (path: string) =>
    universe.surfaces.some(({ namespaced, root, resource, model }) => {
      const collection = `${root}/${resource}`;
      if (namespaced || !path.startsWith(collection)) return false;
      const [name = ''] = path.slice(collection.length + 1).split('/');
      return name === '' || fuzzNames.some((each) => model.nameFor(each) === name);
    });

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
      const [bare = ''] = path.split('?');
      assert.ok(/\/namespaces\/(play\/|safe\/configmaps)/.test(path) || isOurs(bare) || !bare.startsWith('/api'), path);
    }
    assert.equal(tame(request('/api/v1/nodes', 'DELETE'), universe).method, 'GET');
    assert.equal(tame(request('/api/v1/namespaces/default', 'DELETE'), universe).method, 'GET');
    assert.equal(tame(request(`${PATH}?watch=true`), universe).watch, true);
  });
});
