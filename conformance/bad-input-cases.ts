/** Requests no server should be troubled by, and the codes that answer them. */
import { badBodies } from './bad-bodies.ts';
import { badNumbers } from './bad-numbers.ts';
import { badProtobuf } from './bad-protobuf.ts';

export interface BadInput {
  title: string;
  method: string;
  /** Below the namespace, or from the root with a leading slash; `NAMESPACE` in it is the suite's. */
  path: string;
  headers?: Record<string, string>;
  body?: object | string | Buffer;
  /** What may answer; the first is the sane one, the others are the real server's of some age. */
  codes: number[];
}

const text = (value: unknown) => JSON.stringify(value);

function patches(): BadInput[] {
  const json = 'application/json-patch+json';
  const merge = 'application/merge-patch+json';
  const strategic = 'application/strategic-merge-patch+json';
  const bad: [type: string, title: string, body: string, codes?: number[]][] = [
    [json, 'an object', '{}', [400, 500]],
    [json, 'half an array', '[{"op":"add"', [400, 500]],
    [json, 'an unknown op', text([{ op: 'jump', path: '/data/a' }]), [422, 400, 500]],
    [json, 'a path that is not there', text([{ op: 'replace', path: '/nothing/here', value: 1 }]), [422]],
    [json, 'removal of what is not there', text([{ op: 'remove', path: '/data/nothing' }]), [422]],
    [json, 'a path without slash', text([{ op: 'add', path: 'data', value: {} }]), [422, 400, 500]],
    [json, 'an op without a path', text([{ op: 'add', value: 1 }]), [422, 400, 500]],
    [json, 'a failing test', text([{ op: 'test', path: '/data/key', value: 'never' }]), [422]],
    [json, 'a move from nowhere', text([{ op: 'move', from: '/data/nothing', path: '/data/a' }]), [422, 500]],
    [json, 'an index far out', text([{ op: 'add', path: '/metadata/finalizers/99', value: 'a/b' }]), [422, 500]],
    [json, 'a wrong type for a field', text([{ op: 'replace', path: '/data', value: [1] }]), [422, 400]],
    [json, 'the whole document replaced by a number', text([{ op: 'replace', path: '', value: 1 }]), [422, 400, 500]],
    [json, 'the removal of metadata', text([{ op: 'remove', path: '/metadata' }]), [400, 422]],
    [
      json,
      'eleven thousand operations',
      text(Array(11_000).fill({ op: 'test', path: '/data/key', value: 'value' })),
      [413],
    ],
    [merge, 'half an object', '{"data":', [400, 500]],
    [merge, 'an array', '[]', [400, 422, 500]],
    [merge, 'a string', '"x"', [400, 422, 500]],
    [merge, 'a wrong type', text({ data: 5 }), [400, 422]],
    [merge, 'another kind', text({ kind: 'Secret' }), [400, 422]],
    [merge, 'another apiVersion', text({ apiVersion: 'v2' }), [400, 422]],
    [merge, 'another name', text({ metadata: { name: 'other' } }), [400]],
    [merge, 'another uid', text({ metadata: { uid: 'other' } }), [409, 422]],
    [merge, 'no name', text({ metadata: { name: null } }), [400, 422]],
    [strategic, 'half an object', '{"data":', [400]],
    [strategic, 'an array', '[]', [400]],
    [strategic, 'a wrong type', text({ data: 5 }), [400, 422, 500]],
    [strategic, 'an unknown directive', text({ metadata: { $patch: 'explode' } }), [400, 422, 500]],
    [strategic, 'a list where a map is', text({ metadata: { labels: ['a'] } }), [400, 422, 500]],
    ['application/json', 'the wrong type', '{}', [415]],
    ['text/plain', 'text', '{}', [415]],
    ['', 'no type', '{}', [415]],
    ['application/apply-patch+yaml', 'apply without fieldManager', 'apiVersion: v1\nkind: ConfigMap', [400, 415, 422]],
  ];
  return bad.map(([type, title, body, codes = [400]]) => ({
    title: `PATCH (${type.replace(/^application\//, '') || 'none'}) of ${title}`,
    method: 'PATCH',
    path: 'configmaps/target',
    headers: { 'content-type': type },
    body,
    codes,
  }));
}

