/** TaintToleration: NoSchedule and NoExecute taints keep pods away, PreferNoSchedule ones make a node less welcome. */
import type { V1Node, V1Taint, V1Toleration } from '../../openapi/generated/types.ts';
import { normalizeByMax, type Plugin, type Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import { NodeInfo as NodeInfoOf } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { isTolerated } from './tolerations.ts';

/** Since 1.34.2 the key and value stay out of the message: a pod's owner need not know the nodes. */
const REJECTION: Rejection = {
  plugin: 'TaintToleration',
  reasons: ['node(s) had untolerated taint(s)'],
  resolvable: false,
};

export function taintToleration(): Plugin {
  return {
    name: 'TaintToleration',
    events: {
      NodeAdd: (pod, node) => isOpen(pod, node),
      NodeTaint: (pod, node, before) => isOpen(pod, node) && !(before && isOpen(pod, before)),
      PodToleration: () => true,
    },
    preFilter({ pod: { pod } }) {
      const tolerations = pod.spec?.tolerations;
      return { filter: (node) => (repels(node, tolerations) ? REJECTION : undefined) };
    },
    preScore({ pod: { pod } }, feasible) {
      // Without such taints all nodes would get the same.
      if (!feasible.some(({ softTaints }) => softTaints.length > 0)) return undefined;
      const relevant = (pod.spec?.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
      return {
        score: ({ softTaints }) => softTaints.filter((taint) => !isTolerated(taint, relevant)).length,
        normalize: (scores) => normalizeByMax(scores, true),
      };
    },
  };
}

/** Whether a taint keeps pods with these tolerations from the node. */
export function repels(
  { hardTaints }: Pick<NodeInfo, 'hardTaints'>,
  tolerations: readonly V1Toleration[] | undefined,
): boolean {
  return hardTaints.length > 0 && hardTaints.some((taint: V1Taint) => !isTolerated(taint, tolerations));
}

function isOpen({ pod }: PodInfo, node: V1Node): boolean {
  return !repels(new NodeInfoOf(node.metadata?.name ?? '', node), pod.spec?.tolerations);
}
