/** What pods contribute to one Service, worked out once for each state of a pod. */
import type { V1Pod, V1Service } from '../../openapi/generated/types.ts';
import { type AddressType, type PodEndpoint, podEndpoint } from './endpoint.ts';

interface Known {
  zone: string | undefined;
  /** By address type. */
  endpoints: Partial<Record<AddressType, PodEndpoint | undefined>>;
}

export class PodEndpoints {
  /** The state of the Service that all of this is about. */
  readonly service: V1Service;
  readonly #known = new WeakMap<V1Pod, Known>();

  constructor(service: V1Service) {
    this.service = service;
  }

  /** The endpoints of pods that have an address of the type, in the order of the pods. */
  all(pods: readonly { pod: V1Pod; zone: string | undefined }[], type: AddressType): PodEndpoint[] {
    const found: PodEndpoint[] = [];
    for (const { pod, zone } of pods) {
      const endpoint = this.#of(pod, zone, type);
      if (endpoint) found.push(endpoint);
    }
    return found;
  }

  #of(pod: V1Pod, zone: string | undefined, type: AddressType): PodEndpoint | undefined {
    let known = this.#known.get(pod);
    if (known?.zone !== zone || !known) {
      known = { zone, endpoints: {} };
      this.#known.set(pod, known);
    }
    if (!(type in known.endpoints)) known.endpoints[type] = podEndpoint(this.service, pod, zone, type);
    return known.endpoints[type];
  }
}
