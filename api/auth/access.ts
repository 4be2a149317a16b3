/**
 * What resources may ask the server about access: reviews, escalation checks, approvals. Declarations are made before
 * there are authorizers, so it is bound later.
 */
import type { V1PolicyRule, V1RoleRef } from '../../openapi/generated/types.ts';
import type { Attributes, Subject } from './attributes.ts';

export interface Verdict {
  decision: 'allow' | 'deny' | 'no opinion';
  /** Upstream's words, `''` when there is nothing to say. */
  reason: string;
}

export interface UserRules {
  rules: readonly V1PolicyRule[];
  incomplete: boolean;
  /** Trouble while they were worked out, `''` for none. */
  error: string;
}

/** Whose a token is. */
export interface TokenOwner {
  user: Subject;
  /** Those of the audiences asked for that the token is meant for. */
  audiences: readonly string[];
}

export interface Access {
  decide(user: Subject, attributes: Attributes): Verdict;
  rulesFor(user: Subject, namespace: string): UserRules;
  /** The rules of what a binding in the namespace refers to; `undefined` when there is no such role. */
  rulesOf(ref: V1RoleRef, namespace: string): readonly V1PolicyRule[] | undefined;
  /** Why a user may not hand on these rules, in upstream's words; `undefined` when they may. */
  escalation(user: Subject, namespace: string, rules: readonly V1PolicyRule[]): string | undefined;
  /** Whose a token is; `undefined` when it is nobody's. No audiences: the server's own. */
  authenticate(token: string, audiences: readonly string[]): Promise<TokenOwner | undefined>;
}

/** Everything is allowed: what declarations go by until a server binds them, and in tests of their own. */
export const UNRESTRICTED: Access = {
  decide: () => ({ decision: 'allow', reason: '' }),
  rulesFor: () => ({ rules: [], incomplete: false, error: '' }),
  rulesOf: () => [],
  escalation: () => undefined,
  authenticate: async () => undefined,
};

export class LateAccess implements Access {
  #access: Access = UNRESTRICTED;

  bind(access: Access): void {
    this.#access = access;
  }

  decide(user: Subject, attributes: Attributes): Verdict {
    return this.#access.decide(user, attributes);
  }

  rulesFor(user: Subject, namespace: string): UserRules {
    return this.#access.rulesFor(user, namespace);
  }

  rulesOf(ref: V1RoleRef, namespace: string): readonly V1PolicyRule[] | undefined {
    return this.#access.rulesOf(ref, namespace);
  }

  escalation(user: Subject, namespace: string, rules: readonly V1PolicyRule[]): string | undefined {
    return this.#access.escalation(user, namespace, rules);
  }

  authenticate(token: string, audiences: readonly string[]): Promise<TokenOwner | undefined> {
    return this.#access.authenticate(token, audiences);
  }
}
