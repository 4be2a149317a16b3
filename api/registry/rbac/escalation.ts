/** Nobody hands on more than they hold, unless they may `escalate` or `bind`. */
import type { V1PolicyRule, V1RoleRef } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { forbidden, notFound } from '../../../openapi/status.ts';
import type { Access } from '../../auth/access.ts';
import { attributesOf, type Subject } from '../../auth/attributes.ts';
import type { StrategyContext } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';

const GROUP = 'rbac.authorization.k8s.io';
const SUPERUSERS = 'system:masters';

/** Throws 403 when the asker does not hold all the rules that a role is to have. */
export function checkEscalation(
  access: Access,
  plural: 'roles' | 'clusterroles',
  name: string,
  rules: readonly V1PolicyRule[],
  context: StrategyContext,
): void {
  if (mayEscalate(access, plural, name, context)) return;
  refuse(access.escalation(askerOf(context), context.namespace, rules), plural, name);
}

/** What an aggregation will select nobody knows: only who holds everything may ask for it. */
export function checkAggregation(access: Access, name: string, context: StrategyContext): void {
  if (mayEscalate(access, 'clusterroles', name, context)) return;
  if (access.escalation(askerOf(context), context.namespace, EVERYTHING) === undefined) return;
  refuse('must have cluster-admin privileges to use the aggregationRule', 'clusterroles', name);
}

const EVERYTHING: readonly V1PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

function mayEscalate(access: Access, resource: string, name: string, context: StrategyContext): boolean {
  const asker = askerOf(context);
  if (asker.groups.includes(SUPERUSERS)) return true;
  const { namespace } = context;
  const escalate = attributesOf({ verb: 'escalate', group: GROUP, resource, namespace, name });
  return access.decide(asker, escalate).decision === 'allow';
}

/** Throws 403 when the asker neither may bind the role nor holds all of its rules, 404 when there is no such role. */
export function checkBinding(
  access: Access,
  plural: 'rolebindings' | 'clusterrolebindings',
  name: string,
  role: V1RoleRef,
  context: StrategyContext,
): void {
  const asker = askerOf(context);
  if (asker.groups.includes(SUPERUSERS)) return;
  const { namespace } = context;
  const resource = role.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  const bind = attributesOf({ verb: 'bind', group: role.apiGroup ?? '', resource, namespace, name: role.name });
  const isKnownKind = role.kind === 'ClusterRole' || role.kind === 'Role';
  if (isKnownKind && access.decide(asker, bind).decision === 'allow') return;
  const rules = access.rulesOf(role, namespace);
  if (!rules) throw notFound({ group: GROUP, resource }, role.name);
  refuse(access.escalation(asker, namespace, rules), plural, name);
}

function askerOf({ user, groups }: StrategyContext): Subject {
  return { name: user, groups };
}

function refuse(why: string | undefined, resource: string, name: string): void {
  if (why === undefined) return;
  throw forbidden({ group: GROUP, resource }, name, `${resource}.${GROUP} "${name}" is forbidden: ${why}`);
}

/** Whether an update only does what the garbage collector does: it touches owners and finalizers alone. */
export function isOnlyGarbageCollection(object: KubeObject, old: KubeObject): boolean {
  return semanticEqual(withoutOwners(object), withoutOwners(old));
}

function withoutOwners({ metadata, ...rest }: KubeObject): KubeObject {
  const { ownerReferences: _o, finalizers: _f, managedFields: _m, resourceVersion: _r, ...kept } = metadata ?? {};
  return { ...rest, metadata: kept };
}
