/** The slices of a Service name its Ready pods, each once. */
import type { V1EndpointSlice, V1Pod, V1Service } from '../../openapi/generated/types.ts';
import { includes, isReady, nameOf, type Objects } from './objects.ts';

export function checkService(service: V1Service, objects: Objects): string[] {
  const { selector } = service.spec ?? {};
  if (!selector) return [];
  const isIts = (pod: V1Pod) =>
    pod.metadata?.namespace === service.metadata?.namespace && includes(pod.metadata?.labels, selector);
  const pods = objects.of<V1Pod>('Pod').filter((pod) => isIts(pod) && isReady(pod));
  const wanted = pods.map(({ metadata, status }) => `${metadata?.uid} ${status?.podIP}`).sort();
  const slices = objects.controlledBy<V1EndpointSlice>(service, 'EndpointSlice');
  const actual = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready)
    .flatMap(({ addresses, targetRef }) => addresses.map((address) => `${targetRef?.uid} ${address}`))
    .sort();
  if (actual.join() === wanted.join()) return [];
  return [`${nameOf(service)}: its slices have ${actual.length} ready endpoints, and it ${wanted.length} pods`];
}
