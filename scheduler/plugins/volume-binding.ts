/**
 * VolumeBinding: a pod goes where its claims can be met. Claims that wait for their first consumer are bound to a
 * volume, or given to a provisioner, only once the node is chosen; the pod is bound when they are.
 */
import type { V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { always } from '../events.ts';
import { type Cycle, type Plugin, PluginError, type Rejection } from '../framework.ts';
import type { PodInfo } from '../pod-info.ts';
import type { VolumeBinder } from '../volumes/binder.ts';
import { findPodVolumes, type PodClaims, type PodVolumes, podClaims } from '../volumes/pod-volumes.ts';

const NAME = 'VolumeBinding';

export interface VolumeBindingArgs {
  /** How long the binding of a pod waits for its volumes. Default 600. */
  bindTimeoutSeconds?: number;
}

interface State {
  claims: PodClaims;
  byNode: Map<string, PodVolumes>;
  /** What was set aside for the chosen node. */
  assumed?: PodVolumes;
}

const rejected = (...reasons: string[]): Rejection => ({ plugin: NAME, reasons, resolvable: false });

/** `podExists`: whether the pod is still there, and the same. */
export function volumeBinding(
  { bindTimeoutSeconds = 600 }: VolumeBindingArgs,
  binder: VolumeBinder,
  podExists: (pod: PodInfo) => boolean,
): Plugin {
  const states = new WeakMap<Cycle, State>();
  return {
    name: NAME,
    events: {
      ClassAdd: always,
      ClassUpdate: (_pod, after, before) =>
        JSON.stringify(after.allowedTopologies) !== JSON.stringify(before?.allowedTopologies),
      ClaimAdd: uses,
      ClaimUpdate: uses,
      VolumeAdd: always,
      VolumeUpdate: always,
      NodeAdd: always,
      NodeLabel: always,
    },
    preFilter(cycle) {
      if (cycle.pod.claims.length === 0) return undefined;
      const claims = podClaims(cycle.pod.pod, binder.listers);
      if (typeof claims === 'string') return { rejection: rejected(claims) };
      if (claims.immediate.length > 0) {
        return { rejection: rejected('pod has unbound immediate PersistentVolumeClaims') };
      }
      const state: State = { claims, byNode: new Map() };
      states.set(cycle, state);
      return {
        filter: (node) => {
          const found = findPodVolumes(claims, node, binder.listers);
          if (!('bindings' in found)) return rejected(...found);
          state.byNode.set(node.name, found);
          return undefined;
        },
      };
    },
    reserve(cycle, node) {
      const state = states.get(cycle);
      const volumes = state?.byNode.get(node.name);
      if (!state || !volumes || state.claims.delayed.length === 0) return undefined;
      state.assumed = binder.assume(volumes, node.name);
      return undefined;
    },
    unreserve(cycle) {
      const state = states.get(cycle);
      if (state?.assumed) binder.revert(state.assumed);
      if (state) delete state.assumed;
    },
    preBindPreFlight: (cycle) => states.get(cycle)?.assumed !== undefined,
    async preBind(cycle, nodeName) {
      const assumed = states.get(cycle)?.assumed;
      if (!assumed) return;
      try {
        await binder.bind(assumed, nodeName, () => podExists(cycle.pod), bindTimeoutSeconds * 1000);
      } catch (error) {
        throw new PluginError('binding volumes', error);
      }
    },
  };
}

function uses({ claims }: PodInfo, { metadata }: V1PersistentVolumeClaim): boolean {
  return claims.includes(`${metadata?.namespace}/${metadata?.name}`);
}
