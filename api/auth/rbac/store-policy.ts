/** Stores the bootstrap policy: makes what is missing, and completes what somebody has taken from. */
import type { RbacV1Subject, V1ClusterRole, V1ClusterRoleBinding } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import type { Registry } from '../../registry/registry.ts';
import { privateCopy, type ResourceStore } from '../../registry/store/store.ts';
import { semanticEqual } from '../../registry/validation/equality.ts';
import { ensureStored, SYSTEM } from '../post-start.ts';
import { rulesOfRole } from './aggregation.ts';
import { bootstrapPolicy } from './bootstrap.ts';
import { AUTOUPDATE, RBAC_GROUP } from './policy.ts';
import { uncovered } from './rules.ts';

/** One object after the other, so that requests get their turn. Objects marked `autoupdate: "false"` are left alone. */
export async function storePolicy(registry: Registry, signal: AbortSignal): Promise<void> {
  const policy = bootstrapPolicy();
  // What roles aggregate is filled in here once, as upstream's aggregation controller soon does.
  const clusterRoles = policy.clusterRoles.map((role) => ({
    ...role,
    rules: [...rulesOfRole(role, policy.clusterRoles)],
  }));
  const groups: [string, KubeObject[]][] = [
    ['clusterroles', clusterRoles],
    ['clusterrolebindings', policy.clusterRoleBindings],
    ['roles', policy.roles],
    ['rolebindings', policy.roleBindings],
  ];
  for (const [plural, objects] of groups) {
    const store = registry.store(RBAC_GROUP, 'v1', plural);
    for (const object of objects) {
      if (signal.aborted) return;
      if (!(await ensureStored(store, object))) await complete(store, object);
    }
  }
}

async function complete(store: ResourceStore, wanted: KubeObject): Promise<void> {
  const { namespace = '', name = '' } = wanted.metadata ?? {};
  const current = store.cache.get(store.key(namespace, name));
  if (!current || !completed(privateCopy(current), wanted)) return;
  await store.update(namespace, name, (old) => merged(old, wanted), SYSTEM, { fromStored: true });
}

function merged(old: KubeObject | undefined, wanted: KubeObject): KubeObject {
  const copy = structuredClone(old ?? wanted);
  return completed(copy, wanted) ?? copy;
}

/** `object`, changed in place, with what it lacks of `wanted`; `undefined` when it lacks nothing. */
export function completed(object: KubeObject, wanted: KubeObject): KubeObject | undefined {
  if (object.metadata?.annotations?.[AUTOUPDATE] === 'false') return undefined;
  const changes = [completeMetadata(object, wanted), completeRules(object, wanted), completeSubjects(object, wanted)];
  return changes.includes(true) ? object : undefined;
}

function completeMetadata(object: KubeObject, { metadata: wanted = {} }: KubeObject): boolean {
  const { labels, annotations } = object.metadata ?? {};
  const isMissing = (have: Record<string, string> | undefined, want: Record<string, string> | undefined) =>
    Object.keys(want ?? {}).some((key) => have?.[key] === undefined);
  if (!isMissing(labels, wanted.labels) && !isMissing(annotations, wanted.annotations)) return false;
  object.metadata = {
    ...object.metadata,
    labels: { ...wanted.labels, ...labels },
    annotations: { ...wanted.annotations, ...annotations },
  };
  return true;
}

function completeRules(object: V1ClusterRole, wanted: V1ClusterRole): boolean {
  // The rules of a role that aggregates are the aggregation controller's.
  if (!wanted.rules || wanted.aggregationRule) return false;
  const missing = wanted.rules.filter((rule) => uncovered(object.rules ?? [], [rule]).length > 0);
  if (missing.length === 0) return false;
  object.rules = [...(object.rules ?? []), ...missing];
  return true;
}

function completeSubjects(object: KubeObject, wanted: KubeObject): boolean {
  const binding = object as V1ClusterRoleBinding;
  const subjects = (wanted as V1ClusterRoleBinding).subjects ?? [];
  const isThere = (subject: RbacV1Subject) => binding.subjects?.some((known) => semanticEqual(known, subject));
  const missing = subjects.filter((subject) => !isThere(subject));
  if (missing.length === 0) return false;
  binding.subjects = [...(binding.subjects ?? []), ...missing];
  return true;
}
