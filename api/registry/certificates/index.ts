/** Certificate signing requests. */
import type { Access } from '../../auth/access.ts';
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { certificateSigningRequests } from './certificatesigningrequests.ts';

export function certificatesResources(access: Access, describe: Describe): ResourceDeclaration[] {
  return [certificateSigningRequests(access, describe)];
}
