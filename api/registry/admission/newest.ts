import type { KubeObject } from '../../../openapi/object.ts';

/** Upstream's choice among several defaults: the newest, and of those of one second the first by name. */
export function newestFirst<T extends KubeObject>(objects: readonly T[]): T[] {
  const time = ({ metadata }: T) => metadata?.creationTimestamp ?? '';
  const name = ({ metadata }: T) => metadata?.name ?? '';
  return [...objects].sort((a, b) => {
    if (time(a) !== time(b)) return time(a) > time(b) ? -1 : 1;
    return name(a) < name(b) ? -1 : 1;
  });
}
