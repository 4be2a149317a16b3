import assert from 'node:assert/strict';
import { DAEMON_SETS, NODES } from '../../client/resources.ts';
import type { V1DaemonSet, V1Node } from '../../openapi/generated/types.ts';
import { Chaos } from '../runtime/chaos.ts';
import { targetNode } from './placement.ts';
import { daemonSet, node } from './testing.ts';

const SEEDS = [1, 2, 3, 4, 5];
const STEPS = 120;
const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5'];

describe('daemon sets among faults', () => {
  for (const seed of SEEDS) {
    for (const maxSurge of [0, 1]) {
      it(`surge ${maxSurge}, ${seed}: every node ends with just the pod it should have, whatever was lost`, async () => {
        const chaos = new Chaos(seed, ['daemonset'], (name) => nodes().some((metadata) => metadata.name === name));
        const { cluster, random } = chaos;
        const nodes = () => cluster.api.all<V1Node>(NODES).map(({ metadata }) => metadata!);
        for (const name of NAMES) cluster.api.create(NODES, undefined, node(name, { role: 'edge' }));
        const rollingUpdate = { maxSurge, maxUnavailable: maxSurge === 0 ? 1 : 0 };
        const updateStrategy = { type: 'RollingUpdate', rollingUpdate };
        cluster.api.create(DAEMON_SETS, 'default', daemonSet({ updateStrategy }, { nodeSelector: { role: 'edge' } }));
        const set = () => cluster.api.peek<V1DaemonSet>(DAEMON_SETS, 'agent', 'default')!;
        const pick = () => NAMES[Math.floor(random.next() * NAMES.length)]!;
        const relabel = (name: string, role: string) =>
          cluster.api.change<V1Node>(NODES, name, undefined, (old) => ({
            ...old,
            metadata: { ...old.metadata, labels: { role } },
          }));
        let image = 'i:1';
        await chaos.run(STEPS, [
          () => {
            image = `i:${Math.floor(random.next() * 4)}`;
            cluster.api.change<V1DaemonSet>(DAEMON_SETS, 'agent', 'default', (old) => {
              const spec = { containers: [{ name: 'c', image }], nodeSelector: { role: 'edge' } };
              return { ...old, spec: { ...old.spec!, template: { ...old.spec!.template, spec } } };
            });
          },
          () => {
            const name = pick();
            const found = nodes().find((metadata) => metadata.name === name);
            if (found) relabel(name, found.labels?.role === 'edge' ? 'core' : 'edge');
            else cluster.api.create(NODES, undefined, node(name, { role: 'edge' }));
          },
          () => {
            const name = pick();
            if (nodes().some((metadata) => metadata.name === name)) cluster.api.remove(NODES, name);
          },
        ]);
        const wanted = () =>
          nodes()
            .filter(({ labels }) => labels?.role === 'edge')
            .map(({ name }) => name!);
        await chaos.calm('as declared', () => {
          const { desiredNumberScheduled, updatedNumberScheduled, numberAvailable, numberMisscheduled } = set().status!;
          const counts = [desiredNumberScheduled, updatedNumberScheduled, numberAvailable];
          return (
            counts.every((count) => count === wanted().length) &&
            numberMisscheduled === 0 &&
            cluster.pods().length === wanted().length
          );
        });
        assert.deepEqual(
          cluster
            .pods()
            .map((pod) => targetNode(pod))
            .sort(),
          wanted().sort(),
        );
        for (const pod of cluster.pods()) assert.equal(pod.spec?.containers[0]?.image, image);
        await chaos.assertQuiet();
      });
    }
  }
});
