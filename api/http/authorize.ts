/** Who may: an ordered list of authorizers; the first with an opinion decides, and no opinion at all is a no. */
import { forbidden, StatusError } from '../../openapi/status.ts';
import type { Verdict } from '../auth/access.ts';
import type { Attributes, Subject } from '../auth/attributes.ts';
import { bootstrapRoles } from '../auth/rbac/bootstrap-roles.ts';
import type { Rbac } from '../auth/rbac/rbac.ts';
import { ruleAllows } from '../auth/rbac/rules.ts';

export type Decision = Verdict['decision'];

export interface Authorizer {
  (user: Subject, attributes: Attributes): Decision;
  /** Why it decides so, in upstream's words; `''` when it has nothing to say. Asked only where somebody reads it. */
  why?(user: Subject, attributes: Attributes): string;
}

/** Throws 403 in upstream's words unless an authorizer allows the request. */
export function authorize(authorizers: readonly Authorizer[], user: Subject, attributes: Attributes): void {
  for (const authorizer of authorizers) {
    const decision = authorizer(user, attributes);
    if (decision === 'allow') return;
    if (decision === 'deny') break;
  }
  throw refusal(user, attributes, decide(authorizers, user, attributes).reason);
}

/** The same without throwing, and with the reason. */
export function decide(authorizers: readonly Authorizer[], user: Subject, attributes: Attributes): Verdict {
  const reasons: string[] = [];
  for (const authorizer of authorizers) {
    const decision = authorizer(user, attributes);
    const reason = authorizer.why?.(user, attributes) ?? '';
    if (decision !== 'no opinion') return { decision, reason };
    if (reason !== '') reasons.push(reason);
  }
  return { decision: 'no opinion', reason: reasons.join('\n') };
}

function refusal(user: Subject, { verb, path, resource }: Attributes, reason: string): Error {
  const because = reason === '' ? '' : `: ${reason}`;
  const who = `User ${JSON.stringify(user.name)} cannot`;
  if (!resource) {
    const message = `forbidden: ${who} ${verb} path ${JSON.stringify(path)}${because}`;
    const { status } = forbidden({ group: '', resource: '' }, '', message);
    return new StatusError({ ...status, details: {} });
  }
  const { group, name, namespace } = resource;
  const what = resource.subresource ? `${resource.resource}/${resource.subresource}` : resource.resource;
  const scope = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  const subject = group ? `${resource.resource}.${group}` : resource.resource;
  const message = `${subject}${name ? ` ${JSON.stringify(name)}` : ''} is forbidden: ${who} ${resource.verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${scope}${because}`;
  return forbidden({ group, resource: resource.resource }, name, message);
}

/** Upstream's superuser group. */
export const administrators: Authorizer = (user) => (user.groups.includes('system:masters') ? 'allow' : 'no opinion');

/**
 * Kubelets: what upstream's `system:node` role says, but for making pods, which upstream's NodeRestriction keeps to
 * mirrors of static ones. That each keeps to its own node and its own pods is not checked yet, except for tokens.
 */
export function nodes(): Authorizer {
  const rules = bootstrapRoles().find(({ metadata }) => metadata?.name === 'system:node')?.rules ?? [];
  return (user, attributes) => {
    if (nodeNameOf(user) === undefined) return 'no opinion';
    const { resource } = attributes;
    if (resource?.resource === 'pods' && resource.verb === 'create' && resource.subresource === '') return 'no opinion';
    return rules.some((rule) => ruleAllows(rule, attributes)) ? 'allow' : 'no opinion';
  };
}

/** The node that a kubelet speaks for; `undefined` for all other users. */
export function nodeNameOf({ name, groups }: Pick<Subject, 'name' | 'groups'>): string | undefined {
  const prefix = 'system:node:';
  return groups.includes('system:nodes') && name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

/** Probes need no identity; upstream's `--authorization-always-allow-paths`, and the single checks below them. */
export const probes: Authorizer = (_user, { verb, path, resource }) =>
  !resource && verb === 'get' && /^\/(healthz|livez|readyz)(\/|$)/.test(path) ? 'allow' : 'no opinion';

/** Roles and bindings. */
export function roleBased(rbac: Rbac): Authorizer {
  const authorizer: Authorizer = (user, attributes) => (rbac.allows(user, attributes) ? 'allow' : 'no opinion');
  authorizer.why = (user, attributes) => rbac.reason(user, attributes);
  return authorizer;
}
