/**
 * What the "should support … API operations" and "lifecycle" rows ask of a kind, all of it for each: discovery, every
 * verb on an object and on the collection, every patch type, /status where there is one, and the watch that saw it.
 */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  fetchApi,
  includes,
  JSON_PATCH,
  listOf,
  MERGE_PATCH,
  mutate,
  namesOf,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
  type Wire,
  watch,
} from './harness.ts';
import { collectionOf, type KindCase, kinds, nameOf } from './kinds.ts';

const APPLY_PATCH = 'application/apply-patch+yaml';
const BACKGROUND = 'gracePeriodSeconds=0&propagationPolicy=Background';

/** How /status is written: by a merge patch, then by a PUT. */
export interface StatusWrites {
  patch: object;
  update: object;
  /** Kinds of late leave the metadata alone that come with a status. */
  metadataStays?: boolean;
}

export interface Operations {
  apiVersion: string;
  resource: string;
  /** The rows this covers; the test has the title of the first. */
  rows?: string[];
  status?: StatusWrites;
}

/** The kind under test and where its objects are; all of them carry one label that nothing else has. */
interface Subject {
  kind: KindCase;
  collection: string;
  /** The collection over all namespaces. */
  everywhere: string;
  run: string;
  /** `labelSelector=…` for the objects of this run. */
  selector: string;
  names: string[];
}

/** Registers the suite that takes a kind of the table through every operation. */
export function supportsOperations({ apiVersion, resource, rows = [], status }: Operations): void {
  const kind = kindOf(apiVersion, resource);
  suite(`${resource}.${apiVersion}: API operations`, () => {
    const namespace = testNamespace();
    const subject = subjectOf(kind, namespace.name);
    after(async () => {
      for (const name of subject.names) await fetchApi('DELETE', `${subject.collection}/${name}?${BACKGROUND}`);
    });
    const title = rows[0] ?? `${resource} support every API operation`;
    behaves(title, { covers: rows, since: kind.since }, async () => {
      await discovered(kind, status !== undefined);
      const first = await created(subject, namespace.name);
      const stream = await watch(subject.everywhere, `${subject.selector}&resourceVersion=${await listed(subject)}`);
      const path = `${subject.collection}/${first.metadata.name}`;
      const patches = await patched(path, first, kind);
      await replaced(path, kind);
      if (status !== undefined) await statusWritten(path, first, kind, status);
      await deleted(subject, first);
      const written = status && !status.metadataStays ? ['patchedstatus', 'updatedstatus'] : [];
      await watched(stream, subject, [...patches, 'updated', ...written]);
    });
  });
}

/** The kind as the table has it. Throws for one that is not there. */
export function kindOf(apiVersion: string, resource: string): KindCase {
  const kind = kinds.find((candidate) => candidate.apiVersion === apiVersion && candidate.resource === resource);
  assert.ok(kind, `the table of kinds has no ${resource} in ${apiVersion}`);
  return kind;
}

function subjectOf(kind: KindCase, namespace: string): Subject {
  const collection = collectionOf(kind, namespace);
  const run = uniqueName('operations');
  return {
    kind,
    collection,
    everywhere: collection.replace(`/namespaces/${namespace}`, ''),
    run,
    selector: `labelSelector=operations%3D${run}`,
    names: ['a', 'b', 'c'].map((prefix) => nameOf(kind, uniqueName(prefix))),
  };
}

interface GroupVersions {
  name: string;
  versions: { groupVersion: string }[];
}

/** The group is in /apis, its version in /apis/GROUP, and the resource with all its verbs in /apis/GROUP/VERSION. */
export async function discovered(kind: KindCase, withStatus: boolean): Promise<void> {
  const [group, version] = kind.apiVersion.split('/');
  const root = version === undefined ? `/api/${group}` : `/apis/${kind.apiVersion}`;
  if (version !== undefined) {
    const { groups } = (await fetchApi('GET', '/apis')).json<{ groups: GroupVersions[] }>();
    const known = groups.find(({ name }) => name === group);
    const alone = (await fetchApi('GET', `/apis/${group}`)).json<GroupVersions>();
    for (const { versions } of [known ?? { versions: [] }, alone]) {
      assert.ok(versions.some(({ groupVersion }) => groupVersion === kind.apiVersion));
    }
  }
  const { resources } = (await fetchApi('GET', root)).json<{ resources: { name: string; verbs: string[] }[] }>();
  const verbsOf = (name: string) => resources.find((resource) => resource.name === name)?.verbs.toSorted();
  const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
  assert.deepEqual(verbsOf(kind.resource), verbs);
  if (withStatus) assert.deepEqual(verbsOf(`${kind.resource}/status`), ['get', 'patch', 'update']);
}

/** Creates three objects, the first of which is returned; a second of the same name is refused. */
async function created({ kind, collection, run, names }: Subject, namespace: string): Promise<Wire> {
  const objects: Wire[] = [];
  const post = (name: string) => {
    const sample = kind.sample(name, namespace) as { metadata: object };
    const body = { ...sample, metadata: { ...sample.metadata, labels: { operations: run } } };
    return fetchApi('POST', collection, { body });
  };
  for (const name of names) objects.push(objectOf(await post(name), 201));
  const [first] = objects;
  assert.ok(first);
  statusOf(await post(first.metadata.name), { code: 409, reason: 'AlreadyExists' });
  includes(objectOf(await fetchApi('GET', `${collection}/${first.metadata.name}`)), {
    kind: kind.kind,
    apiVersion: kind.apiVersion,
    metadata: { uid: first.metadata.uid, labels: { operations: run } },
  });
  return first;
}

