/** Finds what an autoscaler points at, whatever its kind, and reads and writes its scale. */
import type { Client } from '../../client/client.ts';
import * as resources from '../../client/resources.ts';
import type { V1Scale, V2CrossVersionObjectReference } from '../../openapi/generated/types.ts';
import { pathOf, type ResourceRef } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';

/** Kinds that every server has. */
const KNOWN: readonly ResourceRef[] = [
  resources.DEPLOYMENTS,
  resources.REPLICA_SETS,
  resources.STATEFUL_SETS,
  resources.REPLICATION_CONTROLLERS,
  resources.SERVICES,
  resources.PODS,
];

interface GroupVersions {
  versions?: { groupVersion: string; version: string }[];
}

interface ResourceList {
  resources?: { name: string; kind: string; namespaced: boolean }[];
}

export interface FoundScale {
  scale: V1Scale;
  path: string;
}

export class Targets {
  readonly #client: Client;
  /** By group and kind. */
  readonly #found = new Map<string, ResourceRef[]>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Throws upstream's error where nothing is of that kind, and the server's where it has no scale for us. */
  async scaleOf(namespace: string, target: V2CrossVersionObjectReference): Promise<FoundScale> {
    const candidates = await this.resourcesOf(target);
    let first: unknown;
    for (const ref of candidates) {
      const path = pathOf(ref, namespace, target.name, 'scale');
      try {
        return { scale: (await this.#client.transport.call({ method: 'GET', path })) as V1Scale, path };
      } catch (error) {
        first ??= error;
      }
    }
    // What was found once may be served under another version now.
    this.#found.delete(keyOf(target));
    throw first;
  }

  async update({ scale, path }: FoundScale, replicas: number): Promise<void> {
    const body = { ...scale, apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { ...scale.spec, replicas } };
    await this.#client.transport.call({ method: 'PUT', path, body });
  }

  /** What serves the kind, in each version of its group. */
  async resourcesOf(target: V2CrossVersionObjectReference): Promise<ResourceRef[]> {
    const group = groupOf(target);
    const known = KNOWN.filter((ref) => ref.group === group && ref.kind === target.kind);
    if (known.length > 0) return known;
    const key = keyOf(target);
    const found = this.#found.get(key) ?? (await this.#discover(group, target.kind));
    if (found.length === 0) {
      throw new Error(`no matches for kind ${JSON.stringify(target.kind)} in group ${JSON.stringify(group)}`);
    }
    this.#found.set(key, found);
    return found;
  }

  async #discover(group: string, kind: string): Promise<ResourceRef[]> {
    const versions = group === '' ? ['v1'] : await this.#versionsOf(group);
    const refs: ResourceRef[] = [];
    for (const version of versions) {
      const list = await this.#read<ResourceList>(group === '' ? '/api/v1' : `/apis/${group}/${version}`);
      for (const { name, kind: served, namespaced } of list?.resources ?? []) {
        if (served === kind && !name.includes('/')) refs.push({ group, version, resource: name, kind, namespaced });
      }
    }
    return refs;
  }

  async #versionsOf(group: string): Promise<string[]> {
    const { versions = [] } = (await this.#read<GroupVersions>(`/apis/${group}`)) ?? {};
    return versions.map(({ version }) => version);
  }

  async #read<T>(path: string): Promise<T | undefined> {
    try {
      return (await this.#client.transport.call({ method: 'GET', path })) as T;
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

function groupOf({ apiVersion = '' }: V2CrossVersionObjectReference): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function keyOf(target: V2CrossVersionObjectReference): string {
  return `${groupOf(target)}/${target.kind}`;
}
