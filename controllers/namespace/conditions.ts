/** What a namespace's status says of its deletion. */
import { rfc3339 } from '../../base/clock.ts';
import type { V1NamespaceCondition } from '../../openapi/generated/types.ts';

/** What one attempt at emptying a namespace found. */
export interface DeletionReport {
  /** Why not every resource could be discovered. */
  discoveryFailure?: string;
  /** Why resources could not be deleted, one entry a resource. */
  contentFailures: string[];
  /** Resources of which objects remain, as `pods.` or `deployments.apps`, with how many. */
  remaining: Map<string, number>;
  /** Finalizers on what remains, with the number of objects that carry each. */
  finalizers: Map<string, number>;
}

interface Wording {
  type: string;
  okReason: string;
  okMessage: string;
  reason: string;
  /** `undefined` when there is nothing to complain of. */
  message(report: DeletionReport): string | undefined;
}

const WORDINGS: readonly Wording[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    okReason: 'ResourcesDiscovered',
    okMessage: 'All resources successfully discovered',
    reason: 'DiscoveryFailed',
    message: (report) => report.discoveryFailure,
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    okReason: 'ParsedGroupVersions',
    okMessage: 'All legacy kube types successfully parsed',
    reason: 'GroupVersionParsingFailed',
    message: () => undefined,
  },
  {
    type: 'NamespaceDeletionContentFailure',
    okReason: 'ContentDeleted',
    okMessage: 'All content successfully deleted, may be waiting on finalization',
    reason: 'ContentDeletionFailed',
    message: ({ contentFailures }) =>
      contentFailures.length === 0
        ? undefined
        : `Failed to delete all resource types, ${contentFailures.length} remaining: ${[...contentFailures].sort().join(', ')}`,
  },
  {
    type: 'NamespaceContentRemaining',
    okReason: 'ContentRemoved',
    okMessage: 'All content successfully removed',
    reason: 'SomeResourcesRemain',
    message: ({ remaining }) =>
      remaining.size === 0
        ? undefined
        : `Some resources are remaining: ${listed(remaining, (name, count) => `${name} has ${count} resource instances`)}`,
  },
  {
    type: 'NamespaceFinalizersRemaining',
    okReason: 'ContentHasNoFinalizers',
    okMessage: 'All content-preserving finalizers finished',
    reason: 'SomeFinalizersRemain',
    message: ({ finalizers }) =>
      finalizers.size === 0
        ? undefined
        : `Some content in the namespace has finalizers remaining: ${listed(finalizers, (name, count) => `${name} in ${count} resource instances`)}`,
  },
];

function listed(counts: ReadonlyMap<string, number>, text: (name: string, count: number) => string): string {
  return [...counts]
    .map(([name, count]) => text(name, count))
    .sort()
    .join(', ');
}

/** The conditions after `report`, and whether they differ from those before. Foreign conditions are kept. */
export function conditionsAfter(
  before: readonly V1NamespaceCondition[] | undefined,
  report: DeletionReport,
  nowMs: number,
): { conditions: V1NamespaceCondition[]; changed: boolean } {
  const conditions = [...(before ?? [])];
  let changed = false;
  for (const wording of WORDINGS) {
    const next = conditionOf(wording, report, nowMs);
    const index = conditions.findIndex((condition) => condition.type === wording.type);
    const old = conditions[index];
    if (old && old.status === next.status && old.reason === next.reason && old.message === next.message) continue;
    changed = true;
    if (!old) conditions.push(next);
    else if (old.status !== next.status || !old.lastTransitionTime) conditions[index] = next;
    else conditions[index] = { ...next, lastTransitionTime: old.lastTransitionTime };
  }
  return { conditions, changed };
}

function conditionOf(wording: Wording, report: DeletionReport, nowMs: number): V1NamespaceCondition {
  const complaint = wording.message(report);
  return {
    type: wording.type,
    status: complaint === undefined ? 'False' : 'True',
    lastTransitionTime: rfc3339(nowMs),
    reason: complaint === undefined ? wording.okReason : wording.reason,
    message: complaint ?? wording.okMessage,
  };
}
