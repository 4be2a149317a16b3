/** Asks the server which resources it serves, for controllers that work on every kind. */
import { messageOf } from '../../base/errors.ts';
import type { ResourceRef } from '../../openapi/object.ts';
import type { Transport } from '../../openapi/transport.ts';

export interface ServedResource extends ResourceRef {
  verbs: readonly string[];
}

export interface Discovery {
  /** Of each group its preferred version; no subresources. */
  resources: ServedResource[];
  /** Group versions that could not be read, with the reason. */
  failures: { groupVersion: string; message: string }[];
}

interface ResourceList {
  resources?: { name: string; kind: string; namespaced: boolean; verbs?: string[]; group?: string; version?: string }[];
}

interface GroupList {
  groups?: { name: string; preferredVersion?: { groupVersion: string }; versions?: { groupVersion: string }[] }[];
}

/** Rejects only when the list of groups itself cannot be read. */
export async function discover(transport: Transport): Promise<Discovery> {
  const groups = (await transport.call({ method: 'GET', path: '/apis' })) as GroupList;
  const versions = (groups.groups ?? []).flatMap((group) => {
    const preferred = group.preferredVersion?.groupVersion ?? group.versions?.[0]?.groupVersion;
    return preferred ? [preferred] : [];
  });
  const discovery: Discovery = { resources: [], failures: [] };
  await Promise.all(['v1', ...versions].map((groupVersion) => discoverVersion(transport, groupVersion, discovery)));
  discovery.resources.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  discovery.failures.sort((a, b) => (a.groupVersion < b.groupVersion ? -1 : 1));
  return discovery;
}

function sortKey(resource: ServedResource): string {
  return `${resource.group}/${resource.resource}`;
}

async function discoverVersion(transport: Transport, groupVersion: string, into: Discovery): Promise<void> {
  const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  const path = group === '' ? `/api/${version}` : `/apis/${groupVersion}`;
  try {
    const list = (await transport.call({ method: 'GET', path })) as ResourceList;
    for (const { name, kind, namespaced, verbs } of list.resources ?? []) {
      if (name.includes('/')) continue;
      into.resources.push({
        group: group ?? '',
        version: version ?? '',
        resource: name,
        kind,
        namespaced,
        verbs: verbs ?? [],
      });
    }
  } catch (error) {
    into.failures.push({ groupVersion, message: messageOf(error) });
  }
}

/** client-go's words for groups that could not be read. */
export function discoveryFailureText(failures: Discovery['failures']): string {
  const groups = failures.map(({ groupVersion, message }) => `${groupVersion}: ${message}`).join(', ');
  return `unable to retrieve the complete list of server APIs: ${groups}`;
}
