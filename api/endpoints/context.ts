/** What the verb handlers share. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { badRequest, pageNotFound, StatusError } from '../../openapi/status.ts';
import type { ServiceAccountTokens } from '../auth/tokens/service-account-tokens.ts';
import type { ApiRequest } from '../http/request.ts';
import type { ResourceInfo } from '../http/request-info.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import type { Registry } from '../registry/registry.ts';
import type { ServedResource } from '../registry/served.ts';
import type { ResourceStore } from '../registry/store/store.ts';
import type { Expected, KnownKind } from './decode.ts';

export interface EndpointContext {
  registry: Registry;
  clock: Clock;
  random: Random;
  log: Log;
  known: KnownKind;
  /** Asks a node's kubelet. Absent: this server reaches no kubelet. */
  kubelet?: KubeletAccess;
  /** Issues tokens for service accounts. Absent: this server issues none. */
  tokens?: ServiceAccountTokens;
}

/** How the server reaches kubelets: with its own client certificate, trusting the cluster's CA for theirs. */
export interface KubeletAccess {
  tls(): { cert: Buffer; key: Buffer; ca: Buffer };
}

/** One request to a resource that exists. */
export interface ResourceRequest {
  request: ApiRequest;
  info: ResourceInfo;
  /** The resource in the version asked for. */
  served: ServedResource;
  /** Of that version. */
  declaration: ResourceDeclaration;
  /** What all versions share. */
  store: ResourceStore;
  context: EndpointContext;
}

/** The schema of the resource's own kind. */
export function expectedOf(declaration: ResourceDeclaration): Expected {
  return declaration;
}

export const DELETE_OPTIONS: Expected = {
  group: '',
  version: 'v1',
  kind: 'DeleteOptions',
  definition: 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
};

/** Finds what a request asks for. Throws 404 for what is not served. */
export function servedFor(registry: Registry, info: ResourceInfo): ServedResource {
  const served = registry.find(info.group, info.version, info.resource);
  if (!served) throw pageNotFound();
  checkSegment('Name', info.name);
  checkSegment('Namespace', info.namespace);
  const { namespaced } = served.declaration;
  if (namespaced && info.namespace === '' && info.name !== '') throw pageNotFound();
  if (!namespaced && info.namespace !== '') throw pageNotFound();
  return served;
}

/** What no name can be, because it would lead elsewhere in the storage of a server that trusted it. */
function checkSegment(what: 'Name' | 'Namespace', value: string): void {
  const why =
    value === '.' || value === '..' ? `may not be '${value}'` : value.includes('%') ? `may not contain '%'` : undefined;
  if (why) throw badRequest(`${what} parameter invalid: ${JSON.stringify(value)}: ${why}`);
}

/** Upstream's answer to a method that a path does not have. */
export function wrongMethod(): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server does not allow this method on the requested resource',
    reason: 'MethodNotAllowed',
    details: {},
    code: 405,
  });
}
