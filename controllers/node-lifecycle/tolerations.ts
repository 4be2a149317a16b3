/** How long a pod puts up with the NoExecute taints of its node. */
import type { V1Node, V1Taint, V1Toleration } from '../../openapi/generated/types.ts';

export function noExecuteTaints(node: V1Node | undefined): V1Taint[] {
  return (node?.spec?.taints ?? []).filter((taint) => taint.effect === 'NoExecute');
}

/** Whether one toleration covers one taint. An empty key with Exists covers every key; an empty effect every effect. */
export function tolerates(toleration: V1Toleration, taint: V1Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? 'Equal') {
    case 'Exists':
      return true;
    case 'Equal':
    case '':
      return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '');
    case 'Lt':
    case 'Gt':
      return Boolean(toleration.key) && comparesTo(toleration, taint);
    default:
      return false;
  }
}

function comparesTo(toleration: V1Toleration, taint: V1Taint): boolean {
  const wanted = Number(toleration.value ?? Number.NaN);
  const actual = Number(taint.value ?? Number.NaN);
  return toleration.operator === 'Gt' ? actual > wanted : actual < wanted;
}

/**
 * Milliseconds that the pod may stay under `taints`: 0 when one of them is not tolerated, Infinity when all are for ever.
 */
export function toleratedMs(tolerations: readonly V1Toleration[] | undefined, taints: readonly V1Taint[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const matching = (tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return 0;
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds !== undefined) shortest = Math.min(shortest, Math.max(0, tolerationSeconds) * 1000);
    }
  }
  return shortest;
}
