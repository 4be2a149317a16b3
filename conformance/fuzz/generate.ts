/** One random request: method, path, query, headers and body, each right most of the time. */
import { type KindCase, kinds } from '../kinds.ts';
import { Dice } from './dice.ts';
import { damage, type Json, mutateJson } from './mutate.ts';

export interface FuzzRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
  /** The answer may be a stream without end. */
  watch: boolean;
}

/** Where requests may do damage, and where the objects are that must survive. */
export interface Universe {
  /** Anything in it may come and go. */
  playground: string;
  /** Its objects are aimed at with requests that must all fail, or do nothing. */
  sanctuary: string;
  sentinels: { resource: string; name: string; collection: string }[];
}

const METHODS = ['GET', 'GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'PUT', 'PATCH', 'PATCH', 'DELETE'];
const STRANGE_METHODS = ['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'LINK'];
const SUBRESOURCES = [
  'status',
  'scale',
  'binding',
  'finalize',
  'nothing',
  'log',
  'eviction',
  'proxy',
  'exec',
  'ephemeralcontainers',
];
const NAMES = 12;
const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];
const CONTENT_TYPES = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'text/plain',
  '',
  ';;;',
  'application/json; charset=latin1',
  'application/cbor',
];
const ACCEPTS = [
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v9;g=meta.k8s.io',
  'application/yaml',
  '*/*',
  'text/html',
  'nonsense',
  'application/json;q=0.1, */*;q=x',
];
const QUERIES: Record<string, string[]> = {
  labelSelector: [
    'app',
    '!app',
    'app=fz-1',
    'app in (fz-1,fz-2)',
    'a===b',
    '%00',
    'a b',
    '(',
    'x'.repeat(300),
    'app>1',
    'é=ü',
  ],
  fieldSelector: [
    'metadata.name=fz-1',
    'metadata.name!=fz-1',
    'status.phase=Pending',
    'spec.nodeName=',
    'nothing=x',
    '=',
    'a=b=c',
  ],
  limit: ['1', '5', '0', '-1', 'x', '99999999999999999999', '1.5', ''],
  continue: ['x', '', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ', '%00'],
  resourceVersion: ['0', '1', '5', 'x', '-1', '18446744073709551616', ''],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'Nonsense', ''],
  dryRun: ['All', 'None', ''],
  fieldValidation: ['Strict', 'Warn', 'Ignore', 'Nonsense'],
  fieldManager: ['fuzz', '', 'x'.repeat(200), '\u0001'],
  gracePeriodSeconds: ['0', '1', '-1', 'x', '99999999999'],
  propagationPolicy: ['Orphan', 'Background', 'Foreground', 'x'],
  pretty: ['true', 'x'],
  includeObject: ['None', 'Object', 'x'],
  timeoutSeconds: ['1', '0', '-1', 'x'],
  allowWatchBookmarks: ['true', 'x'],
  sendInitialEvents: ['true', 'false', 'x'],
  watch: ['true', '1', 'false', 'x'],
};

/** The request number `index` of a run. Depends on nothing but its arguments. */
export function generate(seed: number, index: number, universe: Universe): FuzzRequest {
  const dice = Dice.of(seed, index);
  if (dice.chance(0.05)) return attack(dice, universe);
  const kind = dice.pick(kinds);
  const name = `fz-${dice.below(NAMES)}`;
  const method = dice.chance(0.02) ? dice.pick(STRANGE_METHODS) : dice.pick(METHODS);
  const path = pathFor(dice, kind, method, name, universe);
  const query = dice.chance(0.35) ? queryFor(dice) : '';
  return tame(
    withBody(dice, kind, name, { method, path: `${path}${query}`, headers: headersFor(dice), watch: false }, universe),
    universe,
  );
}

function pathFor(dice: Dice, kind: KindCase, method: string, name: string, { playground }: Universe): string {
  const root = kind.apiVersion === 'v1' ? '/api/v1' : `/apis/${kind.apiVersion}`;
  const scope = kind.namespaced ? `/namespaces/${playground}` : '';
  const onCollection = method === 'POST' ? dice.chance(0.85) : method === 'GET' ? dice.chance(0.4) : dice.chance(0.05);
  let path = `${root}${scope}/${kind.resource}${onCollection ? '' : `/${name}`}`;
  if (dice.chance(0.12)) path += `/${dice.pick(SUBRESOURCES)}`;
  return dice.chance(0.06) ? bendPath(dice, path) : path;
}

