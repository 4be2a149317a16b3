/** What the two controllers that write EndpointSlices share: whose a slice is, and how it is named. */
import type { Informer } from '../../client/informer.ts';
import type { V1EndpointSlice, V1OwnerReference, V1Service } from '../../openapi/generated/types.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
/** Slices by `namespace/name` of the Service that their label names. */
export const SLICES_BY_SERVICE = 'byService';
/** The longest name that an object may have: a slice's own part comes on top of its prefix. */
const NAME_LENGTH_MAX = 253;

export interface SlicePlan {
  create: V1EndpointSlice[];
  update: V1EndpointSlice[];
  delete: V1EndpointSlice[];
}

/** `namespace/name` of the Service that a slice belongs to by its label, `undefined` without one. */
export function serviceKeyOf(slice: V1EndpointSlice): string | undefined {
  const name = slice.metadata?.labels?.[SERVICE_NAME];
  return name ? `${slice.metadata?.namespace}/${name}` : undefined;
}

/** What the Service selects pods by; an empty selector is none, or it would select all. */
export function selectorOf({ spec }: V1Service): Record<string, string> | undefined {
  const { selector } = spec ?? {};
  return selector && Object.keys(selector).length > 0 ? selector : undefined;
}

/** The informer with its index by Service. */
export function indexedSlices(informer: Informer<V1EndpointSlice>): Informer<V1EndpointSlice> {
  return informer.addIndex(SLICES_BY_SERVICE, (slice) => {
    const key = serviceKeyOf(slice);
    return key === undefined ? [] : [key];
  });
}

export function isManagedBy(slice: V1EndpointSlice, manager: string): boolean {
  return slice.metadata?.labels?.[MANAGED_BY] === manager;
}

/** What names of slices begin with. */
export function slicePrefix(serviceName: string): string {
  return serviceName.length < NAME_LENGTH_MAX ? `${serviceName}-` : serviceName;
}

export function isOwnedBy(slice: V1EndpointSlice, owner: Pick<V1OwnerReference, 'kind' | 'uid'>): boolean {
  return (slice.metadata?.ownerReferences ?? []).some(
    ({ uid, kind, apiVersion }) => uid === owner.uid && kind === owner.kind && apiVersion === 'v1',
  );
}

/**
 * Turns creations into changes of slices that would be deleted: names stay, and whoever watches sees one event instead
 * of two. Only slices of the same address type for which `mayReuse` holds are used again.
 */
export function recycled(plan: SlicePlan, mayReuse: (slice: V1EndpointSlice) => boolean): SlicePlan {
  const create = [...plan.create];
  const update = [...plan.update];
  const remove: V1EndpointSlice[] = [];
  for (const old of plan.delete) {
    const index = mayReuse(old) ? create.findLastIndex(({ addressType }) => addressType === old.addressType) : -1;
    if (index < 0) {
      remove.push(old);
      continue;
    }
    const [slice] = create.splice(index, 1) as [V1EndpointSlice];
    update.push({ ...slice, metadata: { ...slice.metadata, name: old.metadata?.name ?? '' } });
  }
  return { create, update, delete: remove };
}
