/** The conversations that are the same for every kind: its life, the ways to change it, and what is refused. */
import { collectionOf, type KindCase, kinds, nameOf } from '../../kinds.ts';
import {
  type DifferentialCase,
  type DifferentialRequest,
  get,
  METADATA,
  METADATA_LIST,
  patch,
  post,
  put,
  remove,
  TABLE,
  type Theme,
} from '../case.ts';
import { isObject, type JsonObject } from '../json.ts';

/** What a kind adds to the table of kinds. Overrides are merged into the kind's sample; null removes. */
export interface KindProbe {
  apiVersion: string;
  resource: string;
  /** As much of the kind as 1.20 has. */
  full: object;
  /** Objects that are refused when created. */
  invalid: [title: string, override: object | string][];
  /** Merge patches of an object that are refused, or change nothing. */
  immutable?: [title: string, patch: object][];
  /** Merge patches of /status, good and bad. */
  status?: object[];
  /** Controllers of a complete cluster write the status of such objects. */
  controlled?: boolean | 'always';
  /** Further conversations. `{path}` does not exist here: cases are complete. */
  more?: DifferentialCase[];
  /** Its deletion is somebody's work: only asked for, not waited for. */
  lingers?: boolean;
}

interface Context {
  kind: KindCase;
  collection: string;
  name: string;
  path: string;
}

/** All conversations about a kind. */
export function themeOf(probe: KindProbe): Theme {
  const kind = kinds.find((one) => one.resource === probe.resource && one.apiVersion === probe.apiVersion);
  if (!kind) throw new Error(`differential: not in the table of kinds: ${probe.apiVersion} ${probe.resource}`);
  const name = kind.namespaced || kind.nameFor ? nameOf(kind, kind.nameFor ? '{ns}' : 'x') : '{ns}-x';
  const collection = collectionOf(kind, '{ns}');
  const context = { kind, collection, name, path: `${collection}/${name}` };
  const cases = [
    life(context, probe),
    full(context, probe),
    updates(context, probe),
    patches(context),
    apply(context, probe),
    deletions(context, probe),
    refusals(context),
    invalid(context, probe),
    immutable(context, probe),
    ...(kind.subresources?.includes('status') ? [status(context, probe)] : []),
    ...(probe.more ?? []),
  ].filter(({ requests }) => requests.length > 0);
  const common = {
    ...(kind.older ? { older: { [kind.apiVersion]: kind.older } } : {}),
    ...(probe.controlled ? { controlled: probe.controlled } : {}),
  };
  return { name: themeName(kind), cases: cases.map((test) => ({ ...common, ...test })) };
}

function themeName({ apiVersion, resource }: KindCase): string {
  const [group = ''] = apiVersion.includes('/') ? apiVersion.split('.') : ['core'];
  return `${group.replace('/', '-')}-${resource}`;
}

/** The kind's sample with kind and apiVersion, merged with `override`. */
export function sampleOf({ kind, name }: Pick<Context, 'kind' | 'name'>, override: object = {}): JsonObject {
  const { kind: kindName, apiVersion } = kind;
  const sample = JSON.parse(JSON.stringify(kind.sample(name, '{ns}'))) as JsonObject;
  return merge({ apiVersion, kind: kindName, ...sample }, override as JsonObject);
}

function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key];
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = merge(isObject(old) ? old : {}, value);
    else result[key] = value;
  }
  return result;
}

function life({ kind, collection, name, path }: Context, { lingers }: KindProbe): DifferentialCase {
  const one = `${collection}?fieldSelector=metadata.name%3D${name}`;
  return {
    title: 'the smallest object, in every form, to its end',
    requests: [
      post(collection, sampleOf({ kind, name })),
      get(path),
      get(one),
      get(one, TABLE),
      get(path, METADATA),
      get(one, METADATA_LIST),
      get(`${collection}?labelSelector=none%3D{ns}`),
      post(collection, sampleOf({ kind, name })),
      remove(path),
      ...(lingers ? [] : [get(path), remove(path)]),
    ],
  };
}

