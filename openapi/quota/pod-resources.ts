/** What a pod asks for as a whole. */
import type { V1Container, V1PodSpec } from '../generated/types.ts';
import { maximum, type ResourceList, sum } from './resource-list.ts';

type Kind = 'requests' | 'limits';

/**
 * What runs at the same time is added up; init containers run one by one before, beside the restartable ones that
 * were started until then. What the pod says itself takes the place of that for cpu, memory and huge pages.
 */
export function podResources(spec: V1PodSpec, kind: Kind): ResourceList {
  const of = (container: V1Container): ResourceList => container.resources?.[kind] ?? {};
  let total = spec.containers.map(of).reduce(sum, {});
  let restartable: ResourceList = {};
  let starting: ResourceList = {};
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      total = sum(total, of(container));
      restartable = sum(restartable, of(container));
      starting = maximum(starting, restartable);
    } else starting = maximum(starting, sum(of(container), restartable));
  }
  return { ...maximum(total, starting), ...ofPod(spec.resources?.[kind] ?? {}) };
}

function ofPod(own: ResourceList): ResourceList {
  const supported = (name: string) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
  return Object.fromEntries(Object.entries(own).filter(([name]) => supported(name)));
}

/** With what its runtime costs; limits grow only where there are some. */
export function podResourcesWithOverhead(spec: V1PodSpec, kind: Kind): ResourceList {
  const resources = podResources(spec, kind);
  const overhead = Object.entries(spec.overhead ?? {});
  return sum(
    resources,
    Object.fromEntries(overhead.filter(([name]) => kind === 'requests' || resources[name] !== undefined)),
  );
}
