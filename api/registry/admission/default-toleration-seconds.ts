/** Upstream's DefaultTolerationSeconds: how long a pod stays on a node that has gone silent. */
import type { V1Pod, V1Toleration } from '../../../openapi/generated/types.ts';
import { type Admission, isAbout } from './admission.ts';

const SECONDS = 300;
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export const defaultTolerationSeconds: Admission = {
  mutate(request) {
    if (request.operation === 'delete' || !isAbout(request, 'pods')) return;
    const { spec } = request.object as V1Pod;
    if (!spec) return;
    const present = spec.tolerations ?? [];
    const added = TAINTS.filter((taint) => !present.some((toleration) => tolerates(toleration, taint))).map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: SECONDS,
    }));
    if (added.length > 0) spec.tolerations = [...present, ...added];
  },
};

function tolerates({ key, effect }: V1Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === 'NoExecute');
}
