/**
 * The API server: storage, cache, registry, endpoints and the listener, put together. A request goes through the
 * filters top to bottom as `handle` names them; clients in the process enter the same way, with an identity instead of
 * credentials.
 */
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { OpenApiDocuments } from '../openapi/documents.ts';
import type { Transport } from '../openapi/transport.ts';
import { LateAccess } from './auth/access.ts';
import { AccessControl, type ServiceAccountOptions } from './auth/access-control.ts';
import { clusterHooks } from './auth/cluster-hooks.ts';
import { advertise, bootstrapObjects, hostAddress } from './bootstrap.ts';
import { DirectTransport } from './direct.ts';
import type { EndpointContext, KubeletAccess } from './endpoints/context.ts';
import { fieldDescriptions } from './endpoints/descriptions.ts';
import { issuerDiscovery } from './endpoints/issuer-discovery.ts';
import { handleNonResource } from './endpoints/non-resource.ts';
import { openapiDocuments } from './endpoints/openapi.ts';
import { handleResource } from './endpoints/resource.ts';
import { type HealthCheck, isHealthPath } from './http/health.ts';
import {
  IN_FLIGHT_LIMITS,
  InFlight,
  type InFlightLimits,
  isLongRunning,
  isMutating,
  tooManyRequestsAnswer,
} from './http/in-flight.ts';
import { Listener, type WireRequest } from './http/listener.ts';
import type { ApiRequest, ApiResult, UserInfo } from './http/request.ts';
import { REQUEST_TIMEOUT_MS, RequestDeadline } from './http/request-deadline.ts';
import { type ResourceInfo, requestInfo } from './http/request-info.ts';
import { presentationOf, respond, respondError, warningHeaders } from './http/respond.ts';
import type { Headers, WireResponse } from './http/wire-response.ts';
import { admissionChain } from './registry/admission/chain.ts';
import { ipAllocator } from './registry/allocators/ip-allocator.ts';
import { portAllocator } from './registry/allocators/port-allocator.ts';
import { CustomResources } from './registry/apiextensions/controller.ts';
import type { ComponentChecks } from './registry/core/componentstatuses.ts';
import { followServices, seedServices, servicesIn } from './registry/core/service-allocation.ts';
import type { ResourceDeclaration } from './registry/declaration.ts';
import type { MetricsSource } from './registry/metrics/source.ts';
import { Registry } from './registry/registry.ts';
import { builtinResources } from './registry/resources.ts';
import { storagePrefix } from './registry/store/store.ts';
import { type ExpiringResource, startExpiry } from './registry/store/ttl.ts';
import type { Storage } from './storage/interface.ts';
import { WatchCache } from './storage/watch-cache.ts';

export interface ApiServerOptions {
  storage: Storage;
  clock: Clock;
  random: Random;
  log: Log;
  /** Absent: no listener, only clients in the process. */
  serving?: { host: string; port: number; cert: Buffer; key: Buffer; clientCa: Buffer };
  /** Bearer tokens and whose they are. */
  tokens: ReadonlyMap<string, UserInfo>;
  /** For example `10.96.0.0/16`; its first address is the `kubernetes` service's. */
  serviceClusterIpRange: string;
  /** For example `30000-32767`, both ends included. */
  serviceNodePortRange: string;
  kubelet?: KubeletAccess;
  /** Seconds that Events are kept; an hour when absent, as upstream's `--event-ttl`. */
  eventTtlSeconds?: number;
  /** How the parts of the control plane are, for who asks for ComponentStatuses; what is not named is looked for. */
  componentChecks?: ComponentChecks;
  /** What nodes and pods use; without it metrics.k8s.io is not served. */
  metrics?: MetricsSource;
  /** How tokens of service accounts are signed. */
  serviceAccounts?: ServiceAccountOptions;
  /**
   * Refuse pods whose service account is missing, and mount its token into the others; needs the controllers that make
   * the default accounts and publish the root CA. Default true.
   */
  requireServiceAccounts?: boolean;
  /** Requests worked on at a time; upstream's defaults when absent. */
  inFlightLimits?: InFlightLimits;
  /** How long a request may take, in ms; upstream's `--request-timeout`, a minute when absent. */
  requestTimeoutMs?: number;
  /** Freezes what is cached, so that a component that mutates it fails: for tests. */
  freeze?: boolean;
}

