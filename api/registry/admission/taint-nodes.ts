/** Upstream's TaintNodesByCondition: nothing is scheduled to a node before somebody has seen that it is ready. */
import type { V1Node } from '../../../openapi/generated/types.ts';
import { type Admission, isAbout } from './admission.ts';

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

export const taintNodesByCondition: Admission = {
  mutate(request) {
    if (request.operation !== 'create' || !isAbout(request, 'nodes')) return;
    const node = request.object as V1Node;
    node.spec ??= {};
    const taints = node.spec.taints ?? [];
    if (taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)) return;
    node.spec.taints = [...taints, { ...NOT_READY }];
  },
};
