/** Who asks and whether they may, for one server: its authenticators, authorizers and tokens, put together. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { V1PolicyRule, V1RoleRef } from '../../openapi/generated/types.ts';
import {
  type Authenticator,
  authenticate,
  bearer,
  bearerTokens,
  type Credentials,
  clientCertificates,
  review,
  type TokenAuthenticator,
} from '../http/authenticate.ts';
import { type Authorizer, administrators, authorize, decide, nodes, probes, roleBased } from '../http/authorize.ts';
import { impersonate } from '../http/impersonate.ts';
import type { Registry } from '../registry/registry.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import type { Access, TokenOwner, UserRules, Verdict } from './access.ts';
import type { Attributes, Subject } from './attributes.ts';
import { type Finish, type Hook, runHooks } from './post-start.ts';
import { Rbac } from './rbac/rbac.ts';
import { storePolicy } from './rbac/store-policy.ts';
import { ephemeralKey, signingKey } from './tokens/key.ts';
import { ServiceAccountTokens } from './tokens/service-account-tokens.ts';

/** As upstream's flags `--service-account-…`. */
export interface ServiceAccountOptions {
  /** Default `https://kubernetes.default.svc.cluster.local`. */
  issuer?: string;
  /** Private keys in PEM; the first signs. Default: one of this process, whose tokens do not outlive it. */
  keys?: readonly [Buffer, ...Buffer[]];
  /** Whom tokens are for that name nobody. Default the issuer. */
  audiences?: readonly string[];
}

export interface AccessOptions {
  cache: WatchCache;
  clock: Clock;
  random: Random;
  log: Log;
  /** Fixed bearer tokens and whose they are. */
  tokens: ReadonlyMap<string, Subject>;
  serviceAccounts?: ServiceAccountOptions;
}

const ISSUER = 'https://kubernetes.default.svc.cluster.local';

export class AccessControl implements Access {
  /** Tokens of service accounts. */
  readonly tokens: ServiceAccountTokens;
  readonly #rbac: Rbac;
  readonly #tokenAuthenticators: readonly TokenAuthenticator[];
  readonly #authenticators: readonly Authenticator[];
  readonly #authorizers: readonly Authorizer[];
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #hooks: Promise<Finish> = Promise.resolve(async () => undefined);

  constructor(options: AccessOptions) {
    const { cache, log } = options;
    this.#log = log;
    this.tokens = serviceAccountTokens(options);
    this.#tokenAuthenticators = [
      bearerTokens(options.tokens, this.tokens.audiences),
      (token, audiences) => this.tokens.authenticate(token, audiences),
    ];
    this.#authenticators = [bearer(this.#tokenAuthenticators), clientCertificates];
    this.#rbac = new Rbac(cache, log);
    this.#authorizers = [administrators, nodes(), roleBased(this.#rbac), probes];
  }

  /** Stores what every cluster has, in the background; what `others` do comes after the policy. */
  start(registry: Registry, others: readonly Hook[] = []): void {
    const policy: Hook = {
      name: 'rbac/bootstrap-roles',
      run: async (signal) => {
        await storePolicy(registry, signal);
        this.#rbac.seeded();
        return undefined;
      },
    };
    this.#hooks = runHooks([policy, ...others], this.#log, this.#stopping.signal);
  }

  /** Resolves when the hooks have run. */
  async settled(): Promise<void> {
    await this.#hooks;
  }

  /** Resolves when nothing is left running. Writes under way are awaited. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const finish = await this.#hooks;
    await finish();
    await this.#rbac.stop();
  }

  /** Who asks. Rejects with 401 where nobody can tell. */
  identify(credentials: Credentials): Promise<Subject> {
    return authenticate(this.#authenticators, credentials);
  }

  /** As whom the request acts, by its headers (names and values in turn). Throws 403 where the asker may not. */
  actingAs(headers: readonly string[], asker: Subject): Subject {
    return impersonate(headers, asker, this.#authorizers);
  }

  /** Throws 403 unless an authorizer allows it. */
  authorize(user: Subject, attributes: Attributes): void {
    authorize(this.#authorizers, user, attributes);
  }

  decide(user: Subject, attributes: Attributes): Verdict {
    return decide(this.#authorizers, user, attributes);
  }

  rulesFor(user: Subject, namespace: string): UserRules {
    const { rules, errors } = this.#rbac.rulesFor(user, namespace);
    return { rules, incomplete: errors.length > 0, error: errors.join(', ') };
  }

  rulesOf(ref: V1RoleRef, namespace: string): readonly V1PolicyRule[] | undefined {
    return this.#rbac.rulesOf(ref, namespace);
  }

  escalation(user: Subject, namespace: string, rules: readonly V1PolicyRule[]): string | undefined {
    return this.#rbac.escalation(user, namespace, rules);
  }

  authenticate(token: string, audiences: readonly string[]): Promise<TokenOwner | undefined> {
    return review(this.#tokenAuthenticators, token, audiences);
  }
}

function serviceAccountTokens({ cache, clock, random, serviceAccounts = {} }: AccessOptions): ServiceAccountTokens {
  const { issuer = ISSUER, audiences = [issuer], keys } = serviceAccounts;
  const [first, ...rest] = keys ?? [];
  return new ServiceAccountTokens({
    issuer,
    audiences,
    keys: first ? [signingKey(first), ...rest.map(signingKey)] : [ephemeralKey()],
    clock,
    random,
    lookup: (key) => cache.get(key)?.object,
  });
}
