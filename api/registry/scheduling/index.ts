/** All resources of scheduling.k8s.io. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { priorityClasses } from './priorityclasses.ts';

export function schedulingResources({ describe = () => '' }: { describe?: Describe }): ResourceDeclaration[] {
  return [priorityClasses(describe)];
}
