/** The plugins there are, and upstream's default order: the first filter that turns a node away gives the reason. */
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import type { V1PodDisruptionBudget } from '../../openapi/generated/types.ts';
import type { NamespaceLabels } from '../affinity-terms.ts';
import type { PluginReference } from '../configuration.ts';
import type { Plugin } from '../framework.ts';
import type { PodInfo } from '../pod-info.ts';
import type { PreemptionExecutor } from '../preemption/executor.ts';
import type { VolumeBinder } from '../volumes/binder.ts';
import { defaultBinder } from './default-binder.ts';
import { defaultPreemption } from './default-preemption.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';
import { podTopologySpread, type SiblingSelector } from './pod-topology-spread.ts';
import { prioritySort } from './priority-sort.ts';
import { schedulingGates } from './scheduling-gates.ts';
import { taintToleration } from './taint-toleration.ts';
import { volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

/** What plugins are made from. */
export interface PluginHandle {
  client: Client;
  random: Random;
  namespaceLabels: NamespaceLabels;
  siblings: SiblingSelector;
  budgets: () => readonly V1PodDisruptionBudget[];
  executor: Pick<PreemptionExecutor, 'isPreempting' | 'execute'>;
  binder: VolumeBinder;
  /** Whether the pod is still there, and the same. */
  podExists: (pod: PodInfo) => boolean;
}

/** Makes a plugin from its `pluginConfig` args. */
export type PluginFactory = (args: object, handle: PluginHandle) => Plugin;

/** Upstream's default plugins, in order, with their weights. */
export const DEFAULT_PLUGINS: readonly PluginReference[] = [
  { name: 'SchedulingGates' },
  { name: 'PrioritySort' },
  { name: 'NodeUnschedulable' },
  { name: 'NodeName' },
  { name: 'TaintToleration', weight: 3 },
  { name: 'NodeAffinity', weight: 2 },
  { name: 'NodePorts' },
  { name: 'NodeResourcesFit', weight: 1 },
  { name: 'VolumeRestrictions' },
  { name: 'NodeVolumeLimits' },
  { name: 'VolumeBinding' },
  { name: 'VolumeZone' },
  { name: 'PodTopologySpread', weight: 2 },
  { name: 'InterPodAffinity', weight: 2 },
  { name: 'DefaultPreemption' },
  { name: 'NodeResourcesBalancedAllocation', weight: 1 },
  { name: 'ImageLocality', weight: 1 },
  { name: 'DefaultBinder' },
];

export const PLUGIN_FACTORIES: Readonly<Record<string, PluginFactory>> = {
  SchedulingGates: () => schedulingGates(),
  PrioritySort: () => prioritySort(),
  NodeUnschedulable: () => nodeUnschedulable(),
  NodeName: () => nodeName(),
  TaintToleration: () => taintToleration(),
  NodeAffinity: (args) => nodeAffinity(args),
  NodePorts: () => nodePorts(),
  NodeResourcesFit: (args) => nodeResourcesFit(args),
  VolumeRestrictions: (_, { binder }) => volumeRestrictions(binder.listers),
  NodeVolumeLimits: (_, { binder }) => nodeVolumeLimits(binder.listers),
  VolumeBinding: (args, { binder, podExists }) => volumeBinding(args, binder, podExists),
  VolumeZone: (_, { binder }) => volumeZone(binder.listers),
  PodTopologySpread: (args, { siblings }) => podTopologySpread(siblings, args),
  InterPodAffinity: (args, { namespaceLabels }) => interPodAffinity(args, namespaceLabels),
  DefaultPreemption: (args, handle) => defaultPreemption(args, handle),
  NodeResourcesBalancedAllocation: (args) => nodeResourcesBalancedAllocation(args),
  ImageLocality: () => imageLocality(),
  DefaultBinder: (_, { client }) => defaultBinder(client),
};
