/** Simulated nodes: their flags, as a part of a cluster, and as a process of its own against any API server. */
import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../base/duration.ts';
import { quantityError } from '../base/quantity.ts';
import type { SimulationOptions } from '../nodeagent/simulation/simulation.ts';
import type { V1Taint } from '../openapi/generated/types.ts';
import type { Part, PartContext } from './parts.ts';

type Words = Record<string, string>;

/** What the flags say, by their names. */
export interface SimulationFlags {
  nodePrefix: string;
  nodeZones: { zone: string; region?: string }[];
  nodeCpu: string;
  nodeMemory: string;
  nodePods: string;
  nodeResources: Words;
  nodeLabels: Words;
  nodeTaints: V1Taint[];
  nodeAnnotations: Words;
  nodePodCidr: string;
  nodeCidr: string;
  nodeLeaseDuration: number;
  nodeLeaseRenew?: number;
}

/** What a simulation is asked to be. */
export type SimulationSettings = Pick<SimulationOptions, 'count'> &
  Partial<Omit<SimulationOptions, 'client' | 'clock' | 'random' | 'log' | 'signal' | 'count'>>;

/** Adds the flags that say what simulated nodes are like. */
export function withSimulationFlags(command: Command): Command {
  return command
    .option('--node-prefix <prefix>', 'simulated nodes are called PREFIX-0 and so on', 'node')
    .option('--node-zones <list>', 'zones of simulated nodes, in turn: a,b or region/a,region/b', zones, [])
    .option('--node-cpu <quantity>', 'of each simulated node', quantity, '32')
    .option('--node-memory <quantity>', 'of each simulated node', quantity, '256Gi')
    .option('--node-pods <count>', 'how many pods a simulated node takes', quantity, '110')
    .option(
      '--node-resources <list>',
      'more of what a simulated node has, as example.com/gpu=8,hugepages-2Mi=1Gi',
      quantities,
      {},
    )
    .option('--node-labels <list>', 'of each simulated node, as key=value,...', words, {})
    .option('--node-taints <list>', 'of each simulated node, as key=value:Effect,...', taints, [])
    .option(
      '--node-annotations <list>',
      'of each simulated node, such as simulation.kubets.dev/start-seconds=2',
      words,
      {},
    )
    .option('--node-pod-cidr <cidr>', 'addresses of pods on simulated nodes', '10.128.0.0/9')
    .option('--node-cidr <cidr>', 'addresses of simulated nodes', '100.64.0.0/10')
    .option('--node-lease-duration <duration>', 'how long the lease of a simulated node counts', milliseconds, 40_000)
    .option('--node-lease-renew <duration>', 'how often it is renewed (default: 10s, 20s for thousands)', milliseconds);
}

export function simulationSettings(flags: SimulationFlags, count: number): SimulationSettings {
  return {
    count,
    prefix: flags.nodePrefix,
    shape: {
      capacity: { cpu: flags.nodeCpu, memory: flags.nodeMemory, pods: flags.nodePods, ...flags.nodeResources },
      labels: flags.nodeLabels,
      annotations: flags.nodeAnnotations,
      taints: flags.nodeTaints,
      zones: flags.nodeZones,
    },
    podCidr: flags.nodePodCidr,
    nodeCidr: flags.nodeCidr,
    leaseDurationSeconds: Math.ceil(flags.nodeLeaseDuration / 1000),
    ...(flags.nodeLeaseRenew === undefined ? {} : { leaseRenewMs: flags.nodeLeaseRenew }),
  };
}

/** Simulated nodes as a part of a cluster. */
export async function simulationPart(context: PartContext, settings: SimulationSettings): Promise<Part> {
  const { SIMULATOR_USER, startSimulation } = await import('../nodeagent/simulation/simulation.ts');
  const { clock, random, signal } = context;
  const log = context.log.child({ component: 'simulation' });
  const client = context.client({ name: SIMULATOR_USER, groups: [] });
  const simulation = startSimulation({ ...settings, client, clock, random, log, signal });
  const ready = simulation.ready.then(() => `${settings.count} simulated`);
  return { name: 'nodes', ready, stop: () => simulation.stop() };
}

function zones(text: string): SimulationFlags['nodeZones'] {
  return listOf(text).map((item) => {
    const [first = '', second] = item.split('/');
    return second === undefined ? { zone: first } : { zone: second, region: first };
  });
}

function words(text: string): Words {
  return Object.fromEntries(
    listOf(text).map((item) => {
      const at = item.indexOf('=');
      if (at < 1) throw new InvalidArgumentError(`${item} is no key=value.`);
      return [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

function quantities(text: string): Words {
  const named = words(text);
  for (const value of Object.values(named)) quantity(value);
  return named;
}

function quantity(text: string): string {
  if (quantityError(text) !== undefined) throw new InvalidArgumentError('Write it as 8, 500m or 64Gi.');
  return text;
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function taints(text: string): V1Taint[] {
  return listOf(text).map((item) => {
    const [, key = '', value, effect = ''] = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(item) ?? [];
    if (!EFFECTS.includes(effect)) {
      throw new InvalidArgumentError(`${item} is no key=value:Effect; effects are ${EFFECTS.join(', ')}.`);
    }
    return { key, effect, ...(value ? { value } : {}) };
  });
}

function milliseconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Write it as 1m30s or 40s.');
  return ms;
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}