function full(context: Context, probe: KindProbe): DifferentialCase {
  const body = sampleOf(context, {
    metadata: {
      labels: { app: 'web', 'example.com/tier': 'front' },
      annotations: { 'example.com/note': 'a "quoted" note\nof two lines' },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Namespace', name: '{ns}', uid: '{0.metadata.uid}', controller: true },
      ],
      finalizers: ['example.com/hold'],
    },
    ...probe.full,
  });
  return {
    title: 'an object with everything',
    managedFields: !probe.controlled,
    requests: [
      get('/api/v1/namespaces/{ns}', METADATA),
      post(context.collection, body),
      get(context.path),
      get(`${context.collection}?labelSelector=app%3Dweb&fieldSelector=metadata.name%3D${context.name}`, TABLE),
    ],
  };
}

/** The sample after the kind's own change. */
function changed({ kind, name }: Context, override: object = {}): JsonObject {
  const object = JSON.parse(JSON.stringify(sampleOf({ kind, name }))) as Parameters<KindCase['change']>[0];
  kind.change(object);
  return merge(JSON.parse(JSON.stringify(object)) as JsonObject, override as JsonObject);
}

function updates(context: Context, { controlled }: KindProbe): DifferentialCase {
  const { collection, path } = context;
  const version = '{0.metadata.resourceVersion}';
  return {
    title: 'updates',
    requests: [
      post(collection, sampleOf(context)),
      put(path, changed(context, { metadata: { resourceVersion: controlled ? null : version } })),
      put(path, changed(context, { metadata: { resourceVersion: version } })),
      put(path, changed(context, { metadata: { uid: '00000000-0000-0000-0000-000000000000' } })),
      put(path, changed(context, { metadata: { resourceVersion: 'x' } })),
      put(path, changed(context, { metadata: { name: 'other' } })),
      put(path, changed(context, { metadata: { namespace: 'other' } })),
      put(`${collection}/absent`, changed(context, { metadata: { name: 'absent' } })),
      put(`${path}?dryRun=All`, changed(context, { metadata: { labels: { dry: 'yes' } } })),
      get(path),
    ],
  };
}

function patches(context: Context): DifferentialCase {
  const { collection, path } = context;
  return {
    title: 'patches',
    requests: [
      post(collection, sampleOf(context, { metadata: { labels: { first: 'one' } } })),
      patch('merge', path, { metadata: { labels: { first: null, second: 'two' }, annotations: { a: 'b' } } }),
      patch('json', path, [
        { op: 'test', path: '/metadata/labels/second', value: 'two' },
        { op: 'add', path: '/metadata/labels/third', value: 'three' },
      ]),
      patch('strategic', path, { metadata: { labels: { $patch: 'replace', fourth: 'four' } } }),
      patch('json', path, [{ op: 'test', path: '/metadata/labels/fourth', value: 'five' }]),
      patch('json', path, [{ op: 'remove', path: '/metadata/labels/absent' }]),
      patch('merge', path, { metadata: { labels: { 'not valid': 'x' } } }),
      patch('merge', path, { metadata: { resourceVersion: '1' } }),
      patch('strategic', `${collection}/absent`, {}),
    ],
  };
}

function apply(context: Context, probe: KindProbe): DifferentialCase {
  const { collection, kind, name, path } = context;
  const applied = (labels: object) => ({
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: { name, labels },
  });
  return {
    title: 'server-side apply',
    managedFields: true,
    controlled: probe.controlled ?? true,
    requests: [
      patch('apply', path, sampleOf(context, { metadata: { labels: { a: 'one' } } })),
      patch('apply', `${path}?fieldManager=first`, sampleOf(context, { metadata: { labels: { a: 'one' } } })),
      patch('apply', `${path}?fieldManager=second`, applied({ a: 'two', b: 'two' })),
      patch('apply', `${path}?fieldManager=second&force=true`, applied({ a: 'two', b: 'two' })),
      patch('apply', `${path}?fieldManager=second`, applied({ b: 'two' })),
      patch('apply', `${path}?fieldManager=first`, sampleOf(context, { metadata: { managedFields: [{}] } })),
      patch('apply', `${collection}/other?fieldManager=first`, sampleOf(context)),
    ],
  };
}