function bendPath(dice: Dice, path: string): string {
  const parts = path.split('/');
  const at = 1 + dice.below(parts.length - 1);
  const odd = [
    '',
    '.',
    '..',
    '%2e%2e',
    '%2F',
    '%00',
    '%ff',
    '%zz',
    'a%20b',
    '__proto__',
    'constructor',
    'n'.repeat(2000),
    '*',
    '%E2%98%83',
    'v9',
    'watch',
  ];
  switch (dice.below(4)) {
    case 0:
      parts[at] = dice.pick(odd);
      return parts.join('/');
    case 1:
      parts.splice(at, 0, dice.pick(odd));
      return parts.join('/');
    case 2:
      parts.splice(at, 1);
      return parts.join('/') || '/';
    default:
      return `${path}/`;
  }
}

function queryFor(dice: Dice): string {
  const parameters: string[] = [];
  for (let i = 1 + dice.below(3); i > 0; i--) {
    const key = dice.pick(Object.keys(QUERIES));
    const value = dice.pick(QUERIES[key] ?? ['']);
    parameters.push(`${key}=${value.startsWith('%') ? value : encodeURIComponent(value)}`);
  }
  if (dice.chance(0.05)) parameters.push(dice.pick(['&&', '=', 'a', '%zz=1', 'a=b=c', `big=${'x'.repeat(4000)}`]));
  return `?${parameters.join('&')}`;
}

function headersFor(dice: Dice): Record<string, string> {
  const headers: Record<string, string> = {};
  if (dice.chance(0.15)) headers.accept = dice.pick(ACCEPTS);
  if (dice.chance(0.02)) headers['if-none-match'] = '"x"';
  if (dice.chance(0.02)) headers['accept-encoding'] = dice.pick(['gzip', 'br', 'identity', 'x']);
  if (dice.chance(0.01)) headers['user-agent'] = 'x'.repeat(dice.below(3000));
  return headers;
}

function withBody(dice: Dice, kind: KindCase, name: string, request: FuzzRequest, universe: Universe): FuzzRequest {
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  if (request.method === 'DELETE' && dice.chance(0.7)) return request;
  const headers = { ...request.headers, 'content-type': 'application/json' };
  let body: Json = objectFor(dice, kind, name, universe);
  if (request.method === 'PATCH') {
    headers['content-type'] = dice.pick(PATCH_TYPES);
    body = patchFor(dice, headers['content-type'], body);
  }
  if (request.method === 'DELETE') body = deleteOptions(dice);
  if (dice.chance(0.03)) headers['content-type'] = dice.pick(CONTENT_TYPES);
  for (let i = dice.chance(0.5) ? 1 + dice.below(3) : 0; i > 0; i--) body = mutateJson(body, dice);
  const text = dice.chance(0.001)
    ? JSON.stringify({ ...(body as object), big: 'x'.repeat(3_200_000) })
    : JSON.stringify(body);
  return { ...request, headers, body: dice.chance(0.08) ? damage(text, dice) : Buffer.from(text) };
}

function objectFor(dice: Dice, kind: KindCase, name: string, { playground }: Universe): Json {
  const target = dice.chance(0.1) ? dice.pick(kinds) : kind;
  const object = JSON.parse(JSON.stringify(target.sample(name, playground))) as { [key: string]: Json };
  if (dice.chance(0.5)) Object.assign(object, { kind: target.kind, apiVersion: target.apiVersion });
  const metadata = object.metadata as { [key: string]: Json };
  if (dice.chance(0.1)) metadata.resourceVersion = dice.pick(['1', '0', 'x', '']);
  if (dice.chance(0.1)) metadata.labels = { app: name, n: String(dice.below(5)) };
  if (dice.chance(0.03)) metadata.finalizers = ['example.com/hold'];
  if (dice.chance(0.03)) metadata.generateName = dice.pick(['fz-', 'Fz_', '', 'x'.repeat(300)]);
  if (dice.chance(0.03)) Object.assign(object, { target: { kind: 'Node', name: dice.pick(['fz-node-1', '']) } });
  return object;
}

