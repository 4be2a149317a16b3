/** What the slices say after much has gone wrong: exactly the pods that are there, each once. */
import assert from 'node:assert/strict';
import { seededRandom } from '../../base/random.ts';
import { ENDPOINT_SLICES, NODES, PODS, SERVICES } from '../../client/resources.ts';
import type { V1EndpointSlice, V1Node, V1Service } from '../../openapi/generated/types.ts';
import { conflict, internalError, OBJECT_MODIFIED, tooManyRequests } from '../../openapi/status.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';

const MAX = 4;
const ROUNDS = 150;

for (const seed of [1, 2, 3]) {
  describe(`endpoint slices under churn ${seed}`, () => {
    const random = seededRandom(seed);
    const chance = (share: number) => random.next() < share;
    let cluster: FakeCluster;
    let faults = true;
    beforeEach(() => {
      cluster = new FakeCluster();
      faults = true;
      cluster.api.create<V1Node>(NODES, undefined, { metadata: { name: 'n1' } });
      cluster.api.create<V1Service>(SERVICES, 'default', {
        metadata: { name: 'web' },
        spec: { clusterIP: '10.96.0.1', ipFamilies: ['IPv4'], selector: { app: 'web' }, ports: [{ port: 80 }] },
      });
      const call = cluster.api.call.bind(cluster.api);
      cluster.api.call = async (request) => {
        const isSlice = request.method !== 'GET' && request.path.includes('/endpointslices');
        if (isSlice && faults && chance(0.3)) throw fault();
        // The server counts changes of a slice's content; the fake only those of a spec.
        const slice = request.body as V1EndpointSlice;
        const body =
          request.method === 'PUT' && isSlice ? { ...slice, spec: JSON.stringify(slice.endpoints) } : request.body;
        const answer = await call(body === undefined ? request : { ...request, body });
        // Written, but nobody hears of it.
        if (isSlice && faults && chance(0.1)) throw internalError('the answer is lost');
        return answer;
      };
    });
    afterEach(() => cluster.stop());

    function fault(): Error {
      if (chance(0.4)) return conflict(ENDPOINT_SLICES, 'some', OBJECT_MODIFIED);
      return chance(0.5) ? tooManyRequests('too many requests', 1) : internalError('the store is gone');
    }

    const listed = () =>
      cluster.api
        .all<V1EndpointSlice>(ENDPOINT_SLICES, 'default')
        .flatMap(({ endpoints }) =>
          endpoints!.map(({ addresses, conditions }) => `${addresses[0]} ${conditions!.ready}`),
        )
        .sort();

    it('are right in the end', async () => {
      await cluster.start(['endpointslice'], { endpointSlice: { maxEndpointsPerSlice: MAX } });
      const pods = new Map<string, { ip: string; ready: boolean }>();
      let next = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const names = [...pods.keys()];
        const name = names[Math.floor(random.next() * names.length)];
        if (name === undefined || chance(0.5)) {
          const fresh = `p${next}`;
          const ip = `10.0.${next >> 7}.${next & 127}`;
          next++;
          cluster.api.create(PODS, 'default', { metadata: { name: fresh, labels: { app: 'web' } } });
          pods.set(fresh, { ip, ready: chance(0.7) });
          cluster.run(fresh, pods.get(fresh));
        } else if (chance(0.45)) {
          cluster.api.remove(PODS, name, 'default');
          pods.delete(name);
        } else {
          const pod = { ip: pods.get(name)?.ip ?? '', ready: chance(0.5) };
          pods.set(name, pod);
          cluster.run(name, pod);
        }
        if (chance(0.05)) cluster.api.dropWatches();
        if (chance(0.3)) await cluster.clock.advance(Math.floor(random.next() * 2000));
      }
      faults = false;
      await cluster.clock.advance(200_000);
      assert.deepEqual(listed(), [...pods.values()].map(({ ip, ready }) => `${ip} ${ready}`).sort());
      const slices = cluster.api.all<V1EndpointSlice>(ENDPOINT_SLICES, 'default');
      for (const { endpoints } of slices) assert.ok(endpoints!.length <= MAX);
      const before = cluster.api.writes.length;
      await cluster.clock.advance(200_000);
      assert.equal(cluster.api.writes.length, before, 'and nothing is written any more');
    });
  });
}
