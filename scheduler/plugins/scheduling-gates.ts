/** SchedulingGates: a pod with gates is not looked at until the last one has been taken away. */
import type { V1Pod } from '../../openapi/generated/types.ts';

export function isGated(pod: V1Pod): boolean {
  return (pod.spec?.schedulingGates?.length ?? 0) > 0;
}