function patchFor(dice: Dice, type: string, object: Json): Json {
  if (type !== PATCH_TYPES[0])
    return dice.chance(0.5) ? { metadata: { labels: { patched: String(dice.below(9)) } } } : object;
  const pointers = [
    '/metadata/labels/a',
    '/metadata/labels',
    '/metadata/name',
    '/data/key',
    '/spec',
    '/spec/ports/0',
    '/spec/containers/-',
    '/nothing/at/all',
    '',
    '/',
    '/metadata/~0~1',
    'x',
  ];
  return Array.from({ length: dice.below(4) }, () => ({
    op: dice.pick(['add', 'replace', 'remove', 'test', 'move', 'copy', 'jump']),
    path: dice.pick(pointers),
    from: dice.pick(pointers),
    value: dice.pick<Json>(['x', {}, [], null, 5, { a: 'b' }]),
  }));
}

function deleteOptions(dice: Dice): Json {
  return {
    kind: dice.pick(['DeleteOptions', 'DeleteOptions', 'Pod']),
    apiVersion: dice.pick(['v1', 'v1', 'meta.k8s.io/v1', 'v9']),
    gracePeriodSeconds: dice.pick<Json>([0, 1, -1, 'x']),
    propagationPolicy: dice.pick(['Background', 'Orphan', 'Foreground', 'x']),
    preconditions: dice.pick<Json>([{}, { uid: 'x' }, { resourceVersion: '1' }, 5]),
  };
}

/** A request at a sentinel that must not succeed, or not do anything. */
function attack(dice: Dice, { sentinels }: Universe): FuzzRequest {
  const { collection, name } = dice.pick(sentinels);
  const path = `${collection}/${name}`;
  const json = { 'content-type': 'application/json' };
  const stale = { metadata: { name, resourceVersion: '1', labels: { stolen: 'yes' } } };
  const send = (method: string, to: string, headers: Record<string, string>, body?: object | string): FuzzRequest => ({
    method,
    path: to,
    headers,
    watch: false,
    ...(body === undefined ? {} : { body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }),
  });
  switch (dice.below(9)) {
    case 0:
      return send('PUT', path, json, stale);
    case 1:
      return send('PATCH', path, { 'content-type': dice.pick(PATCH_TYPES.slice(1)) }, stale);
    case 2:
      return send('DELETE', path, json, { preconditions: { uid: 'wrong' } });
    case 3:
      return send('DELETE', `${path}?dryRun=All`, {});
    case 4:
      return send('POST', collection, json, { metadata: { name } });
    case 5:
      return send('PUT', path, json, damage('{"metadata":{', dice).toString('latin1'));
    case 6:
      return send('PATCH', path, { 'content-type': 'application/json-patch+json' }, [
        { op: 'remove', path: '/data' },
        { op: 'test', path: '/metadata/name', value: 'not this' },
      ]);
    case 7:
      return send(
        'PATCH',
        `${path}?dryRun=All`,
        { 'content-type': 'application/merge-patch+json' },
        { metadata: { labels: { dry: 'yes' } } },
      );
    default:
      return send('DELETE', `${collection}?dryRun=All`, {});
  }
}

/** Keeps a request that went astray from writing outside the playground, and marks watches. */
export function tame(request: FuzzRequest, { playground }: Universe): FuzzRequest {
  const watch = /[?&]watch=(?!false|0\b)/.test(request.path) || request.path.includes('/watch/');
  const reads = ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(request.method);
  const [path = ''] = request.path.split('?');
  const inPlayground = path.includes(`/namespaces/${playground}/`) || /\/(namespaces|nodes)\/fz-\d+/.test(path);
  const creates = request.method === 'POST' && /^\/api\/v1\/(namespaces|nodes)\/?$/.test(path);
  const upgrades = /\/(exec|attach|portforward|proxy|log)(\/|$)/.test(path);
  if (reads || ((inPlayground || creates) && !upgrades)) return { ...request, watch };
  const { body: _body, ...rest } = request;
  return { ...rest, method: 'GET', watch };
}
