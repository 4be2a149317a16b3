import assert from 'node:assert/strict';
import { STATEFUL_SETS } from '../../client/resources.ts';
import type { V1StatefulSet } from '../../openapi/generated/types.ts';
import { Chaos } from '../runtime/chaos.ts';
import { statefulSet } from './testing.ts';

const SEEDS = [1, 2, 3, 4, 5];
const STEPS = 120;

describe('stateful sets among faults', () => {
  for (const seed of SEEDS) {
    for (const podManagementPolicy of ['OrderedReady', 'Parallel']) {
      it(`${podManagementPolicy}, ${seed}: every set ends as declared, whatever was lost on the way`, async () => {
        const chaos = new Chaos(seed, ['statefulset']);
        const { cluster, random } = chaos;
        const volumeClaimTemplates = [{ metadata: { name: 'data' } }];
        cluster.api.create(STATEFUL_SETS, 'default', statefulSet(3, { podManagementPolicy, volumeClaimTemplates }));
        const set = () => cluster.api.peek<V1StatefulSet>(STATEFUL_SETS, 'web', 'default')!;
        const change = (edit: (spec: NonNullable<V1StatefulSet['spec']>) => object) =>
          cluster.api.change<V1StatefulSet>(STATEFUL_SETS, 'web', 'default', (old) => ({
            ...old,
            spec: { ...old.spec!, ...edit(old.spec!) },
          }));
        let image = 'i:1';
        await chaos.run(STEPS, [
          () => change(() => ({ replicas: Math.floor(random.next() * 6) })),
          () => {
            image = `i:${Math.floor(random.next() * 4)}`;
            change(({ template }) => ({ template: { ...template, spec: { containers: [{ name: 'c', image }] } } }));
          },
        ]);
        await chaos.calm('as declared', () => {
          const { replicas, updatedReplicas, readyReplicas, currentRevision, updateRevision } = set().status ?? {};
          const wanted = set().spec?.replicas;
          const settled = [replicas, updatedReplicas, readyReplicas].every((count) => (count ?? 0) === wanted);
          return settled && currentRevision === updateRevision;
        });
        const pods = cluster.pods().sort((a, b) => a.metadata!.name!.localeCompare(b.metadata!.name!));
        const names = Array.from({ length: set().spec!.replicas! }, (_, i) => `web-${i}`);
        assert.deepEqual(
          pods.map(({ metadata }) => metadata?.name),
          names,
        );
        for (const pod of pods) assert.equal(pod.spec?.containers[0]?.image, image);
        await chaos.assertQuiet();
      });
    }
  }
});
