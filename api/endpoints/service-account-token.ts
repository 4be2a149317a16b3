/** Tokens for service accounts: the TokenRequest API. */
import { rfc3339 } from '../../base/clock.ts';
import type {
  AuthenticationV1TokenRequest,
  V1BoundObjectReference,
  V1Pod,
  V1ServiceAccount,
} from '../../openapi/generated/types.ts';
import {
  badRequest,
  conflict,
  type FieldError,
  forbidden,
  invalid,
  pageNotFound,
  type StatusError,
} from '../../openapi/status.ts';
import { type KubernetesClaims, refOf } from '../auth/tokens/claims.ts';
import { nodeNameOf } from '../http/authorize.ts';
import type { ApiResult } from '../http/request.ts';
import { invalidValue } from '../registry/validation/errors.ts';
import type { ResourceRequest } from './context.ts';
import { decodeBody, type Expected } from './decode.ts';
import { writeContext } from './options.ts';

export const TOKEN_REQUEST: Expected = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  definition: 'io.k8s.api.authentication.v1.TokenRequest',
};

const DEFAULT_S = 3600;
const MIN_S = 600;
const MAX_S = 2 ** 32;
/** Upstream's kubelet asks for this when it means an hour but wants to be told of clients that never reload. */
const WARN_ONLY_S = 3607;
const EXTENDED_S = 365 * 24 * 3600;

/** POST to `serviceaccounts/NAME/token`. */
export async function tokenRequest(target: ResourceRequest): Promise<ApiResult> {
  const { request, info, store, context } = target;
  const { tokens } = context;
  if (!tokens) throw pageNotFound();
  writeContext(request, 'CreateOptions');
  const isKnown = (apiVersion: string, kind: string) =>
    (apiVersion === 'authentication.k8s.io/v1' && kind === 'TokenRequest') || context.known(apiVersion, kind);
  const body = (await decodeBody(request, TOKEN_REQUEST, isKnown)) as AuthenticationV1TokenRequest;
  restrictNode(target, body);
  checkMetadata(body, info.namespace, info.name);
  const account = store.get(info.namespace, info.name).object as V1ServiceAccount;
  const { audiences = [], expirationSeconds = DEFAULT_S, boundObjectRef } = body.spec ?? {};
  refuse('', validateDuration(expirationSeconds));
  const wanted = audiences.length > 0 ? audiences : [...tokens.audiences];
  const bound = boundObjectRef ? boundClaims(target, account, boundObjectRef) : {};
  const isForServer = wanted.every((audience) => tokens.audiences.includes(audience));
  const isExtended = bound.pod !== undefined && expirationSeconds === WARN_ONLY_S && isForServer;
  const now = context.clock.now();
  const own: KubernetesClaims = {
    namespace: info.namespace,
    ...bound,
    serviceaccount: refOf(account),
    ...(isExtended ? { warnafter: Math.floor(now / 1000) + expirationSeconds } : {}),
  };
  const token = await tokens.sign(own, wanted, isExtended ? EXTENDED_S : expirationSeconds);
  const answer = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { ...body.metadata, name: info.name, namespace: info.namespace, creationTimestamp: rfc3339(now) },
    // Upstream writes the reference even where there is none.
    spec: { boundObjectRef: null, ...body.spec, audiences: wanted, expirationSeconds },
    status: { token, expirationTimestamp: rfc3339(now + expirationSeconds * 1000) },
  };
  return { kind: 'object', status: 201, object: answer };
}

/** Upstream's NodeRestriction: a kubelet gets tokens for the pods that run on its node, and for nothing else. */
function restrictNode({ request, info, context }: ResourceRequest, { spec }: AuthenticationV1TokenRequest): void {
  const nodeName = nodeNameOf(request.user);
  if (nodeName === undefined) return;
  const refuseNode = (why: string) => {
    const accounts = { group: '', resource: 'serviceaccounts' };
    return forbidden(accounts, info.name, `serviceaccounts ${JSON.stringify(info.name)} is forbidden: ${why}`);
  };
  const { apiVersion, kind, name, uid } = spec?.boundObjectRef ?? {};
  if (apiVersion !== 'v1' || kind !== 'Pod' || !name) throw refuseNode('node requested token not bound to a pod');
  if (!uid) throw refuseNode('node requested token with a pod binding without a uid');
  const pod = context.registry.store('', 'v1', 'pods').get(info.namespace, name).object as V1Pod;
  if (uid !== pod.metadata?.uid) throw refuseNode(otherUid(uid));
  if (pod.spec?.nodeName !== nodeName) {
    throw refuseNode('node requested token bound to a pod scheduled on a different node');
  }
}

/** What the body says of the account has to be true. */
function checkMetadata({ metadata = {} }: AuthenticationV1TokenRequest, namespace: string, name: string): void {
  const check = (field: 'name' | 'namespace', expected: string) => {
    const given = metadata[field];
    if (!given || given === expected) return;
    const detail = `must match the service account ${field} if specified`;
    refuse(name, [invalidValue(`metadata.${field}`, given, detail)]);
  };
  check('name', name);
  check('namespace', namespace);
}

function validateDuration(seconds: number): FieldError[] {
  const field = 'spec.expirationSeconds';
  if (seconds < MIN_S) return [invalidValue(field, seconds, 'may not specify a duration less than 10 minutes')];
  return seconds > MAX_S ? [invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
}

function refuse(name: string, errors: FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, errors);
}

/** What the token is bound to. Throws 404 when it is not there, 409 when it is another of that name. */
function boundClaims(
  { info, context }: ResourceRequest,
  account: V1ServiceAccount,
  ref: V1BoundObjectReference,
): Partial<KubernetesClaims> {
  const { kind = '', apiVersion = '', name = '' } = ref;
  const get = (plural: string, namespace: string) =>
    context.registry.store('', 'v1', plural).get(namespace, name).object;
  const isCore = !apiVersion.includes('/');
  if (isCore && kind === 'Secret') return { secret: checked(ref, refOf(get('secrets', info.namespace))) };
  if (isCore && kind === 'Node') return { node: checked(ref, refOf(get('nodes', ''))) };
  if (!isCore || kind !== 'Pod') throw unsupported(apiVersion, kind);
  const pod = get('pods', info.namespace) as V1Pod;
  if (pod.spec?.serviceAccountName !== account.metadata?.name) {
    const who = JSON.stringify(account.metadata?.name);
    throw badRequest(`cannot bind token for serviceaccount ${who} to pod running with different serviceaccount name.`);
  }
  const { nodeName } = pod.spec ?? {};
  const node = nodeName
    ? context.registry.store('', 'v1', 'nodes').cache.get(`/registry/minions/${nodeName}`)
    : undefined;
  return {
    ...(nodeName ? { node: { name: nodeName, uid: node?.object.metadata?.uid ?? '' } } : {}),
    pod: checked(ref, refOf(pod)),
  };
}

function checked<T extends { uid: string }>({ kind = '', name = '', uid }: V1BoundObjectReference, found: T): T {
  if (!uid || uid === found.uid) return found;
  throw conflict({ group: '', resource: kind }, name, otherUid(uid));
}

function otherUid(uid: string): string {
  return `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
}

function unsupported(apiVersion: string, kind: string): StatusError {
  const version = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  return badRequest(`cannot bind token to object of type ${version}, Kind=${kind}`);
}
