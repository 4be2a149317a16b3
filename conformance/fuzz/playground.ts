/** Where a run takes place: what the server serves, two namespaces, a custom kind, and the sentinels. */
import assert from 'node:assert/strict';
import { messageOf } from '../../base/errors.ts';
import { fetchApi, server } from '../harness/cluster.ts';
import { eventually } from '../harness/eventually.ts';
import { createNamespace, removeAll, removeNamespace, uniqueName } from '../harness/namespace.ts';
import { at, objectOf, type Wire } from '../harness/wire.ts';
import { type KindCase, kinds, collectionOf as kindsCollection, nameOf } from '../kinds.ts';
import { gadgetDefinition } from './custom.ts';
import { collectionOf, type Universe } from './request.ts';
import { type DiscoveredResource, type Surface, surfacesIn } from './surface.ts';

/** The custom kind's group: the same each time, so that a seed's requests are the same. */
const GROUP = 'gadgets.fuzz.example.com';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface Playground {
  universe: Universe;
  /** The sentinels as they were planted, by path. */
  planted: ReadonlyMap<string, Wire>;
  /** What the cluster had outside of namespaces, by path. */
  before: ReadonlySet<string>;
}

/** Makes everything a run needs. Rejects where the server does not let it. */
export async function openPlayground(): Promise<Playground> {
  const playground = uniqueName('fuzz-play');
  const sanctuary = uniqueName('fuzz-safe');
  await createNamespace(playground);
  await createNamespace(sanctuary);
  const defined = await fetchApi('POST', DEFINITIONS, { body: gadgetDefinition(GROUP) });
  assert.ok([201, 409].includes(defined.status), defined.text);
  const surfaces = await eventually(discover);
  const universe: Universe = { surfaces, playground, sanctuary, sentinels: [] };
  return { universe, planted: await plant(universe), before: await clusterObjects(surfaces) };
}

/** Takes away what the run made, and what it planted. */
export async function closePlayground({ universe, before }: Playground): Promise<void> {
  const { surfaces, playground, sanctuary } = universe;
  for (const surface of surfaces.filter(({ namespaced, verbs }) => namespaced && verbs.includes('list'))) {
    await removeAll(collectionOf(surface, playground));
    await removeAll(collectionOf(surface, sanctuary));
  }
  await fetchApi('DELETE', `${DEFINITIONS}/gadgets.${GROUP}`);
  for (const path of await clusterObjects(surfaces)) {
    if (!before.has(path)) await removeStray(path);
  }
  await removeNamespace(playground);
  await removeNamespace(sanctuary);
}

interface GroupList {
  groups: { versions: { groupVersion: string }[] }[];
}

async function discover(): Promise<Surface[]> {
  const groups = (await fetchApi('GET', '/apis')).json<GroupList>().groups;
  const groupVersions = ['v1', ...groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion))];
  const surfaces: Surface[] = [];
  for (const groupVersion of groupVersions) {
    const answer = await fetchApi('GET', groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`);
    surfaces.push(...surfacesIn(groupVersion, answer.json<{ resources: DiscoveredResource[] }>().resources));
  }
  assert.ok(
    surfaces.some(({ custom }) => custom),
    'the custom kind is in discovery',
  );
  // An older server has versions that our codec has forgotten.
  return server.minor < 36 ? surfaces.filter(({ definition }) => definition !== undefined) : surfaces;
}

/** One object of each kind that lives in a namespace, which nothing else writes to. */
async function plant({ sanctuary, sentinels }: Universe): Promise<Map<string, Wire>> {
  const planted = new Map<string, Wire>();
  for (const kind of kinds.filter(({ namespaced, since = 0 }) => namespaced && server.minor >= since)) {
    const collection = kindsCollection(kind, sanctuary);
    const name = nameOf(kind, sentinelName(kind));
    const object = objectOf(await fetchApi('POST', collection, { body: kind.sample(name, sanctuary) }), 201);
    sentinels.push({ resource: kind.resource, name, collection });
    planted.set(`${collection}/${name}`, object);
  }
  return planted;
}

/** Events of two groups are kept in one place, and so must not have one name. */
function sentinelName({ resource, apiVersion }: KindCase): string {
  return `sentinel-${resource}-${apiVersion.replaceAll(/[/.]/g, '-')}`;
}

/** What the run harmed. */
export async function examine({ planted }: Playground): Promise<string[]> {
  const damage: string[] = [];
  for (const [path, object] of planted) {
    const harm = difference((await fetchApi('GET', path)).text, object);
    if (harm) damage.push(`${path}: ${harm}`);
  }
  const ready = await fetchApi('GET', '/readyz');
  if (ready.text !== 'ok') damage.push(`/readyz: ${ready.status} ${ready.text}`);
  return damage;
}

function difference(text: string, planted: Wire): string | undefined {
  try {
    assert.deepEqual(essence(JSON.parse(text) as Wire), essence(planted));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Without what controllers write: status, bookkeeping in the metadata. */
function essence({ status: _status, metadata, ...declared }: Wire): object {
  const rest = declared.kind === 'PersistentVolumeClaim' ? withoutBinding(declared) : declared;
  const { uid, name, namespace, labels, ownerReferences, deletionTimestamp, creationTimestamp } = metadata ?? {};
  return { ...rest, metadata: { uid, name, namespace, labels, ownerReferences, deletionTimestamp, creationTimestamp } };
}

/** A claim may be bound to a volume that the run made, and given a class that it made the default. */
function withoutBinding({ spec, ...rest }: Pick<Wire, 'kind'> & { spec?: object }): object {
  const { volumeName: _volume, storageClassName: _class, ...asked } = { volumeName: '', storageClassName: '', ...spec };
  return { ...rest, spec: asked };
}

async function clusterObjects(surfaces: readonly Surface[]): Promise<Set<string>> {
  const paths = new Set<string>();
  for (const surface of surfaces.filter(({ namespaced, verbs }) => !namespaced && verbs.includes('list'))) {
    const collection = collectionOf(surface, '');
    const answer = await fetchApi('GET', collection);
    // Kinds of the run's own may have gone in the meantime.
    if (answer.status !== 200) continue;
    for (const { metadata } of answer.json<{ items: Wire[] }>().items)
      paths.add(`${collection}/${encodeURIComponent(metadata.name)}`);
  }
  return paths;
}

async function removeStray(path: string): Promise<void> {
  if (path.startsWith('/api/v1/namespaces/')) return removeNamespace(path.slice('/api/v1/namespaces/'.length));
  const object: unknown = JSON.parse((await fetchApi('GET', path)).text);
  if (at(object, 'metadata.finalizers') !== undefined) {
    const headers = { 'content-type': 'application/merge-patch+json' };
    await fetchApi('PATCH', path, { headers, body: { metadata: { finalizers: null } } });
  }
  await fetchApi('DELETE', path);
}