function queries(): BadInput[] {
  const bad: [query: string, codes?: number[]][] = [
    ['limit=x'],
    ['limit=1.5'],
    ['limit=99999999999999999999'],
    ['continue=nonsense'],
    ['continue=%00'],
    ['labelSelector=a%3D%3D%3Db'],
    ['labelSelector=a%20in%20('],
    ['labelSelector=%E2%98%83%3Dx'],
    [`labelSelector=a%3D${'x'.repeat(64)}`],
    [`labelSelector=${'a'.repeat(64)}%3Dx`],
    ['labelSelector=a>x'],
    ['fieldSelector=nothing%3Dx'],
    ['fieldSelector=metadata.name'],
    ['fieldSelector=metadata.name%3Dx%3Dy'],
    ['resourceVersion=abc', [400, 422, 500]],
    ['resourceVersion=-1', [400, 422, 500]],
    ['resourceVersion=1.5', [400, 422, 500]],
    ['resourceVersion=99999999999999999999999', [400, 422, 500]],
    ['resourceVersionMatch=Exact', [422]],
    ['resourceVersion=1&resourceVersionMatch=Sometimes', [422]],
    ['resourceVersion=0&resourceVersionMatch=Exact', [422]],
    ['timeoutSeconds=x'],
    ['watch=true&timeoutSeconds=x'],
    ['watch=true&resourceVersion=abc', [400, 422, 500]],
    ['watch=true&fieldSelector=nothing%3Dx'],
  ];
  return bad.map(([query, codes = [400]]) => ({
    title: `GET with ${query.slice(0, 60)}`,
    method: 'GET',
    path: `configmaps?${query}`,
    codes,
  }));
}

function paths(): BadInput[] {
  const bad: [method: string, path: string, codes: number[]][] = [
    ['GET', 'configmaps/a%2Fb', [404, 400]],
    ['GET', 'configmaps/%2Fetc%2Fpasswd', [404, 400, 301]],
    ['GET', 'configmaps/..', [400, 404]],
    ['GET', 'configmaps/%2e%2e', [400, 404]],
    ['GET', 'configmaps/.', [400, 404]],
    ['GET', 'configmaps/a%00b', [404, 400]],
    ['GET', 'configmaps/%ff%fe', [404, 400]],
    ['GET', `configmaps/${'n'.repeat(3000)}`, [404, 400, 414]],
    ['GET', 'configmaps/a%20b', [404, 400]],
    ['GET', 'configmaps/%E2%98%83', [404, 400]],
    ['GET', 'configmaps/x/y/z/w', [404]],
    ['GET', 'configmaps/target/status', [404]],
    ['GET', 'pods/x/log/more', [404]],
    ['DELETE', 'configmaps/%2e%2e', [400, 404]],
    ['DELETE', 'configmaps/a%2Fb', [404, 400, 405]],
    ['PUT', 'configmaps/..', [400, 404]],
    ['POST', '/api/v1/namespaces/%2e%2e/configmaps', [400, 404, 500]],
    ['POST', '/api/v1/namespaces/a%2Fb/configmaps', [404, 400, 405]],
    ['POST', `/api/v1/namespaces/${'n'.repeat(300)}/configmaps`, [404, 400]],
    ['GET', '/api/v1/namespaces/%00/configmaps/x', [404, 400]],
    ['GET', '/api/v1/constructor', [404]],
    ['GET', '/api/v1/__proto__', [404]],
    ['GET', '/api/v1/namespaces/default/toString', [404]],
    ['GET', '/api/v1/namespaces/default/configmaps/__proto__', [404]],
    ['GET', '/api/v1/namespaces/default/configmaps/constructor', [404]],
  ];
  return bad.map(([method, path, codes]) => ({
    title: `${method} ${path.slice(0, 70)}`,
    method,
    path,
    ...(method === 'POST' || method === 'PUT' ? { body: { metadata: { name: 'x' } } } : {}),
    codes,
  }));
}

const big = (bytes: number) => `{"metadata":{"name":"big"},"data":{"a":"${'x'.repeat(bytes)}"}}`;
const MIB = 1024 * 1024;

