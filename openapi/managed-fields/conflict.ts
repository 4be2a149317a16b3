/** What an applier is told about fields that others manage. */
import { StatusError } from '../status.ts';
import { printPaths } from './field-set.ts';
import { compareStrings } from './path-elements.ts';
import type { ApplyConflict, Conflict } from './updater.ts';

/** 409, with a cause a field. */
export function applyConflictStatus({ conflicts }: Pick<ApplyConflict, 'conflicts'>): StatusError {
  const sorted = [...conflicts].sort((a, b) => compareStrings(a.key, b.key));
  const causes = sorted.flatMap((conflict) =>
    printPaths(conflict.paths).map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${printManager(conflict)}`,
      field,
    })),
  );
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: conflictMessage(sorted, causes.length),
    reason: 'Conflict',
    details: { causes },
    code: 409,
  });
}

function conflictMessage(conflicts: readonly Conflict[], count: number): string {
  const [first] = conflicts;
  if (count === 1 && first)
    return `Apply failed with 1 conflict: conflict with ${printManager(first)}: ${printPaths(first.paths)[0]}`;
  const lines = conflicts.flatMap((conflict) => [
    `conflicts with ${printManager(conflict)}:`,
    ...printPaths(conflict.paths).map((path) => `- ${path}`),
  ]);
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`;
}

function printManager({ manager: { manager, operation, apiVersion, subresource } }: Conflict): string {
  const quoted =
    JSON.stringify(manager) + (subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`);
  return operation === 'Update' ? `${quoted} using ${apiVersion}` : quoted;
}
