/** Reviews of identity: nothing is stored, the server's own authenticators answer. */

import type { Clock } from '../../../base/clock.ts';
import { rfc3339 } from '../../../base/clock.ts';
import type {
  V1SelfSubjectReview,
  V1TokenReview,
  V1TokenReviewStatus,
  V1UserInfo,
} from '../../../openapi/generated/types.ts';
import { badRequest } from '../../../openapi/status.ts';
import type { Access } from '../../auth/access.ts';
import type { Subject } from '../../auth/attributes.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { reviewColumns } from './review-columns.ts';

/** Upstream's words for a token that nobody knows. */
const UNKNOWN_TOKEN = 'invalid bearer token';

export function authenticationResources(access: Access, clock: Clock): ResourceDeclaration[] {
  return [selfSubjectReviews(clock), tokenReviews(access)];
}

function review(kind: string, plural: string) {
  return {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind,
    plural,
    singular: plural.replace(/s$/, ''),
    namespaced: false,
    verbs: ['create'],
    definition: `io.k8s.api.authentication.v1.${kind}`,
    columns: reviewColumns(),
    strategy: {},
  } as const;
}

function tokenReviews(access: Access): ResourceDeclaration {
  return declare<V1TokenReview>({
    ...review('TokenReview', 'tokenreviews'),
    virtual: {
      async create(object) {
        const { token = '', audiences = [] } = object.spec;
        if (token === '') throw badRequest('token is required for TokenReview in authentication');
        return { ...object, status: await reviewed(access, token, audiences) };
      },
    },
  });
}

async function reviewed(access: Access, token: string, audiences: readonly string[]): Promise<V1TokenReviewStatus> {
  try {
    const owner = await access.authenticate(token, audiences);
    if (!owner) return { user: {}, error: UNKNOWN_TOKEN };
    const known = owner.audiences.length > 0 ? { audiences: [...owner.audiences] } : {};
    return { authenticated: true, user: userInfo(owner.user), ...known };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { user: {}, error: `[${UNKNOWN_TOKEN}, ${error.message}]` };
  }
}

function selfSubjectReviews(clock: Clock): ResourceDeclaration {
  return declare<V1SelfSubjectReview>({
    ...review('SelfSubjectReview', 'selfsubjectreviews'),
    virtual: {
      create({ kind, apiVersion }, asker) {
        const metadata = { creationTimestamp: rfc3339(clock.now()) };
        return { kind: kind ?? '', apiVersion: apiVersion ?? '', metadata, status: { userInfo: userInfo(asker) } };
      },
    },
  });
}

function userInfo({ name, uid, groups, extra }: Subject): V1UserInfo {
  const known = Object.entries(extra ?? {});
  return {
    username: name,
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups: [...groups] } : {}),
    ...(known.length > 0 ? { extra: Object.fromEntries(known.map(([key, values]) => [key, [...values]])) } : {}),
  };
}
