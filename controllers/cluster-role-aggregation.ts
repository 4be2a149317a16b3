/** Fills cluster roles that aggregate others with the rules of all roles that their selectors find. */
import type { Client } from '../client/client.ts';
import { CLUSTER_ROLES } from '../client/resources.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { V1ClusterRole, V1PolicyRule } from '../openapi/generated/types.ts';
import { selectorRequirements } from '../openapi/label-selector.ts';
import { apiVersionOf, keyOf, pathOf } from '../openapi/object.ts';
import { matchesLabels } from '../openapi/selectors.ts';
import { isStatus } from '../openapi/status.ts';
import type { ControllerContext } from './runtime/context.ts';
import { type Controller, controllerOf } from './runtime/controller.ts';

const FIELD_MANAGER = 'clusterrole-aggregation-controller';
const APPLY = 'application/apply-patch+yaml';
const WORKERS = 5;

export function clusterRoleAggregation(context: ControllerContext): Controller {
  const { client, informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const roles = informers.of<V1ClusterRole>(CLUSTER_ROLES);
  const aggregating = new Set<string>();
  // There are few, and nobody knows which of them a role belongs to before looking.
  const enqueueAll = () => {
    for (const name of aggregating) queue.add(name);
  };
  const seen = (role: V1ClusterRole) => {
    if (role.aggregationRule) aggregating.add(keyOf(role));
    else aggregating.delete(keyOf(role));
    enqueueAll();
  };
  roles.addHandler({
    added: seen,
    updated: seen,
    deleted: (role) => {
      aggregating.delete(keyOf(role));
      enqueueAll();
    },
  });
  return controllerOf({
    name: 'clusterrole-aggregation',
    queue,
    workers: WORKERS,
    synced: [roles.synced()],
    async reconcile(name) {
      const role = roles.get(name);
      if (!role?.aggregationRule) return;
      const rules = aggregatedRules(role, roles.list());
      if (!sameRules(role.rules ?? [], rules)) await write(client, role, rules);
    },
    clock,
    log,
  });
}

/** The rules of every other role that `role` selects: each once, selector by selector, in the order of the names. */
export function aggregatedRules(role: V1ClusterRole, all: readonly V1ClusterRole[]): V1PolicyRule[] {
  const rules = new Map<string, V1PolicyRule>();
  const ordered = [...all].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const requirements = selectorRequirements(selector);
    if (!requirements) continue;
    for (const other of ordered) {
      if (keyOf(other) === keyOf(role) || !matchesLabels(requirements, other.metadata?.labels)) continue;
      for (const rule of other.rules ?? []) {
        const key = textOf(rule);
        if (!rules.has(key)) rules.set(key, rule);
      }
    }
  }
  return [...rules.values()];
}

function sameRules(a: readonly V1PolicyRule[], b: readonly V1PolicyRule[]): boolean {
  return a.length === b.length && a.every((rule, index) => textOf(rule) === textOf(b[index]));
}

/** Two rules that say the same have the same text: an empty list is none. */
function textOf(rule: V1PolicyRule | undefined): string {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule ?? {};
  return JSON.stringify([verbs, apiGroups, resources, resourceNames, nonResourceURLs].map((list) => list ?? []));
}

/** Applies the rules, and nothing else of the role; a server that knows no apply gets an update. */
async function write(client: Client, role: V1ClusterRole, rules: V1PolicyRule[]): Promise<void> {
  const { name = '' } = role.metadata ?? {};
  try {
    await client.transport.call({
      method: 'PATCH',
      path: pathOf(CLUSTER_ROLES, undefined, name),
      query: { fieldManager: FIELD_MANAGER, force: 'true' },
      contentType: APPLY,
      body: { apiVersion: apiVersionOf(CLUSTER_ROLES), kind: CLUSTER_ROLES.kind, metadata: { name }, rules },
    });
  } catch (error) {
    if (!isStatus(error, 'UnsupportedMediaType')) throw error;
    await client.resource<V1ClusterRole>(CLUSTER_ROLES).update({ ...role, rules });
  }
}
