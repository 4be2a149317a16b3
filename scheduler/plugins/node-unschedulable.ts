/** NodeUnschedulable: nothing new goes to a cordoned node, but for pods that tolerate it. */
import type { V1Node, V1Taint } from '../../openapi/generated/types.ts';
import type { Plugin, Rejection } from '../framework.ts';
import type { PodInfo } from '../pod-info.ts';
import { isTolerated } from './tolerations.ts';

const TAINT: V1Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const REJECTION: Rejection = {
  plugin: 'NodeUnschedulable',
  reasons: ['node(s) were unschedulable'],
  resolvable: false,
};

export function nodeUnschedulable(): Plugin {
  const tolerates = ({ pod }: PodInfo) => isTolerated(TAINT, pod.spec?.tolerations);
  const opened = (_pod: PodInfo, node: V1Node) => node.spec?.unschedulable !== true;
  return {
    name: 'NodeUnschedulable',
    events: { NodeAdd: opened, NodeUnschedulable: opened, PodToleration: tolerates },
    preFilter({ pod }) {
      // Asked once, and only when some node is cordoned.
      let tolerated: boolean | undefined;
      return {
        filter: (node) => {
          if (!node.unschedulable) return undefined;
          tolerated ??= tolerates(pod);
          return tolerated ? undefined : REJECTION;
        },
      };
    },
  };
}
