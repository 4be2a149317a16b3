/** Which events each plugin takes for a reason to try a pod again that it turned away. */
import assert from 'node:assert/strict';
import type { V1Node, V1Pod } from '../../openapi/generated/types.ts';
import type { ClusterEvent, EventObjects, QueueingHint } from '../events.ts';
import type { Plugin } from '../framework.ts';
import { podInfoOf } from '../pod-info.ts';
import { container, node, pod } from '../testing/objects.ts';
import { claim, podWith, volumeListers } from '../testing/volumes.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { taintToleration } from './taint-toleration.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

interface Case<E extends ClusterEvent = ClusterEvent> {
  title: string;
  event: E;
  object: EventObjects[E];
  before?: EventObjects[E];
  helps: boolean;
}
const on = <E extends ClusterEvent>(
  title: string,
  event: E,
  helps: boolean,
  object: EventObjects[E],
  before?: EventObjects[E],
): Case => ({ title, event, object, helps, ...(before ? { before } : {}) });

function table(plugin: Plugin, waiting: V1Pod, cases: Case[]): void {
  describe(`a pod that ${plugin.name} turned away`, () => {
    for (const { title, event, object, before, helps } of cases) {
      it(`${helps ? 'is tried again' : 'goes on waiting'} ${title}`, () => {
        const hint = plugin.events?.[event] as QueueingHint<unknown> | undefined;
        assert.equal(hint?.(podInfoOf(waiting), object, before) ?? false, helps);
      });
    }
  });
}

const labelled = (labels: Record<string, string>): V1Node => node('n1', { labels });
const asks = (requests: Record<string, string>) => pod('a', { containers: [container(requests)] });
const web = (name: string, labels: Record<string, string> = { app: 'web' }) =>
  pod(name, { nodeName: 'n1' }, { labels });
const ZONE = 'topology.kubernetes.io/zone';

table(nodeAffinity(), pod('a', { nodeSelector: { disk: 'ssd' } }), [
  on('when a node comes that matches', 'NodeAdd', true, labelled({ disk: 'ssd' })),
  on('when one comes that does not', 'NodeAdd', false, labelled({ disk: 'hdd' })),
  on('when a node begins to match', 'NodeLabel', true, labelled({ disk: 'ssd' }), labelled({})),
  on('when a node goes on matching', 'NodeLabel', false, labelled({ disk: 'ssd', x: '' }), labelled({ disk: 'ssd' })),
  on('when a pod leaves', 'AssignedPodDelete', false, web('b')),
]);

table(nodeUnschedulable(), pod('a'), [
  on('when a node is opened', 'NodeUnschedulable', true, node('n1'), node('n1', { unschedulable: true })),
  on('when a node is closed', 'NodeUnschedulable', false, node('n1', { unschedulable: true }), node('n1')),
]);

const taints = [{ key: 'k', effect: 'NoSchedule' }];
table(taintToleration(), pod('a'), [
  on('when a taint is taken away', 'NodeTaint', true, node('n1'), node('n1', { taints })),
  on('when a taint is added', 'NodeTaint', false, node('n1', { taints }), node('n1')),
  on('when it tolerates more', 'PodToleration', true, pod('a')),
  on('when a node’s labels change', 'NodeLabel', false, labelled({ a: '' }), labelled({})),
]);

const port = (name: string, hostPort: number) =>
  pod(name, { containers: [container({}, { ports: [{ containerPort: 80, hostPort }] })] });
table(nodePorts(), port('a', 80), [
  on('when a node comes', 'NodeAdd', true, node('n1')),
  on('when a pod leaves that had the port', 'AssignedPodDelete', true, port('b', 80)),
  on('when a pod leaves that had another', 'AssignedPodDelete', false, port('b', 81)),
]);

