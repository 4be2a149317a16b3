/** All resources of the group `batch`. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { cronJobs } from './cronjobs.ts';
import { jobs } from './jobs.ts';

/** The declarations of one cluster. */
export function batchResources({ describe = () => '' }: { describe?: Describe }): ResourceDeclaration[] {
  return [cronJobs(describe), jobs(describe)];
}
