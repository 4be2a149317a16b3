/** What a pod asks for: upstream's sums over containers, init containers, sidecars, pod-level resources and overhead. */
import { quantityMillis, quantityUnits } from '../base/quantity.ts';
import type { V1Container, V1ContainerStatus, V1Pod, V1PodSpec } from '../openapi/generated/types.ts';

/** Amounts by resource name: `cpu` in millicores, everything else in whole units (bytes, pieces). */
export type Resources = ReadonlyMap<string, number>;

/** What scores count for a container that asks for nothing: upstream's 100m and 200Mi. */
export const NON_ZERO_REQUESTS: Resources = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
]);

const NOTHING: Resources = new Map();

/** Reads a map of quantities, such as a node's allocatable. */
export function readResources(quantities: Readonly<Record<string, string>> | undefined): Map<string, number> {
  const out = new Map<string, number>();
  for (const [name, text] of Object.entries(quantities ?? {})) {
    out.set(name, name === 'cpu' ? quantityMillis(text) : quantityUnits(text));
  }
  return out;
}

/**
 * The pod's requests: the larger of what its containers and sidecars take together and what any step of its
 * initialization takes, plus overhead. `missing` stands in for resources that a container does not mention. While a
 * running container is being resized it counts with the larger of what it has and what it is to get.
 */
export function podRequests(pod: V1Pod, missing: Resources = NOTHING): Resources {
  const spec = pod.spec;
  if (!spec) return NOTHING;
  const total = containersTotal(spec, missing, actualRequests(pod));
  for (const [name, amount] of readResources(spec.resources?.requests)) {
    if (name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')) total.set(name, amount);
  }
  addTo(total, readResources(spec.overhead));
  return total;
}

/** What running containers have, by name; `undefined` when there is nothing to know. */
interface Actual {
  requests: ReadonlyMap<string, Resources>;
  /** The kubelet has said that the pod cannot have what it asks for now. */
  infeasible: boolean;
}

function actualRequests({ status }: V1Pod): Actual | undefined {
  const resized = resizable(status?.containerStatuses, status?.initContainerStatuses);
  if (resized.length === 0) return undefined;
  const requests = new Map<string, Resources>();
  for (const { name, resources, allocatedResources } of resized) {
    const actual = readResources(resources?.requests);
    raiseTo(actual, readResources(allocatedResources));
    requests.set(name, actual);
  }
  const pending = status?.conditions?.find(({ type }) => type === 'PodResizePending');
  return { requests, infeasible: pending?.status === 'True' && pending.reason === 'Infeasible' };
}

function resizable(...lists: (readonly V1ContainerStatus[] | undefined)[]): V1ContainerStatus[] {
  const found: V1ContainerStatus[] = [];
  for (const list of lists) {
    for (const status of list ?? []) if (status.allocatedResources || status.resources?.requests) found.push(status);
  }
  return found;
}

/** Differs when what running containers have has changed. */
export function resizeState({ status }: V1Pod): string {
  const resized = resizable(status?.containerStatuses, status?.initContainerStatuses);
  if (resized.length === 0) return '';
  return JSON.stringify(
    resized.map(({ name, resources, allocatedResources }) => [name, resources?.requests, allocatedResources]),
  );
}

function containersTotal(spec: V1PodSpec, missing: Resources, actual: Actual | undefined): Map<string, number> {
  const running = new Map<string, number>();
  const sidecars = new Map<string, number>();
  const peak = new Map<string, number>();
  for (const container of spec.containers) addTo(running, containerRequests(container, missing, actual));
  for (const container of spec.initContainers ?? []) {
    const step = containerRequests(container, missing, isSidecar(container) ? actual : undefined);
    if (isSidecar(container)) {
      addTo(running, step);
      addTo(sidecars, step);
      raiseTo(peak, sidecars);
    } else {
      addTo(step, sidecars);
      raiseTo(peak, step);
    }
  }
  raiseTo(running, peak);
  return running;
}

/** Whether an init container keeps running beside the containers. */
export function isSidecar(container: V1Container): boolean {
  return container.restartPolicy === 'Always';
}

function containerRequests(
  container: V1Container,
  missing: Resources,
  actual: Actual | undefined,
): Map<string, number> {
  const requests = readResources(container.resources?.requests);
  const has = actual?.requests.get(container.name);
  if (has && actual?.infeasible) for (const name of requests.keys()) requests.set(name, has.get(name) ?? 0);
  else if (has) raiseTo(requests, has);
  for (const [name, amount] of missing) if (!requests.has(name)) requests.set(name, amount);
  return requests;
}

/** Adds `amounts`, times `sign`, to `total` in place. */
export function addTo(total: Map<string, number>, amounts: Resources, sign: 1 | -1 = 1): void {
  for (const [name, amount] of amounts) total.set(name, (total.get(name) ?? 0) + sign * amount);
}

function raiseTo(total: Map<string, number>, amounts: Resources): void {
  for (const [name, amount] of amounts) total.set(name, Math.max(total.get(name) ?? 0, amount));
}