/** Lists the three in the collection and over all namespaces, and returns the resourceVersion of that moment. */
async function listed({ collection, everywhere, selector, names }: Subject): Promise<string> {
  const here = listOf(await fetchApi('GET', `${collection}?${selector}`));
  assert.deepEqual(namesOf(here), names.toSorted());
  const list = listOf(await fetchApi('GET', `${everywhere}?${selector}`));
  assert.deepEqual(namesOf(list), names.toSorted());
  return list.metadata.resourceVersion;
}

/** One annotation by each type of patch; returns their names. */
async function patched(path: string, object: Wire, { apiVersion, kind }: KindCase): Promise<string[]> {
  const add = (name: string) => ({ metadata: { annotations: { [name]: 'true' } } });
  const intent = { apiVersion, kind, metadata: { name: object.metadata.name, annotations: { applied: 'true' } } };
  const patches: [name: string, type: string, body: object, query?: string][] = [
    ['patched', MERGE_PATCH, add('patched')],
    ['merged', STRATEGIC_PATCH, add('merged')],
    ['added', JSON_PATCH, [{ op: 'add', path: '/metadata/annotations/added', value: 'true' }]],
    ['applied', APPLY_PATCH, intent, '?fieldManager=conformance'],
  ];
  let last = Number(object.metadata.resourceVersion);
  for (const [name, type, body, query] of patches) {
    const answer = objectOf(await applyPatch(path, type, body, query));
    assert.equal(answer.metadata.annotations?.[name], 'true', `after a patch of ${type}`);
    assert.equal(answer.metadata.uid, object.metadata.uid);
    const now = Number(answer.metadata.resourceVersion);
    assert.ok(now > last, `the resourceVersion is ${now} after ${last}`);
    last = now;
  }
  return patches.map(([name]) => name);
}

/** A PUT with another annotation and with the change the table has for the kind. */
async function replaced(path: string, kind: KindCase): Promise<void> {
  const updated = await mutate(path, (object) => {
    kind.change(object);
    object.metadata.annotations = { ...object.metadata.annotations, updated: 'true' };
  });
  includes(updated, kind.changed);
  assert.equal(updated.metadata.annotations?.patched, 'true');
  includes(objectOf(await fetchApi('GET', path)), { ...kind.changed, metadata: { annotations: { updated: 'true' } } });
}

/** /status read, patched and replaced; whether its metadata is written with it is the kind's affair. */
async function statusWritten(path: string, { metadata }: Wire, kind: KindCase, status: StatusWrites): Promise<void> {
  const read = objectOf(await fetchApi('GET', `${path}/status`));
  includes(read, { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { uid: metadata.uid } });
  const taken = status.metadataStays ? undefined : 'true';
  const patch = { metadata: { annotations: { patchedstatus: 'true' } }, status: status.patch };
  const patched = objectOf(await applyPatch(`${path}/status`, MERGE_PATCH, patch));
  includes(patched, { metadata: { annotations: { patchedstatus: taken } }, status: status.patch });
  const updated = await mutate(`${path}/status`, (object) => {
    object.status = { ...(object.status as object), ...status.update };
    object.metadata.annotations = { ...object.metadata.annotations, updatedstatus: 'true' };
  });
  includes(updated, { metadata: { annotations: { updatedstatus: taken } }, status: status.update });
  for (const answer of [patched, updated]) assert.deepEqual(at(answer, 'spec'), at(read, 'spec'));
}

/** One goes by its name, the others with the collection. */
async function deleted({ collection, selector, names }: Subject, { metadata }: Wire): Promise<void> {
  const path = `${collection}/${metadata.name}`;
  const one = await fetchApi('DELETE', `${path}?${BACKGROUND}`);
  assert.equal(one.status, 200, one.text);
  statusOf(await fetchApi('GET', path), { code: 404, reason: 'NotFound' });
  const left = names.filter((name) => name !== metadata.name).toSorted();
  assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${collection}?${selector}`))), left);
  const rest = await fetchApi('DELETE', `${collection}?${selector}&${BACKGROUND}`);
  assert.equal(rest.status, 200, rest.text);
  assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${collection}?${selector}`))), []);
}

/** Each of the annotations came as MODIFIED, and every object went as DELETED. */
async function watched(stream: Awaited<ReturnType<typeof watch>>, subject: Subject, seen: string[]): Promise<void> {
  const gone = (events: typeof stream.events) => events.filter(({ type }) => type === 'DELETED');
  const events = await stream.until((all) => gone(all).length === subject.names.length);
  stream.stop();
  for (const annotation of seen) {
    const found = events.some(
      ({ type, object }) => type === 'MODIFIED' && object.metadata.annotations?.[annotation] === 'true',
    );
    assert.ok(found, `the watch never saw the annotation ${annotation}`);
  }
  assert.deepEqual(
    gone(events)
      .map(({ object }) => object.metadata.name)
      .sort(),
    subject.names.toSorted(),
  );
}
