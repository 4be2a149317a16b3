/** NodeUnschedulable: a cordoned node takes no new pods, except those that tolerate its taint. */
import type { FilterPlugin } from '../framework.ts';
import { isTolerated } from './tolerations.ts';

const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export const nodeUnschedulable: FilterPlugin = {
  name: 'NodeUnschedulable',
  requeueOn: ['NodeAdd', 'NodeUnschedulable', 'NodeTaint'],
  filter({ pod }, node) {
    if (!node.node?.spec?.unschedulable || isTolerated(TAINT, pod.spec?.tolerations)) return undefined;
    return { plugin: 'NodeUnschedulable', reasons: ['node(s) were unschedulable'], resolvable: false };
  },
};
