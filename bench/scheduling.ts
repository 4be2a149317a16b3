/**
 * How many pods a second the scheduler decides on, in this process and without an API server: what is left is a request
 * to bind each. `node dist/bench/scheduling.js [--pods 5000]`.
 */
import { systemClock } from '../base/clock.ts';
import { seededRandom } from '../base/random.ts';
import type { V1Node, V1Pod, V1PodSpec } from '../openapi/generated/types.ts';
import { requirementsOf } from '../openapi/selectors.ts';
import { schedule } from '../scheduler/algorithm.ts';
import { ClusterState } from '../scheduler/cluster-state.ts';
import { podInfoOf } from '../scheduler/pod-info.ts';
import { profileFor } from '../scheduler/testing/profile.ts';

const ZONES = 10;
const APPS = 20;
const podCount = Number(process.argv[process.argv.indexOf('--pods') + 1]) || 5000;

function node(i: number): V1Node {
  const labels = { 'kubernetes.io/hostname': `node-${i}`, 'topology.kubernetes.io/zone': `zone-${i % ZONES}` };
  return {
    metadata: { name: `node-${i}`, labels },
    status: { allocatable: { cpu: '32', memory: '128Gi', pods: '110' } },
  };
}

function pod(i: number, spec: (labels: Record<string, string>) => Partial<V1PodSpec>): V1Pod {
  const labels = { app: `app-${i % APPS}`, 'pod-template-hash': 'abc' };
  const resources = { requests: { cpu: '100m', memory: '128Mi' } };
  return {
    metadata: { name: `pod-${i}`, namespace: 'default', uid: `uid-${i}`, labels, generation: 1 },
    spec: { containers: [{ name: 'main', image: 'web:1', resources }], ...spec(labels) },
  };
}

/** As many teams write it: zones as a must, hosts as a wish, no two on a host, near the next app if possible. */
function choosy(labels: Record<string, string>): Partial<V1PodSpec> {
  const own = { matchLabels: { app: labels.app ?? '' } };
  const next = { matchLabels: { app: `app-${(Number(labels.app?.slice(4)) + 1) % APPS}` } };
  const nearNext = { labelSelector: next, topologyKey: 'topology.kubernetes.io/zone' };
  const term = { labelSelector: own, topologyKey: 'kubernetes.io/hostname' };
  return {
    topologySpreadConstraints: [
      {
        maxSkew: 5,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: own,
      },
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: own },
    ],
    affinity: {
      podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm: nearNext }] },
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    },
  };
}

/** Pods of one app after the other, as its service would have them spread by default. */
function run(title: string, nodes: number, spec: (labels: Record<string, string>) => Partial<V1PodSpec>): void {
  const cluster = new ClusterState();
  for (let i = 0; i < nodes; i++) cluster.setNode(node(i));
  const profile = profileFor({ siblings: ({ metadata }) => requirementsOf({ app: metadata?.labels?.app ?? '' }) });
  const random = seededRandom(1);
  const pods = Array.from({ length: podCount }, (_, i) => pod(i, spec));
  const start = systemClock.monotonic();
  let next = 0;
  let placed = 0;
  for (const each of pods) {
    const info = podInfoOf(each);
    const decision = schedule(info, cluster, profile, random, next);
    next = decision.next;
    if (!('node' in decision)) continue;
    cluster.assume(info, decision.node.name);
    // The watch confirms it.
    cluster.setPod({ ...each, spec: { containers: [], ...each.spec, nodeName: decision.node.name } });
    placed += 1;
  }
  const seconds = (systemClock.monotonic() - start) / 1000;
  const rate = Math.round(podCount / seconds);
  process.stdout.write(`${title}: ${placed} of ${podCount} pods into ${nodes} nodes, ${rate} pods/s\n`);
}

run('plain pods of services', 1000, () => ({}));
run('with spread and affinity', 5000, choosy);