const writes: BadInput[] = [
  { title: 'POST of 3 MiB and more', method: 'POST', path: 'configmaps', body: big(3 * MIB), codes: [413] },
  { title: 'POST of 8 MiB', method: 'POST', path: 'configmaps', body: big(8 * MIB), codes: [413] },
  {
    title: 'POST of just under 3 MiB, too much for a configmap',
    method: 'POST',
    path: 'configmaps',
    body: big(3 * MIB - 200),
    codes: [422],
  },
  { title: 'PUT of 3 MiB and more', method: 'PUT', path: 'configmaps/target', body: big(3 * MIB), codes: [413] },
  {
    title: 'PATCH of 3 MiB and more',
    method: 'PATCH',
    path: 'configmaps/target',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: big(3 * MIB),
    codes: [413],
  },
  {
    title: 'DELETE with 3 MiB and more',
    method: 'DELETE',
    path: 'configmaps/target',
    body: big(3 * MIB),
    codes: [413],
  },
  {
    title: 'POST with a stale resourceVersion',
    method: 'POST',
    path: 'configmaps',
    body: { metadata: { name: 'x', resourceVersion: '5' } },
    codes: [400, 422, 500],
  },
  {
    title: 'PUT with a stale resourceVersion',
    method: 'PUT',
    path: 'configmaps/target',
    body: { metadata: { name: 'target', resourceVersion: '1' } },
    codes: [409],
  },
  {
    title: 'PUT with another name',
    method: 'PUT',
    path: 'configmaps/target',
    body: { metadata: { name: 'other' } },
    codes: [400],
  },
  { title: 'PUT without a name', method: 'PUT', path: 'configmaps/target', body: {}, codes: [400, 422] },
  {
    title: 'PUT of another kind',
    method: 'PUT',
    path: 'configmaps/target',
    body: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'target' } },
    codes: [400],
  },
  {
    title: 'PUT to another namespace',
    method: 'PUT',
    path: 'configmaps/target',
    body: { metadata: { name: 'target', namespace: 'default' } },
    codes: [400],
  },
  {
    title: 'DELETE with half a body',
    method: 'DELETE',
    path: 'configmaps/target',
    body: '{"kind":',
    codes: [400, 500],
  },
  {
    title: 'DELETE with another kind',
    method: 'DELETE',
    path: 'configmaps/target',
    body: { kind: 'Pod', apiVersion: 'v1' },
    codes: [400, 500],
  },
  {
    title: 'DELETE with a word for a grace period',
    method: 'DELETE',
    path: 'configmaps/target',
    body: { gracePeriodSeconds: 'soon' },
    codes: [400, 500],
  },
  {
    title: 'DELETE with both policies',
    method: 'DELETE',
    path: 'configmaps/target',
    body: { orphanDependents: true, propagationPolicy: 'Orphan' },
    codes: [422],
  },
  { title: 'DELETE with an unknown dryRun', method: 'DELETE', path: 'configmaps/target?dryRun=No', codes: [422] },
  {
    title: 'POST with an unknown Content-Type',
    method: 'POST',
    path: 'configmaps',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a=b',
    codes: [415],
  },
  {
    title: 'POST with a Content-Type that is none',
    method: 'POST',
    path: 'configmaps',
    headers: { 'content-type': ';;;' },
    body: '{}',
    codes: [415, 400],
  },
  {
    title: 'POST of protobuf that is none',
    method: 'POST',
    path: 'configmaps',
    headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
    body: 'k8s\0nonsense',
    codes: [400, 415],
  },
  {
    title: 'POST of JSON that claims to be protobuf',
    method: 'POST',
    path: 'configmaps',
    headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
    body: '{}',
    codes: [400, 415],
  },
  {
    title: 'GET with an Accept that is none',
    method: 'GET',
    path: 'configmaps',
    headers: { accept: 'nonsense' },
    codes: [406],
  },
  { title: 'GET with an unknown method', method: 'REPORT', path: 'configmaps', codes: [405] },
];

export const badInputs: BadInput[] = [
  ...badBodies,
  ...badNumbers,
  ...badProtobuf,
  ...patches(),
  ...queries(),
  ...paths(),
  ...writes,
];
