import assert from 'node:assert/strict';
import { NAMESPACE, refusedAs, WRITE, withRegistry } from '../registry/store/store.fixture.ts';
import { handle, pathTo, requestTo } from './verbs.fixture.ts';

const pod = (nodeName?: string) => ({
  metadata: { name: 'x', namespace: NAMESPACE },
  spec: { containers: [{ name: 'a', image: 'i' }], ...(nodeName ? { nodeName } : {}) },
});

describe('the log of a pod', () => {
  it(
    'is nothing as long as the pod has no node',
    withRegistry(async (fixture) => {
      await fixture.store('pods').create(NAMESPACE, pod(), WRITE);
      const result = await handle(fixture, requestTo('GET', pathTo('pods', 'x', 'log')));
      assert.deepEqual(result, { kind: 'raw', status: 204, contentType: '', body: '' });
    }),
  );

  const refused: [query: string, reason: string, message: RegExp][] = [
    ['tailLines=x', 'BadRequest', /^strconv\.ParseInt: parsing "x": invalid syntax$/],
    ['tailLines=-1', 'Invalid', /^PodLogOptions "x" is invalid: tailLines: .*must be greater than or equal to 0$/],
    ['limitBytes=0', 'Invalid', /limitBytes: Invalid value: 0: must be greater than 0$/],
    ['sinceSeconds=0', 'Invalid', /sinceSeconds: Invalid value: 0: must be greater than 0$/],
    ['sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 'Invalid', /at most one of/],
    ['', 'NotFound', /^pods "nowhere" not found$/],
  ];
  for (const [query, reason, message] of refused) {
    it(
      `is refused with ${query || 'a node that is not there'}`,
      withRegistry(async (fixture) => {
        await fixture.store('pods').create(NAMESPACE, pod('nowhere'), WRITE);
        const path = `${pathTo('pods', 'x', 'log')}?${query}`;
        await assert.rejects(handle(fixture, requestTo('GET', path)), refusedAs(reason, message));
      }),
    );
  }
});

describe('forwarding a port of a pod', () => {
  it(
    'is refused as long as the pod has no node, and without another protocol',
    withRegistry(async (fixture) => {
      const request = () => handle(fixture, requestTo('GET', `${pathTo('pods', 'x', 'portforward')}?ports=80`));
      await fixture.store('pods').create(NAMESPACE, pod(), WRITE);
      await assert.rejects(request(), refusedAs('BadRequest', /^pod x does not have a host assigned$/));
      await fixture.store('pods').delete(NAMESPACE, 'x', { gracePeriodSeconds: 0 }, WRITE);
      await fixture.store('pods').create(NAMESPACE, pod('nowhere'), WRITE);
      await assert.rejects(request(), refusedAs('BadRequest', /^Upgrade request required$/));
    }),
  );
});
