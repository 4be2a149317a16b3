/** All resources of the group `autoscaling`. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { horizontalPodAutoscalers } from './horizontalpodautoscalers.ts';

/** The declarations of one cluster. */
export function autoscalingResources({ describe = () => '' }: { describe?: Describe }): ResourceDeclaration[] {
  return [horizontalPodAutoscalers(describe)];
}
