/** Cluster roles that hold what others hold: `aggregationRule`. */
import type { V1ClusterRole, V1PolicyRule } from '../../../openapi/generated/types.ts';
import { selectorRequirements } from '../../../openapi/label-selector.ts';
import { matchesLabels } from '../../../openapi/selectors.ts';

/** A role's own rules, or those of every role that it aggregates: each once, in the order of the roles' names. */
export function rulesOfRole(role: V1ClusterRole, all: readonly V1ClusterRole[]): readonly V1PolicyRule[] {
  return collected(role, all, new Set());
}

/** `seen` breaks circles. */
function collected(role: V1ClusterRole, all: readonly V1ClusterRole[], seen: Set<V1ClusterRole>): V1PolicyRule[] {
  if (seen.has(role)) return [];
  seen.add(role);
  if (!role.aggregationRule) return role.rules ?? [];
  const rules = new Map<string, V1PolicyRule>();
  for (const selected of selectedBy(role, all)) {
    for (const rule of collected(selected, all, seen)) rules.set(JSON.stringify(rule), rule);
  }
  return [...rules.values()];
}

function selectedBy(role: V1ClusterRole, all: readonly V1ClusterRole[]): V1ClusterRole[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).flatMap((selector) => {
    const requirements = selectorRequirements(selector);
    return requirements ? [requirements] : [];
  });
  const isSelected = ({ metadata }: V1ClusterRole) =>
    selectors.some((requirements) => matchesLabels(requirements, metadata?.labels));
  return all.filter(isSelected).sort(byName);
}

function byName(a: V1ClusterRole, b: V1ClusterRole): number {
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
}
