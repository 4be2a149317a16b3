/** What the runtime still holds of a pod though nobody will ask for it again. Pure. */
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { PodRecord } from '../runtime/runtime.ts';
import { newestSandbox } from './actions.ts';
import { containersOf, instancesOf, SANDBOX_LABEL } from './names.ts';

/** Instances to keep of each container: the one that runs, and the one before it for `logs --previous`. */
const KEPT = 2;

/** Containers and sandboxes to remove. A dead sandbox stays as long as a container that is kept was made in it. */
export function garbageOf(pod: V1Pod, record: PodRecord): { containers: string[]; sandboxes: string[] } {
  const kept = new Set<string>();
  for (const { container } of containersOf(pod)) {
    for (const { id } of instancesOf(record, container.name).slice(0, KEPT)) kept.add(id);
  }
  for (const { id, state } of record.containers) if (state === 'running') kept.add(id);
  const newest = newestSandbox(record);
  const needed = new Set(
    record.containers.filter(({ id }) => kept.has(id)).map(({ labels }) => labels[SANDBOX_LABEL] ?? newest?.id),
  );
  return {
    containers: record.containers.filter(({ id }) => !kept.has(id)).map(({ id }) => id),
    sandboxes: record.sandboxes.filter(({ id }) => id !== newest?.id && !needed.has(id)).map(({ id }) => id),
  };
}
