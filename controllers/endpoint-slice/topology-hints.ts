/** Which Services have hints by topology, and the events that tell of it. */
import type { EventRecorder } from '../../client/events.ts';
import { SERVICES } from '../../client/resources.ts';
import type { V1EndpointSlice, V1Service } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { typed } from '../runtime/context.ts';
import type { InformerFactory } from '../runtime/informers.ts';
import type { AddressType } from './endpoint.ts';
import { usesTopologyAnnotation, withHints } from './hints.ts';
import type { SlicePlan } from './slices.ts';
import { type ByZone, concernsShares, cpuShares, withTopologyHints } from './topology.ts';

export class TopologyHints {
  readonly #informers: InformerFactory;
  readonly #recorder: EventRecorder;
  /** Services that ask for such hints; of those that got them, the address types with hints. */
  readonly #services = new Map<string, Set<AddressType>>();
  #shares: { value: ByZone | undefined } | undefined;

  constructor(informers: InformerFactory, recorder: EventRecorder) {
    this.#informers = informers;
    this.#recorder = recorder;
  }

  /** Calls `changed` with each Service whose hints may no longer fit after a change of nodes. */
  watch(changed: (service: string) => void): void {
    const look = () => {
      this.#shares = undefined;
      for (const service of this.#services.keys()) changed(service);
    };
    this.#informers.nodes.addHandler({
      added: look,
      updated: (node, old) => concernsShares(node, old) && look(),
      deleted: look,
    });
  }

  forget(service: string): void {
    this.#services.delete(service);
  }

  /** The plan of one address type with the hints that the Service asks for, by whatever rule. */
  apply(plan: SlicePlan, service: V1Service, type: AddressType, existing: readonly V1EndpointSlice[]): SlicePlan {
    const key = keyOf(service);
    const populated = this.#services.get(key);
    if (!usesTopologyAnnotation(service)) {
      if (populated?.has(type)) this.#tell(service, 'Warning', 'Topology Aware Hints has been disabled', type);
      populated?.delete(type);
      if (populated?.size === 0) this.#services.delete(key);
      return withHints(plan, service, existing);
    }
    const { plan: hinted, allocated, problem } = withTopologyHints(plan, existing, this.#cpuShares());
    const types = populated ?? new Set<AddressType>();
    this.#services.set(key, types);
    if (!allocated) {
      types.delete(type);
      this.#tell(service, 'Warning', problem ?? '', type);
    } else if (!types.has(type)) {
      types.add(type);
      this.#tell(service, 'Normal', 'Topology Aware Hints has been enabled', type);
    }
    return hinted;
  }

  #cpuShares(): ByZone | undefined {
    this.#shares ??= { value: cpuShares(this.#informers.nodes.list()) };
    return this.#shares.value;
  }

  #tell(service: V1Service, type: 'Normal' | 'Warning', what: string, addressType: AddressType): void {
    const reason = type === 'Normal' ? 'TopologyAwareHintsEnabled' : 'TopologyAwareHintsDisabled';
    this.#recorder.event(typed(SERVICES, service), type, reason, `${what}, addressType: ${addressType}`);
  }
}
