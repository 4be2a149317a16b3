/** How many pods the controllers of some pods ask for. */
import type { Clock } from '../../base/clock.ts';
import type { Client } from '../../client/client.ts';
import { DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS } from '../../client/resources.ts';
import type {
  V1Deployment,
  V1OwnerReference,
  V1Pod,
  V1ReplicaSet,
  V1ReplicationController,
  V1Scale,
  V1StatefulSet,
} from '../../openapi/generated/types.ts';
import { type KubeObject, pathOf, type ResourceRef } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { InformerFactory } from '../runtime/informers.ts';
import { controllerOfObject } from '../runtime/pods.ts';

/** What a controller is known by, so that it is counted once, and its scale. */
interface Scaled {
  uid: string;
  replicas: number;
}

export interface TotalScale {
  total: number;
  /** Names of pods that no controller looks after. */
  unmanaged: string[];
}

interface Workload extends KubeObject {
  spec?: { replicas?: number };
}

/** Discovery is believed for this long. */
const DISCOVERY_MS = 30_000;

export class Scales {
  readonly #client: Client;
  readonly #informers: InformerFactory;
  readonly #clock: Clock;
  readonly #discovered = new Map<string, { atMs: number; resources: Promise<ApiResource[]> }>();

  constructor(options: { client: Client; informers: InformerFactory; clock: Clock }) {
    this.#client = options.client;
    this.#informers = options.informers;
    this.#clock = options.clock;
    // Asked for now so that they are there when the controllers start.
    for (const ref of [REPLICATION_CONTROLLERS, REPLICA_SETS, DEPLOYMENTS, STATEFUL_SETS]) this.#informers.of(ref);
  }

  synced(): Promise<void>[] {
    const refs = [REPLICATION_CONTROLLERS, REPLICA_SETS, DEPLOYMENTS, STATEFUL_SETS];
    return refs.map((ref) => this.#informers.of(ref).synced());
  }

  /** The sum over the controllers of `pods`, each counted once. Rejects for a controller that cannot be scaled. */
  async totalOf(pods: readonly V1Pod[]): Promise<TotalScale> {
    const scales = new Map<string, number>();
    const looked = new Set<string>();
    const unmanaged: string[] = [];
    for (const pod of pods) {
      const reference = controllerOfObject(pod);
      if (!reference) {
        unmanaged.push(pod.metadata?.name ?? '');
        continue;
      }
      if (looked.has(reference.uid)) continue;
      looked.add(reference.uid);
      const scaled = await this.#find(reference, pod.metadata?.namespace ?? '');
      if (!scaled) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata?.name)}`);
      scales.set(scaled.uid, scaled.replicas);
    }
    let total = 0;
    for (const count of scales.values()) total += count;
    return { total, unmanaged };
  }

  async #find(reference: V1OwnerReference, namespace: string): Promise<Scaled | undefined> {
    return this.#findCached(reference, namespace) ?? (await this.#findScale(reference, namespace));
  }

  /** One of the controllers that everybody uses, as the informers have it. A Deployment's sets are counted as it. */
  #findCached(reference: V1OwnerReference, namespace: string): Scaled | undefined {
    const { kind, apiVersion } = reference;
    const isApps = apiVersion.startsWith('apps/') || apiVersion.startsWith('extensions/');
    if (kind === 'ReplicationController' && apiVersion === 'v1') {
      return scaledBy(this.#get<V1ReplicationController>(REPLICATION_CONTROLLERS, reference, namespace));
    }
    if (kind === 'StatefulSet' && apiVersion.startsWith('apps/')) {
      return scaledBy(this.#get<V1StatefulSet>(STATEFUL_SETS, reference, namespace));
    }
    if (kind !== 'ReplicaSet' || !isApps) return undefined;
    const set = this.#get<V1ReplicaSet>(REPLICA_SETS, reference, namespace);
    const above = set && controllerOfObject(set);
    if (above?.kind !== 'Deployment') return scaledBy(set);
    return scaledBy(this.#get<V1Deployment>(DEPLOYMENTS, above, namespace));
  }

  #get<T extends KubeObject>(ref: ResourceRef, reference: V1OwnerReference, namespace: string): T | undefined {
    const found = this.#informers.of<T>(ref).get(`${namespace}/${reference.name}`);
    return found?.metadata?.uid === reference.uid ? found : undefined;
  }

  /** Any other kind is asked for its `scale`. */
  async #findScale(reference: V1OwnerReference, namespace: string): Promise<Scaled | undefined> {
    const { resource, scales } = await this.#resourceOf(reference);
    try {
      const path = pathOf(resource, namespace, reference.name, 'scale');
      const scale = (await this.#client.transport.call({ method: 'GET', path })) as V1Scale;
      if (scale.metadata?.uid !== reference.uid) return undefined;
      return { uid: reference.uid, replicas: scale.spec?.replicas ?? 0 };
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
      const { group, resource: plural } = resource;
      const name = group === '' ? plural : `${plural}.${group}`;
      if (!scales) throw new Error(`${name} does not implement the scale subresource`);
      return undefined;
    }
  }

  async #resourceOf({ apiVersion, kind }: V1OwnerReference): Promise<{ resource: ResourceRef; scales: boolean }> {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const resources = await this.#discover(apiVersion);
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    if (!found) throw new Error(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
    return {
      resource: { group: group ?? '', version: version ?? '', resource: found.name, kind, namespaced: true },
      scales: resources.some(({ name }) => name === `${found.name}/scale`),
    };
  }

  #discover(apiVersion: string): Promise<ApiResource[]> {
    const nowMs = this.#clock.monotonic();
    const known = this.#discovered.get(apiVersion);
    if (known && nowMs - known.atMs < DISCOVERY_MS) return known.resources;
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const resources = this.#client.transport
      .call({ method: 'GET', path })
      .then((list) => (list as { resources?: ApiResource[] }).resources ?? []);
    const entry = { atMs: nowMs, resources };
    this.#discovered.set(apiVersion, entry);
    resources.catch(() => this.#discovered.get(apiVersion) === entry && this.#discovered.delete(apiVersion));
    return resources;
  }
}

interface ApiResource {
  name: string;
  kind: string;
}

function scaledBy(workload: Workload | undefined): Scaled | undefined {
  return workload && { uid: workload.metadata?.uid ?? '', replicas: workload.spec?.replicas ?? 1 };
}
