/** All resources of policy. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { podDisruptionBudgets } from './poddisruptionbudgets.ts';

export interface PolicyDependencies {
  describe?: Describe;
}

export function policyResources({ describe = () => '' }: PolicyDependencies): ResourceDeclaration[] {
  return [podDisruptionBudgets(describe)];
}