function deletions(context: Context, { lingers }: KindProbe): DifferentialCase {
  const { collection, kind, name, path } = context;
  const labels = { group: '{ns}' };
  const second = kind.nameFor || lingers ? undefined : sampleOf({ kind, name: `${name}-2` }, { metadata: { labels } });
  const requests: DifferentialRequest[] = [
    post(collection, sampleOf(context, { metadata: { labels, finalizers: ['example.com/hold'] } })),
    remove(`${path}?dryRun=All`),
    remove(path, { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } }),
    remove(path, { preconditions: { resourceVersion: '1' } }),
    remove(path, { propagationPolicy: 'Sideways' }),
    remove(path, { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, propagationPolicy: 'Background' }),
    get(path),
    patch('merge', path, { metadata: { finalizers: null, labels: { more: 'yes' } } }),
    ...(lingers ? [] : [get(path)]),
  ];
  // 1.20 cannot delete a collection of these.
  if (second && !['namespaces', 'services'].includes(kind.resource)) {
    requests.push(
      post(collection, second),
      remove(`${collection}?labelSelector=group%3D{ns}&propagationPolicy=Background&gracePeriodSeconds=0`),
      get(`${collection}?labelSelector=group%3D{ns}`),
    );
  }
  if (!kind.nameFor) {
    // The last request: a garbage collector goes to work right after it.
    const third = sampleOf({ kind, name: `${name}-3` });
    requests.push(post(collection, third), remove(`${path}-3?propagationPolicy=Foreground`));
  }
  return { title: 'deletions', requests };
}

function refusals(context: Context): DifferentialCase {
  const { collection } = context;
  const bare = collection.replace('/namespaces/{ns}', '');
  return {
    title: 'what every kind refuses',
    requests: [
      post(collection, sampleOf(context, { metadata: { name: 'Not_Valid' } })),
      post(collection, sampleOf(context, { metadata: { name: null } })),
      post(collection, sampleOf(context, { metadata: { namespace: 'other' } })),
      post(collection, sampleOf(context, { metadata: { labels: { 'a b': 'c' } } })),
      post(collection, sampleOf(context, { metadata: { labels: 'none' } })),
      post(collection, sampleOf(context, { kind: 'Other' })),
      post(collection, sampleOf(context, { apiVersion: 'v9' })),
      get(`${collection}?fieldSelector=nothing%3Dx`),
      ...(bare === collection ? [] : [post(bare, sampleOf(context))]),
    ],
  };
}

function invalid(context: Context, probe: KindProbe): DifferentialCase {
  return {
    title: `not valid: ${probe.invalid.map(([title]) => title).join('; ')}`,
    requests: probe.invalid.map(([, override]) =>
      post(context.collection, typeof override === 'string' ? override : sampleOf(context, override)),
    ),
  };
}

function immutable(context: Context, { immutable: rows = [] }: KindProbe): DifferentialCase {
  const requests = rows.map(([, body]) => patch('merge', context.path, body));
  return {
    title: `changes: ${rows.map(([title]) => title).join('; ')}`,
    requests: requests.length > 0 ? [post(context.collection, sampleOf(context)), ...requests] : [],
  };
}

function status(context: Context, { status: bodies = [] }: KindProbe): DifferentialCase {
  const { collection, path } = context;
  return {
    title: 'the status subresource',
    requests: [
      post(collection, sampleOf(context)),
      get(`${path}/status`),
      ...bodies.map((body) => patch('merge', `${path}/status`, body)),
      put(`${path}/status`, changed(context, { metadata: { labels: { from: 'status' } } })),
      put(`${path}/status`, sampleOf(context, { metadata: { name: 'other' } })),
      patch('merge', `${path}/status`, { metadata: { labels: { patched: 'status' } } }),
      get(path),
      post(`${path}/status`, {}),
      remove(`${path}/status`),
    ],
  };
}
