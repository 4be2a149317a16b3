/** All resources of node.k8s.io. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { runtimeClasses } from './runtimeclasses.ts';

export function nodeResources({ describe = () => '' }: { describe?: Describe }): ResourceDeclaration[] {
  return [runtimeClasses(describe)];
}
