/** All resources of the group `apps`. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { controllerRevisions } from './controllerrevisions.ts';
import { daemonSets } from './daemonsets.ts';
import { deployments } from './deployments.ts';
import { replicaSets } from './replicasets.ts';
import { statefulSets } from './statefulsets.ts';

/** The declarations of one cluster. */
export function appsResources({ describe = () => '' }: { describe?: Describe }): ResourceDeclaration[] {
  return [
    controllerRevisions(describe),
    daemonSets(describe),
    deployments(describe),
    replicaSets(describe),
    statefulSets(describe),
  ];
}