export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #cache: WatchCache;
  readonly #registry: Registry;
  readonly #endpoints: EndpointContext;
  readonly #documents: OpenApiDocuments;
  readonly #access: AccessControl;
  readonly #checks: HealthCheck[];
  readonly #inFlight: InFlight;
  #listener: Listener | undefined;
  #custom: CustomResources | undefined;
  #expiry: { stop(): Promise<void> } | undefined;
  readonly #stopping = new AbortController();
  #following: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(options: ApiServerOptions, cache: WatchCache, registry: Registry, access: AccessControl) {
    const { clock, random, log, kubelet } = options;
    this.#options = options;
    this.#cache = cache;
    this.#registry = registry;
    this.#documents = openapiDocuments(registry, (definition) => this.#custom?.schema(definition));
    this.#endpoints = {
      registry,
      clock,
      random,
      log,
      known: (apiVersion, kind) => registry.knows(apiVersion, kind),
      tokens: access.tokens,
      ...(kubelet ? { kubelet } : {}),
    };
    this.#access = access;
    this.#inFlight = new InFlight(options.inFlightLimits ?? IN_FLIGHT_LIMITS, () => clock.monotonic());
    this.#checks = [
      { name: 'ping', check: async () => undefined },
      { name: 'etcd', check: async () => void (await options.storage.revision()) },
    ];
  }

  /** Loads the store, makes the objects every cluster has, and listens. */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const { storage, clock, random, log } = options;
    const clusterIPs = ipAllocator(options.serviceClusterIpRange, random);
    const nodePorts = portAllocator(options.serviceNodePortRange, random);
    const late = new LateAccess();
    const describe = fieldDescriptions();
    const { eventTtlSeconds, componentChecks, metrics } = options;
    const declarations = builtinResources({
      clusterIPs,
      nodePorts,
      describe,
      access: late,
      clock,
      ...(eventTtlSeconds === undefined ? {} : { eventTtlSeconds }),
      ...(componentChecks ? { componentChecks } : {}),
      ...(metrics ? { metrics } : {}),
    });
    const resources = declarations.map((declaration) => ({
      prefix: storagePrefix(declaration),
      fields: declaration.fields ?? (() => ({})),
    }));
    const cache = await WatchCache.start({
      storage,
      clock,
      log,
      resources,
      ...(options.freeze ? { freeze: true } : {}),
    });
    const admission = admissionChain(cache, clock, random, options.requireServiceAccounts !== false);
    const dependencies = { storage, cache, clock, random, admission };
    const registry = new Registry(dependencies, declarations);
    seedServices({ clusterIPs, nodePorts }, servicesIn(cache));
    const access = new AccessControl({ ...options, cache });
    late.bind(access);
    const server = new ApiServer(options, cache, registry, access);
    if (storage.shared)
      server.#following = followServices({ clusterIPs, nodePorts }, cache, clock, server.#stopping.signal);
    try {
      await bootstrapObjects(registry, options.serviceClusterIpRange);
      server.#custom = await CustomResources.start({ registry, dependencies, clock, log, describe });
      if (options.serving) {
        const handle = (request: WireRequest, response: WireResponse) => server.#serve(request, response);
        server.#listener = await Listener.open({ ...options.serving, clock, log, handle });
        await advertise(registry, hostAddress(), server.port);
      }
      access.start(registry, clusterHooks(registry, clock, log));
      server.#expiry = startExpiry({ storage, cache, clock, log, resources: expiring(declarations) });
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** The port that is listened on; 0 without a listener. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Resolves when the objects that every cluster has are stored, which clients need not wait for. */
  settled(): Promise<void> {
    return this.#access.settled();
  }

  /** A transport for a client in this process: the same filters, with `user` as the identity. */
  direct(user: UserInfo): Transport {
    return new DirectTransport(user, (request) => this.#filtered(request));
  }

  /** Answers what is under way, ends connections and watches, and closes the storage. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#listener?.close();
    await this.#access.stop();
    await this.#custom?.stop();
    await this.#expiry?.stop();
    this.#stopping.abort();
    await this.#following;
    await this.#cache.stop();
    await this.#options.storage.close();
  }

  async #serve(wire: WireRequest, response: WireResponse): Promise<void> {
    const { clock, random } = this.#options;
    const headers = { 'audit-id': random.uuid(), 'cache-control': 'no-cache, private' };
    const deadline = new RequestDeadline(
      clock,
      this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      response,
      wire.ending,
    );
    let request: ApiRequest | undefined;
    try {
      wire.ending.throwIfOver();
      request = await this.#read(wire);
      if (isLongRunning(request.info)) deadline.lift();
      // Nothing is done for a client that could not read the answer.
      if (request.info.resource && !wire.upgrade) presentationOf(request, this.#declarationOf(request.info.resource));
      await this.#limited(request, response, (work) => deadline.within(work), headers);
    } catch (error) {
      const warnings = request ? warningHeaders(request) : {};
      await this.#refuse(error, wire, response, { ...headers, ...warnings });
    }
  }

  /** Answers a request while it holds a place among those in flight. */
  async #limited(
    request: ApiRequest,
    response: WireResponse,
    within: <T>(work: Promise<T>) => Promise<T>,
    headers: Headers,
  ): Promise<void> {
    const { clock } = this.#options;
    if (isLongRunning(request.info)) {
      await respond(await this.#filtered(request), request, response, clock, headers);
      return;
    }
    this.#access.authorize(request.user, request.info);
    // Whoever sends his body a byte a second must not take a place from those who do not.
    if (isMutating(request.info)) await within(settled(request.bytes()));
    const place = this.#inFlight.enter(request.info, request.user, response);
    try {
      const result = place ? await within(this.#handled(request)) : tooManyRequestsAnswer();
      await respond(result, request, response, clock, headers);
    } finally {
      place?.leave();
    }
  }

  #declarationOf({ group, version, resource }: ResourceInfo): ResourceDeclaration | undefined {
    return this.#registry.find(group, version, resource)?.declaration;
  }

  async #refuse(error: unknown, wire: WireRequest, response: WireResponse, headers: Headers): Promise<void> {
    if (response.closed) return;
    const { log } = this.#options;
    const { method, url } = wire;
    // It is too late for a Status: the client must see that what it has is not all.
    if (response.started) {
      if (!wire.ending.over) log.warn({ method, url, error: messageOf(error) }, 'api: an answer broke off');
      response.abort();
      return;
    }
    const { code } = await respondError(error, wire, response, headers);
    if (code === 500) log.error({ method, url, code, error: stackOf(error) }, 'api: request failed');
  }

  /** Authentication: what has no identity goes no further than health and version. */
  async #read(wire: WireRequest): Promise<ApiRequest> {
    const mark = wire.url.indexOf('?');
    const query = new URLSearchParams(mark < 0 ? '' : wire.url.slice(mark + 1));
    const info = requestInfo(wire.method, mark < 0 ? wire.url : wire.url.slice(0, mark), query);
    const credentials = { authorization: authorizationOf(wire), socket: wire.socket };
    const open = info.verb === 'get' && (isHealthPath(info.path) || info.path === '/version');
    const isAnonymous = open && credentials.authorization === undefined;
    const asker = isAnonymous ? ANONYMOUS : await this.#access.identify(credentials);
    const user = this.#access.actingAs(wire.rawHeaders, asker);
    return {
      method: wire.method,
      info,
      query,
      header: wire.header,
      bytes: wire.bytes,
      user,
      get signal() {
        return wire.ending.signal;
      },
      warnings: [],
      ...(wire.upgrade ? { upgrade: wire.upgrade } : {}),
    };
  }

  async #filtered(request: ApiRequest): Promise<ApiResult> {
    this.#access.authorize(request.user, request.info);
    return this.#handled(request);
  }

  async #handled(request: ApiRequest): Promise<ApiResult> {
    if (request.info.resource) return handleResource(request, request.info.resource, this.#endpoints);
    const serverAddress = () => `${this.#options.serving?.host ?? '127.0.0.1'}:${this.port}`;
    const discovered = issuerDiscovery(request, this.#access.tokens, serverAddress);
    if (discovered) return discovered;
    return handleNonResource(request, {
      registry: this.#registry,
      documents: this.#documents,
      checks: this.#checks,
      serverAddress,
    });
  }
}

function expiring(declarations: readonly ResourceDeclaration[]): ExpiringResource[] {
  return declarations.flatMap((declaration) => {
    const { ttlSeconds } = declaration;
    return ttlSeconds === undefined ? [] : [{ prefix: storagePrefix(declaration), ttlSeconds }];
  });
}

/** Resolves in any case: whoever needs the outcome asks for it again. */
function settled(work: Promise<unknown>): Promise<void> {
  return work.then(
    () => undefined,
    () => undefined,
  );
}

/** Who only probes. */
const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

/** Browsers cannot set headers on WebSockets: upstream lets them send the token as a subprotocol. */
function authorizationOf(wire: WireRequest): string | undefined {
  const protocol = wire
    .header('sec-websocket-protocol')
    ?.split(',')
    .map((part) => part.trim())
    .find((part) => part.startsWith(BEARER_PROTOCOL));
  if (protocol) return `Bearer ${Buffer.from(protocol.slice(BEARER_PROTOCOL.length), 'base64url').toString()}`;
  return wire.header('authorization');
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}