const sized = (cpu: string, pods = '110') => node('n1', { allocatable: { cpu, pods } });
table(nodeResourcesFit(), asks({ cpu: '3' }), [
  on('when a node comes that is large enough', 'NodeAdd', true, sized('4')),
  on('when one comes that is too small', 'NodeAdd', false, sized('2')),
  on('when a node grows', 'NodeAllocatable', true, sized('8'), sized('4')),
  on('when a node takes more pods', 'NodeAllocatable', true, sized('4', '120'), sized('4')),
  on('when a node shrinks', 'NodeAllocatable', false, sized('4'), sized('8')),
  on('when a pod leaves', 'AssignedPodDelete', true, web('b')),
  on('when a pod asks for less cpu', 'AssignedPodScaleDown', true, asks({ cpu: '1' }), asks({ cpu: '2' })),
  on('when a pod asks for less memory', 'AssignedPodScaleDown', false, asks({}), asks({ memory: '1Gi' })),
  on('when a taint is taken away', 'NodeTaint', false, node('n1'), node('n1', { taints })),
]);

const topologySpreadConstraints = [
  { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } },
];
table(
  podTopologySpread(() => []),
  pod('a', { topologySpreadConstraints }, { labels: { app: 'web' } }),
  [
    on('when a counted pod comes', 'AssignedPodAdd', true, web('b')),
    on('when another pod comes', 'AssignedPodAdd', false, web('b', { app: 'db' })),
    on('when a counted pod leaves', 'AssignedPodDelete', true, web('b')),
    on('when a pod is counted no more', 'AssignedPodLabel', true, web('b', {}), web('b')),
    on('when a pod’s other labels change', 'AssignedPodLabel', false, web('b', { app: 'web', x: '' }), web('b')),
    on('when a node of a zone comes', 'NodeAdd', true, labelled({ [ZONE]: 'a' })),
    on('when a node without zone comes', 'NodeAdd', false, labelled({})),
    on('when the only node of a zone may have gone', 'NodeDelete', true, labelled({ [ZONE]: 'a' })),
    on('when a node changes its zone', 'NodeLabel', true, labelled({ [ZONE]: 'b' }), labelled({ [ZONE]: 'a' })),
  ],
);

const required = [{ labelSelector: { matchLabels: { app: 'db' } }, topologyKey: ZONE }];
const affinity = (kind: 'podAffinity' | 'podAntiAffinity') =>
  pod(
    'a',
    { affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: required } } },
    { labels: { app: 'web' } },
  );
const ipa = interPodAffinity({}, () => undefined);
table(ipa, affinity('podAffinity'), [
  on('when a wanted pod comes', 'AssignedPodAdd', true, web('b', { app: 'db' })),
  on('when another pod comes', 'AssignedPodAdd', false, web('b')),
  on('when a pod becomes a wanted one', 'AssignedPodLabel', true, web('b', { app: 'db' }), web('b')),
  on('when a wanted pod leaves', 'AssignedPodDelete', false, web('b', { app: 'db' })),
]);
table(ipa, affinity('podAntiAffinity'), [
  on('when an unwanted pod leaves', 'AssignedPodDelete', true, web('b', { app: 'db' })),
  on('when another pod leaves', 'AssignedPodDelete', false, web('b', { app: 'cache' })),
  on('when a pod leaves that did not want it', 'AssignedPodDelete', true, {
    ...affinity('podAntiAffinity'),
    spec: {
      containers: [],
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: ZONE },
          ],
        },
      },
    },
  }),
]);

table(volumeZone(volumeListers({})), podWith('a', 'c'), [
  on('when its claim changes', 'ClaimUpdate', true, claim('c'), claim('c')),
  on('when another claim changes', 'ClaimUpdate', false, claim('d'), claim('d')),
]);
table(volumeRestrictions(volumeListers({})), podWith('a', 'c'), [
  on('when a pod leaves that used its claim', 'AssignedPodDelete', true, podWith('b', 'c')),
  on('when another pod leaves', 'AssignedPodDelete', false, podWith('b', 'd')),
]);
