/** A pod with what is derived from its spec and labels once. */
import type { V1Pod } from '../openapi/generated/types.ts';
import { keyOf } from '../openapi/object.ts';
import type { Labels } from '../openapi/selectors.ts';
import { affinityTermsOf, type PodAffinityTerms } from './affinity-terms.ts';
import { Amounts } from './amounts.ts';
import { isSidecar, NON_ZERO_REQUESTS, podRequests } from './resources.ts';

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

export const ANY_ADDRESS = '0.0.0.0';
const NONE: readonly never[] = [];

export class PodInfo {
  /** The latest state; may be replaced by one in which nothing that is derived here differs. */
  pod: V1Pod;
  readonly uid: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly priority: number;
  readonly terminating: boolean;
  readonly requests: Amounts;
  /** Requests with upstream's defaults for containers that ask for nothing; only for scores. */
  readonly nonZero: Amounts;
  readonly hostPorts: readonly HostPort[];
  readonly affinity: PodAffinityTerms | undefined;
  /** Keys (`namespace/name`) of the claims it uses. */
  readonly claims: readonly string[];

  constructor(pod: V1Pod) {
    const { uid = '', namespace = '', labels, deletionTimestamp } = pod.metadata ?? {};
    this.pod = pod;
    this.uid = uid;
    this.namespace = namespace;
    this.labels = labels;
    this.priority = priorityOf(pod);
    this.terminating = deletionTimestamp !== undefined && deletionTimestamp !== null;
    this.requests = Amounts.of(podRequests(pod));
    this.nonZero = Amounts.of(podRequests(pod, NON_ZERO_REQUESTS));
    this.hostPorts = hostPortsOf(pod);
    this.affinity = affinityTermsOf(pod);
    this.claims = claimNames(pod).map((name) => `${namespace}/${name}`);
  }

  /** `namespace/name`. */
  get key(): string {
    return keyOf(this.pod);
  }
}

export function podInfoOf(pod: V1Pod): PodInfo {
  return new PodInfo(pod);
}

export function priorityOf(pod: V1Pod): number {
  return pod.spec?.priority ?? 0;
}

function hostPortsOf({ spec }: V1Pod): readonly HostPort[] {
  const wanted = (spec?.containers ?? []).some(({ ports }) => ports?.length) || spec?.initContainers?.some(isSidecar);
  if (!wanted) return NONE;
  const sidecars = (spec?.initContainers ?? []).filter(isSidecar);
  const ports = [...(spec?.containers ?? []), ...sidecars].flatMap((container) => container.ports ?? []);
  return ports
    .filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({ ip: port.hostIP || ANY_ADDRESS, protocol: port.protocol || 'TCP', port: port.hostPort ?? 0 }));
}

/** Names of the claims that the pod's volumes stand for; a generic ephemeral volume's is the pod's name and its own. */
export function claimNames({ metadata, spec }: V1Pod): readonly string[] {
  const names: string[] = [];
  for (const { name, persistentVolumeClaim, ephemeral } of spec?.volumes ?? NONE) {
    if (persistentVolumeClaim) names.push(persistentVolumeClaim.claimName);
    else if (ephemeral) names.push(`${metadata?.name}-${name}`);
  }
  return names.length === 0 ? NONE : names;
}
