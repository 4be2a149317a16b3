/** Reviews of access: nothing is stored, the server's own authorizers answer. */
import type { Access } from '../../auth/access.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { localSubjectAccessReviews, selfSubjectAccessReviews, subjectAccessReviews } from './access-reviews.ts';
import { selfSubjectRulesReviews } from './selfsubjectrulesreviews.ts';

export function authorizationResources(access: Access): ResourceDeclaration[] {
  return [
    localSubjectAccessReviews(access),
    selfSubjectAccessReviews(access),
    selfSubjectRulesReviews(access),
    subjectAccessReviews(access),
  ];
}
