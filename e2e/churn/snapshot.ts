/** Every object of a cluster, of whatever kind the server says that there is, and what has changed since. */
import type { Client } from '../../client/client.ts';
import type { KubeList, KubeObject } from '../../openapi/object.ts';
import { nameOf } from './objects.ts';

interface ResourceList {
  resources?: { name: string; verbs: string[] }[];
}

interface GroupList {
  groups?: { preferredVersion?: { groupVersion: string } }[];
}

/** Their heartbeats are no news. */
const IGNORED = new Set(['leases', 'componentstatuses']);
/** Seen twice: as they are, and as another group shows them. */
const SHOWN_AGAIN = 'events.k8s.io';

/** The paths at which all objects but leases are listed. */
export async function listPaths(client: Client): Promise<string[]> {
  const { groups = [] } = await ask<GroupList>(client, '/apis');
  const versions = groups.map(({ preferredVersion }) => preferredVersion?.groupVersion ?? '');
  const wanted = versions.filter((version) => version !== '' && !version.startsWith(SHOWN_AGAIN));
  const roots = ['/api/v1', ...wanted.map((version) => `/apis/${version}`)];
  const paths: string[] = [];
  for (const root of roots) {
    const { resources = [] } = await ask<ResourceList>(client, root);
    for (const { name, verbs } of resources) {
      const isStored = verbs.includes('list') && verbs.includes('watch');
      if (isStored && !name.includes('/') && !IGNORED.has(name)) paths.push(`${root}/${name}`);
    }
  }
  return paths;
}

export async function snapshot(client: Client, paths: readonly string[]): Promise<KubeObject[]> {
  const lists = await Promise.all(paths.map((path) => ask<KubeList<KubeObject>>(client, path)));
  return lists.flatMap(({ items }) => items);
}

/** What has been written between two snapshots: made, changed or removed. A node's heartbeat is no change. */
export function changes(before: readonly KubeObject[], after: readonly KubeObject[]): string[] {
  const old = new Map(before.map((object) => [object.metadata?.uid ?? '', object]));
  const found: string[] = [];
  for (const object of after) {
    const was = old.get(object.metadata?.uid ?? '');
    old.delete(object.metadata?.uid ?? '');
    if (!was) found.push(`${nameOf(object)} was made`);
    else if (hasChanged(was, object)) found.push(`${nameOf(object)} was written`);
  }
  for (const object of old.values()) found.push(`${nameOf(object)} was removed`);
  return found;
}

function hasChanged(was: KubeObject, is: KubeObject): boolean {
  if (was.metadata?.resourceVersion === is.metadata?.resourceVersion) return false;
  return is.kind !== 'Node' || textOf(was) !== textOf(is);
}

const HEARTBEAT = new Set(['resourceVersion', 'managedFields', 'lastHeartbeatTime']);

function textOf(object: KubeObject): string {
  return JSON.stringify(object, (key, value: unknown) => (HEARTBEAT.has(key) ? undefined : value));
}

function ask<T>(client: Client, path: string): Promise<T> {
  return client.transport.call({ method: 'GET', path }) as Promise<T>;
}
