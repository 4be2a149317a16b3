/** NodeResourcesFit: requests must fit into what the node has left; by default the emptier node scores higher. */
import type { V1Node } from '../../openapi/generated/types.ts';
import type { Amounts } from '../amounts.ts';
import type { Plugin, Rejection } from '../framework.ts';
import { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { podRequests } from '../resources.ts';
import { resourceScorer, type ScoringStrategy } from './resource-strategies.ts';

const NAME = 'NodeResourcesFit';

export interface NodeResourcesFitArgs {
  /** Extended resources that the filter leaves to others, by name or by all of a group (`example.com`). */
  ignoredResources?: readonly string[];
  ignoredResourceGroups?: readonly string[];
  scoringStrategy?: ScoringStrategy;
}

export function nodeResourcesFit(args: NodeResourcesFitArgs = {}): Plugin {
  const scorer = resourceScorer(args.scoringStrategy);
  const ignores = ignored(args);
  return {
    name: NAME,
    events: {
      NodeAdd: (pod, node) => fitsEmpty(pod, node, ignores),
      NodeAllocatable: (pod, node, before) => fitsEmpty(pod, node, ignores) && grew(pod, node, before),
      AssignedPodDelete: () => true,
      AssignedPodScaleDown: (pod, after, before) => {
        if (!before) return true;
        const now = podRequests(after);
        return [...podRequests(before)].some(
          ([name, amount]) => amount > (now.get(name) ?? 0) && pod.requests.get(name) > 0,
        );
      },
      PodScaleDown: () => true,
    },
    preFilter({ pod }) {
      const scalars = [...(pod.requests.scalars ?? [])].filter(([name, amount]) => amount > 0 && !ignores(name));
      return {
        filter: (node) => (fits(pod.requests, scalars, node) ? undefined : shortage(pod.requests, scalars, node)),
      };
    },
    preScore: ({ pod }) => ({ score: (node) => scorer(pod, node) }),
  };
}

function ignored({ ignoredResources = [], ignoredResourceGroups = [] }: NodeResourcesFitArgs) {
  const names = new Set(ignoredResources);
  const groups = new Set(ignoredResourceGroups);
  return (resource: string): boolean => names.has(resource) || groups.has(resource.split('/')[0] ?? '');
}

function fits(wanted: Amounts, scalars: readonly [string, number][], node: NodeInfo): boolean {
  const { allocatable, requested } = node;
  if (node.pods.size >= node.allowedPods) return false;
  if (wanted.cpu > 0 && wanted.cpu > allocatable.cpu - requested.cpu) return false;
  if (wanted.memory > 0 && wanted.memory > allocatable.memory - requested.memory) return false;
  const storage = wanted.ephemeralStorage;
  if (storage > 0 && storage > allocatable.ephemeralStorage - requested.ephemeralStorage) return false;
  for (const [name, amount] of scalars) if (amount > allocatable.get(name) - requested.get(name)) return false;
  return true;
}

/** In the order in which upstream lists shortages; extended resources follow. */
const BUILT_IN = ['cpu', 'memory', 'ephemeral-storage'];

function shortage(wanted: Amounts, scalars: readonly [string, number][], node: NodeInfo): Rejection {
  const reasons: string[] = [];
  let resolvable = true;
  if (node.pods.size >= node.allowedPods) reasons.push('Too many pods');
  const all = [...BUILT_IN.map((name): [string, number] => [name, wanted.get(name)]), ...scalars];
  for (const [resource, amount] of all) {
    const allocatable = node.allocatable.get(resource);
    if (amount <= 0 || amount <= allocatable - node.requested.get(resource)) continue;
    reasons.push(`Insufficient ${resource}`);
    // No eviction makes a node larger than it is.
    if (amount > allocatable) resolvable = false;
  }
  return { plugin: NAME, reasons, resolvable };
}

/** Whether the pod would fit if nothing else were on the node. */
function fitsEmpty(pod: PodInfo, node: V1Node, ignores: (resource: string) => boolean): boolean {
  const scalars = [...(pod.requests.scalars ?? [])].filter(([name, amount]) => amount > 0 && !ignores(name));
  return fits(pod.requests, scalars, new NodeInfo(node.metadata?.name ?? '', node));
}

/** Whether there is more than before of something the pod asks for, or room for more pods. */
function grew({ requests }: PodInfo, after: V1Node, before: V1Node | undefined): boolean {
  if (!before) return true;
  const now = new NodeInfo('', after);
  const then = new NodeInfo('', before);
  if (now.allowedPods > then.allowedPods) return true;
  const asked = [...BUILT_IN, ...(requests.scalars?.keys() ?? [])].filter((name) => requests.get(name) > 0);
  return asked.some((name) => now.allocatable.get(name) > then.allocatable.get(name));
}
