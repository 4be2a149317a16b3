/** What certificate signing requests ask for, and whether it is what their signer signs. Pure. */
import type {
  V1CertificateSigningRequest,
  V1CertificateSigningRequestCondition,
} from '../../openapi/generated/types.ts';

export const KUBE_APISERVER_CLIENT = 'kubernetes.io/kube-apiserver-client';
export const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
export const KUBELET_SERVING = 'kubernetes.io/kubelet-serving';
export const LEGACY_UNKNOWN = 'kubernetes.io/legacy-unknown';

/** What the request in PEM says. */
export interface RequestedCertificate {
  commonName: string;
  organizations: readonly string[];
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  emailAddresses: readonly string[];
  uris: readonly string[];
}

const KUBELET_CLIENT_USAGES = ['client auth', 'digital signature', 'key encipherment'];
const KUBELET_SERVING_USAGES = ['digital signature', 'key encipherment', 'server auth'];
const OPTIONAL_CLIENT_USAGES: ReadonlySet<string> = new Set(['digital signature', 'key encipherment']);
const NODE_PREFIX = 'system:node:';

/** Whether the usages are others than wanted; key encipherment is for keys that can do it, and may be missing. */
function usagesDiffer(usages: readonly string[], wanted: readonly string[]): boolean {
  const has = new Set(usages);
  const same = (names: readonly string[]) => names.length === has.size && names.every((name) => has.has(name));
  return !same(wanted) && !same(wanted.filter((usage) => usage !== 'key encipherment'));
}

function isOfNodes(requested: RequestedCertificate): boolean {
  return requested.organizations.length === 1 && requested.organizations[0] === 'system:nodes';
}

/** Why the request is none of a kubelet for its client certificate, in upstream's words; `undefined` when it is. */
export function kubeletClientProblem(requested: RequestedCertificate, usages: readonly string[]): string | undefined {
  if (!isOfNodes(requested)) return 'subject organization is not system:nodes';
  if (requested.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (requested.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (requested.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (requested.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!requested.commonName.startsWith(NODE_PREFIX)) return `subject common name does not begin with ${NODE_PREFIX}`;
  if (usagesDiffer(usages, KUBELET_CLIENT_USAGES)) return usagesMessage(KUBELET_CLIENT_USAGES);
  return undefined;
}

/** The same for the certificate that a kubelet shows its clients. */
export function kubeletServingProblem(requested: RequestedCertificate, usages: readonly string[]): string | undefined {
  if (!isOfNodes(requested)) return 'subject organization is not system:nodes';
  const { dnsNames, ipAddresses, emailAddresses, uris, commonName } = requested;
  if (dnsNames.length === 0 && ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (usagesDiffer(usages, KUBELET_SERVING_USAGES)) return usagesMessage(KUBELET_SERVING_USAGES);
  if (!commonName.startsWith(NODE_PREFIX)) return `subject common name does not begin with ${NODE_PREFIX}`;
  return undefined;
}

function usagesMessage(usages: readonly string[]): string {
  return `usages did not match [${usages.join(' ')}]`;
}

/** Why the usages are none of a client's certificate. */
export function clientUsagesProblem(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => usage !== 'client auth' && !OPTIONAL_CLIENT_USAGES.has(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}

export type Verdict = { signs: false } | { signs: true; problem: string | undefined };

/** Whether we sign for the request's signer, and what is wrong with the request if we do. */
export function verdictOf({ spec }: V1CertificateSigningRequest, requested: RequestedCertificate): Verdict {
  const usages = spec.usages ?? [];
  switch (spec.signerName) {
    case KUBE_APISERVER_CLIENT:
      return { signs: true, problem: clientUsagesProblem(usages) };
    case KUBELET_CLIENT:
      return { signs: true, problem: kubeletClientProblem(requested, usages) };
    case KUBELET_SERVING:
      return { signs: true, problem: kubeletServingProblem(requested, usages) };
    case LEGACY_UNKNOWN:
      return { signs: true, problem: undefined };
    default:
      return { signs: false };
  }
}

/** One of the permissions by which a kubelet's request is approved without anybody looking at it. */
export interface Recognized {
  subresource: 'selfnodeclient' | 'nodeclient';
  message: string;
}

/** Which permissions would let the request through, the narrower first: asked for by the node itself, or for a node. */
export function recognizedAs({ spec }: V1CertificateSigningRequest, requested: RequestedCertificate): Recognized[] {
  if (spec.signerName !== KUBELET_CLIENT || kubeletClientProblem(requested, spec.usages ?? []) !== undefined) return [];
  const node: Recognized = {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  };
  if (spec.username !== requested.commonName) return [node];
  const self: Recognized = {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  };
  return [self, node];
}

export function conditionsOf({ status }: V1CertificateSigningRequest): readonly V1CertificateSigningRequestCondition[] {
  return status?.conditions ?? [];
}

export function hasCondition(request: V1CertificateSigningRequest, type: string): boolean {
  return conditionsOf(request).some((condition) => condition.type === type);
}

export function isIssued({ status }: V1CertificateSigningRequest): boolean {
  return Boolean(status?.certificate);
}

/** Whether a signer should look at it: approved and not denied, neither signed nor failed yet. */
export function awaitsSignature(request: V1CertificateSigningRequest): boolean {
  const failed = conditionsOf(request).some(({ type, status }) => type === 'Failed' && (!status || status === 'True'));
  return !isIssued(request) && hasCondition(request, 'Approved') && !hasCondition(request, 'Denied') && !failed;
}

export function awaitsApproval(request: V1CertificateSigningRequest): boolean {
  return !isIssued(request) && !hasCondition(request, 'Approved') && !hasCondition(request, 'Denied');
}

const HOUR_MS = 3_600_000;
/** How long requests are kept for people to look at, counted from their decision. */
const KEPT_MS: Record<string, number> = { Approved: HOUR_MS, Denied: HOUR_MS, Failed: HOUR_MS };
const PENDING_MS = 24 * HOUR_MS;

/** Whether a request may go. `expiresMs` is when its certificate ends, if it has one. */
export function isOutdated(
  request: V1CertificateSigningRequest,
  nowMs: number,
  expiresMs: number | undefined,
): boolean {
  const conditions = conditionsOf(request);
  const olderThan = (time: string | undefined, ms: number) => time !== undefined && nowMs - Date.parse(time) > ms;
  if (conditions.length === 0) return olderThan(request.metadata?.creationTimestamp, PENDING_MS);
  return conditions.some(({ type, lastUpdateTime }) => {
    const keptMs = KEPT_MS[type];
    if (keptMs === undefined || (type === 'Approved' && !isIssued(request))) return false;
    if (type === 'Approved' && expiresMs !== undefined && nowMs > expiresMs) return true;
    return olderThan(lastUpdateTime, keptMs);
  });
}
