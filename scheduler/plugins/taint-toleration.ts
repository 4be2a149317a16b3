/** TaintToleration: NoSchedule and NoExecute taints keep pods away, PreferNoSchedule ones make a node less welcome. */
import type { V1Toleration } from '../../openapi/generated/types.ts';
import { type FilterPlugin, normalizeByMax, type ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import { isTolerated } from './tolerations.ts';

export const taintTolerationFilter: FilterPlugin = {
  name: 'TaintToleration',
  requeueOn: ['NodeAdd', 'NodeTaint'],
  filter({ pod }, node) {
    const untolerated = node.node?.spec?.taints?.some(
      (taint) =>
        (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !isTolerated(taint, pod.spec?.tolerations),
    );
    if (!untolerated) return undefined;
    // Since 1.34.2 the key and value stay out of the message: a pod's owner need not know the nodes.
    return { plugin: 'TaintToleration', reasons: ['node(s) had untolerated taint(s)'], resolvable: false };
  },
};

export const taintTolerationScore: ScorePlugin = {
  name: 'TaintToleration',
  weight: 3,
  prepare({ pod }) {
    const relevant = (pod.spec?.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
    return (node) => unwelcoming(node, relevant);
  },
  normalize: (scores) => normalizeByMax(scores, true),
};

function unwelcoming(node: NodeInfo, tolerations: readonly V1Toleration[]): number {
  const taints = node.node?.spec?.taints ?? [];
  return taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, tolerations)).length;
}
