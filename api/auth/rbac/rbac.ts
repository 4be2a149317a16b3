/** The RBAC authorizer: an index over roles and bindings that follows what is stored. */
import { messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
  V1RoleRef,
} from '../../../openapi/generated/types.ts';
import { type KubeObject, splitKey } from '../../../openapi/object.ts';
import type { CacheBatch, WatchCache } from '../../storage/watch-cache.ts';
import type { Attributes, Subject } from '../attributes.ts';
import { bootstrapPolicy, type Policy } from './bootstrap.ts';
import { type Grant, RuleIndex } from './rule-index.ts';
import { describeRules, quotedList, ruleAllows, uncovered } from './rules.ts';

const PREFIXES = {
  clusterroles: '/registry/clusterroles/',
  clusterrolebindings: '/registry/clusterrolebindings/',
  roles: '/registry/roles/',
  rolebindings: '/registry/rolebindings/',
} as const;

type Plural = keyof typeof PREFIXES;

export class Rbac {
  readonly #cache: WatchCache;
  readonly #log: Log;
  readonly #index = new RuleIndex();
  readonly #stop = new AbortController();
  /** The bootstrap policy, as long as it is not stored in whole: what is missing of it counts as if it were. */
  #seed: Policy | undefined;
  #following: Promise<unknown> = Promise.resolve();

  /** Reads what is stored and follows it until `stop`. What is missing of the bootstrap policy holds from now on. */
  constructor(cache: WatchCache, log: Log) {
    this.#cache = cache;
    this.#log = log;
    this.#seed = bootstrapPolicy();
    this.#load();
    const after = cache.revision;
    this.#following = Promise.all(Object.keys(PREFIXES).map((plural) => this.#follow(plural as Plural, after)));
  }

  /** Resolves when nothing is followed any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  /** The bootstrap policy has been stored: from now on only what is stored counts. */
  seeded(): void {
    this.#seed = undefined;
  }

  /** Whether some rule allows it. */
  allows(user: Subject, attributes: Attributes): boolean {
    return this.#index.visit(user, attributes.resource?.namespace ?? '', (_grant, rules) => {
      if (!rules) return false;
      for (const rule of rules) if (ruleAllows(rule, attributes)) return true;
      return false;
    });
  }

  /** Why it is allowed, or what bindings refer to in vain; `''` when there is nothing to say. */
  reason(user: Subject, attributes: Attributes): string {
    const errors: string[] = [];
    let allowedBy: Grant | undefined;
    this.#index.visit(user, attributes.resource?.namespace ?? '', (grant, rules) => {
      if (!rules) errors.push(roleNotFound(grant.role));
      else if (rules.some((rule) => ruleAllows(rule, attributes))) allowedBy = grant;
      return allowedBy !== undefined;
    });
    if (allowedBy) return `RBAC: allowed by ${describeGrant(allowedBy)}`;
    return errors.length > 0 ? `RBAC: ${aggregate(errors)}` : '';
  }

  /** Every rule of a user in a namespace, and what bindings refer to in vain. */
  rulesFor(user: Subject, namespace: string): { rules: V1PolicyRule[]; errors: string[] } {
    const found: { rules: V1PolicyRule[]; errors: string[] } = { rules: [], errors: [] };
    this.#index.visit(user, namespace, (grant, rules) => {
      if (rules) found.rules.push(...rules);
      else found.errors.push(roleNotFound(grant.role));
      return false;
    });
    return found;
  }

  /** The rules of what a binding refers to; `undefined` when there is no such role. */
  rulesOf(ref: V1RoleRef, namespace: string): readonly V1PolicyRule[] | undefined {
    return this.#index.rulesOf(ref, namespace);
  }

  /** Upstream's words for why a user may not hand on rules that exceed their own; `undefined` when they may. */
  escalation(user: Subject, namespace: string, wanted: readonly V1PolicyRule[]): string | undefined {
    const { rules, errors } = this.rulesFor(user, namespace);
    const missing = uncovered(rules, wanted);
    if (missing.length === 0) return undefined;
    const who = `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)})`;
    const trouble = errors.length > 0 ? `; resolution errors: [${aggregate(errors)}]` : '';
    return `${who} is attempting to grant RBAC permissions not currently held:\n${describeRules(missing)}${trouble}`;
  }

  #load(): void {
    this.#index.clear();
    const seed = this.#seed;
    if (seed) {
      for (const role of seed.clusterRoles) this.#set('clusterroles', '', role.metadata?.name ?? '', role);
      for (const binding of seed.clusterRoleBindings)
        this.#set('clusterrolebindings', '', binding.metadata?.name ?? '', binding);
      for (const [plural, objects] of [['roles', seed.roles] as const, ['rolebindings', seed.roleBindings] as const]) {
        for (const { metadata = {}, ...rest } of objects)
          this.#set(plural, metadata.namespace ?? '', metadata.name ?? '', { metadata, ...rest });
      }
    }
    for (const plural of Object.keys(PREFIXES) as Plural[]) {
      for (const { key, object } of this.#cache.list(PREFIXES[plural]).items) this.#put(plural, key, object);
    }
  }

  async #follow(plural: Plural, after: number): Promise<void> {
    const { signal } = this.#stop;
    for (let revision = after; !signal.aborted; ) {
      const batches = this.#watch(plural, revision);
      if (!batches) return;
      try {
        for await (const batch of batches) {
          this.#apply(plural, batch);
          revision = batch.revision;
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn({ plural, error: messageOf(error) }, 'rbac: a watch broke off');
      }
      this.#load();
      revision = this.#cache.revision;
    }
  }

  /** `undefined` when the cache has stopped for good. */
  #watch(plural: Plural, after: number): AsyncIterable<CacheBatch> | undefined {
    try {
      return this.#cache.watch(PREFIXES[plural], after, this.#stop.signal);
    } catch (error) {
      this.#log.debug({ plural, error: messageOf(error) }, 'rbac: nothing to follow any more');
      return undefined;
    }
  }

  #apply(plural: Plural, { events }: CacheBatch): void {
    for (const { type, object } of events) this.#put(plural, object.key, type === 'put' ? object.object : undefined);
  }

  #put(plural: Plural, key: string, object: KubeObject | undefined): void {
    const { namespace, name } = splitKey(key.slice(PREFIXES[plural].length));
    this.#set(plural, namespace, name, object);
  }

  #set(plural: Plural, namespace: string, name: string, object: KubeObject | undefined): void {
    switch (plural) {
      case 'clusterroles':
        this.#index.setClusterRole(name, object as V1ClusterRole | undefined);
        break;
      case 'roles':
        this.#index.setRole(namespace, name, object as V1Role | undefined);
        break;
      default:
        this.#index.setBinding(namespace, name, object as V1RoleBinding | V1ClusterRoleBinding | undefined);
    }
  }
}

function describeGrant({ namespace, binding, role, subject }: Grant): string {
  const [kind, name] = namespace === '' ? ['ClusterRoleBinding', binding] : ['RoleBinding', `${binding}/${namespace}`];
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name;
  return `${kind} "${name}" of ${role.kind} "${role.name}" to ${subject.kind} "${who}"`;
}

function roleNotFound({ kind, name }: V1RoleRef): string {
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
}

/** Go's aggregate of errors. */
function aggregate(errors: readonly string[]): string {
  const unique = [...new Set(errors)];
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`;
}
