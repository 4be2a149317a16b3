/** What a service account token says, in upstream's names, and whose it is. Pure. */
import type { KubeObject } from '../../../openapi/object.ts';
import type { Subject } from '../attributes.ts';

export interface ObjectRef {
  name: string;
  uid: string;
}

/** The claim `kubernetes.io`. */
export interface KubernetesClaims {
  namespace: string;
  serviceaccount: ObjectRef;
  pod?: ObjectRef;
  secret?: ObjectRef;
  node?: ObjectRef;
  /** Seconds since 1970: from then on a use of the token is reported, but still good. */
  warnafter?: number;
}

export interface Claims {
  iss: string;
  sub: string;
  aud: string[];
  iat: number;
  nbf: number;
  exp: number;
  jti: string;
  'kubernetes.io': KubernetesClaims;
}

export function refOf({ metadata }: KubeObject): ObjectRef {
  return { name: metadata?.name ?? '', uid: metadata?.uid ?? '' };
}

/** `system:serviceaccount:NAMESPACE:NAME`. */
export function usernameOf(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** The other way round; `undefined` for what is no service account. */
export function splitUsername(username: string): { namespace: string; name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username);
  return match?.[1] && match[2] ? { namespace: match[1], name: match[2] } : undefined;
}

/** The groups of every service account of a namespace. */
export function groupsOf(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

const EXTRA = 'authentication.kubernetes.io/';

/** The user that a token makes of its bearer. */
export function subjectOf({ jti, 'kubernetes.io': own }: Claims): Subject {
  const { namespace, serviceaccount, pod, node } = own;
  const extra: Record<string, string[]> = { [`${EXTRA}credential-id`]: [`JTI=${jti}`] };
  for (const [kind, ref] of [['node', node] as const, ['pod', pod] as const]) {
    if (!ref) continue;
    extra[`${EXTRA}${kind}-name`] = [ref.name];
    if (ref.uid !== '') extra[`${EXTRA}${kind}-uid`] = [ref.uid];
  }
  const name = usernameOf(namespace, serviceaccount.name);
  return { name, uid: serviceaccount.uid, groups: groupsOf(namespace), extra };
}

/** Whether what a stranger signed with our key has the shape of our claims: old keys may have signed other things. */
export function areClaims(value: object): value is Claims {
  const { sub, aud, exp, jti, 'kubernetes.io': own } = value as Partial<Claims>;
  return (
    typeof sub === 'string' &&
    Array.isArray(aud) &&
    typeof exp === 'number' &&
    typeof jti === 'string' &&
    typeof own?.namespace === 'string' &&
    typeof own.serviceaccount?.name === 'string' &&
    sub === usernameOf(own.namespace, own.serviceaccount.name)
  );
}
