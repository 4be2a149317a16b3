import assert from 'node:assert/strict';
import { load } from 'js-yaml';
import { type OpenApiDocument, OpenApiDocuments } from '../../openapi/documents.ts';
import { decodeEnvelope } from '../../openapi/protobuf-codec.ts';
import type { ApiResult } from '../http/request.ts';
import { customResourceDefinitions } from '../registry/apiextensions/customresourcedefinitions.ts';
import { type Fixture, withRegistry } from '../registry/store/store.fixture.ts';
import { handleNonResource } from './non-resource.ts';
import { requestTo } from './verbs.fixture.ts';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const AGGREGATED = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Documents that cost nothing to build. */
class FakeDocuments extends OpenApiDocuments {
  constructor() {
    super(() => [], 'v1.36.0');
  }
  override v2 = (): OpenApiDocument => ({ body: Buffer.from('{"swagger":"2.0"}'), etag: 'TWO' });
  override v2Protobuf = (): OpenApiDocument => ({ body: Buffer.from('proto'), etag: 'PROTO' });
  override v3Index = (): OpenApiDocument => ({ body: Buffer.from('{"paths":{}}'), etag: 'INDEX' });
  override v3 = (path: string): OpenApiDocument | undefined =>
    path === 'api/v1' ? { body: Buffer.from('{"openapi":"3.0.0"}'), etag: 'THREE' } : undefined;
}

type Raw = Extract<ApiResult, { kind: 'raw' }>;

async function ask(
  { registry }: Fixture,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Raw> {
  const ok = { name: 'ping', check: async () => undefined };
  const result = await handleNonResource(requestTo(method, path, { headers }), {
    registry,
    documents: new FakeDocuments(),
    checks: [ok],
    serverAddress: () => '127.0.0.1:6443',
  });
  assert.equal(result.kind, 'raw');
  return result as Raw;
}

const withGroups = (test: (fixture: Fixture) => Promise<void>) =>
  withRegistry(async (fixture) => {
    fixture.registry.add(customResourceDefinitions);
    fixture.registry.add({ ...customResourceDefinitions, group: 'example.com', plural: 'things', definition: 'none' });
    await test(fixture);
  });

describe('discovery documents', () => {
  for (const [path, kind] of [
    ['/api', 'APIVersions'],
    ['/api/v1', 'APIResourceList'],
    ['/apis', 'APIGroupList'],
    ['/apis/apiextensions.k8s.io', 'APIGroup'],
    ['/apis/apiextensions.k8s.io/v1', 'APIResourceList'],
    ['/apis/example.com/v1', 'APIResourceList'],
  ] as const) {
    it(
      `at ${path} are to be had in every form`,
      withGroups(async (fixture) => {
        const json = await ask(fixture, path);
        assert.match(String(json.body), /^\{"kind":.*\}\n$/);
        const yaml = await ask(fixture, path, { accept: 'application/yaml' });
        assert.deepEqual(load(String(yaml.body)), JSON.parse(String(json.body)));
        const protobuf = await ask(fixture, path, { accept: PROTOBUF });
        assert.equal(decodeEnvelope(protobuf.body as Buffer).kind, kind);
        assert.deepEqual(
          [json, yaml, protobuf].map(({ contentType }) => contentType),
          ['application/json', 'application/yaml', PROTOBUF],
        );
        const pretty = await ask(fixture, `${path}?pretty=true`);
        assert.match(String(pretty.body), /^\{\n {2}"kind"/);
      }),
    );
  }

  const refused: [path: string, accept: string, message: RegExp][] = [
    ['/api', 'text/html', /^406: Not Acceptable/],
    ['/api/v1', 'application/*', /^406: Not Acceptable/],
    ['/apis/apiextensions.k8s.io/v1', 'text/html', /^406: Not Acceptable/],
    ['/apis', 'text/html', /^only the following media types/],
    ['/apis/apiextensions.k8s.io', 'text/html', /^only the following media types/],
    ['/apis/example.com/v1', 'text/html', /^only the following media types/],
    ['/api/v1', 'application/json;as=Table;g=meta.k8s.io;v=v1', /^only the following media types/],
  ];
  for (const [path, accept, message] of refused) {
    it(
      `at ${path} are not to be had as ${accept}`,
      withGroups(async (fixture) => {
        await assert.rejects(ask(fixture, path, { accept }), { code: 406, message });
      }),
    );
  }
});

describe('aggregated discovery documents', () => {
  for (const [accept, expected] of [
    [`application/json;${AGGREGATED}`, `application/json;${AGGREGATED}`],
    [`application/json,application/json;${AGGREGATED}`, `application/json;${AGGREGATED}`],
    [`${PROTOBUF};${AGGREGATED}`, `${PROTOBUF};${AGGREGATED}`],
    [`application/json;${AGGREGATED};profile=nopeer`, `application/json;${AGGREGATED}`],
    ['application/json;as=APIGroupDiscoveryList;v=v2beta1;g=apidiscovery.k8s.io', /;v=v2beta1;/],
    ['application/json;as=APIGroupDiscoveryList;v=v9;g=apidiscovery.k8s.io,application/json', 'application/json'],
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
  ] as const) {
    it(
      `are ${expected} to whom accepts ${accept}`,
      withGroups(async (fixture) => {
        const { contentType } = await ask(fixture, '/apis', { accept });
        if (expected instanceof RegExp) assert.match(contentType, expected);
        else assert.equal(contentType, expected);
      }),
    );
  }

  it(
    'have a tag that changes with what is served',
    withGroups(async (fixture) => {
      const accept = `application/json;${AGGREGATED}`;
      const { headers = {} } = await ask(fixture, '/apis', { accept });
      const { etag = '' } = headers;
      assert.match(etag, /^"[0-9A-F]{128}"$/);
      assert.deepEqual([headers.vary, headers['cache-control']], ['Accept', 'public']);
      const again = await ask(fixture, '/apis', { accept, 'if-none-match': etag });
      assert.deepEqual([again.status, again.body, again.contentType], [304, '', '']);
      fixture.registry.add({ ...customResourceDefinitions, group: 'new.example.com' });
      const changed = await ask(fixture, '/apis', { accept, 'if-none-match': etag });
      assert.equal(changed.status, 200);
      assert.notEqual(changed.headers?.etag, etag);
    }),
  );
});

describe('schema documents', () => {
  const cases: [title: string, path: string, headers: Record<string, string>, status: number, contentType: string][] = [
    ['version 2', '/openapi/v2', {}, 200, 'application/json'],
    ['version 2 as what the client lists', '/openapi/v2', { accept: 'text/html,*/*;q=0.1' }, 200, 'application/json'],
    [
      'version 2 in protobuf',
      '/openapi/v2',
      { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' },
      200,
      'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    ],
    ['an unchanged one', '/openapi/v2', { 'if-none-match': '"TWO"' }, 304, ''],
    ['one of several, weak', '/openapi/v2', { 'if-none-match': '"ONE", W/"TWO"' }, 304, ''],
    ['whatever there is', '/openapi/v2', { 'if-none-match': '*' }, 304, ''],
    ['a changed one', '/openapi/v2', { 'if-none-match': '"ONE"' }, 200, 'application/json'],
    ['the index of version 3', '/openapi/v3', {}, 200, 'application/json'],
    ['a document by its hash', '/openapi/v3/api/v1?hash=THREE', {}, 200, 'application/json'],
    ['a document by an old hash', '/openapi/v3/api/v1?hash=OLD', {}, 301, 'text/html; charset=utf-8'],
  ];
  for (const [title, path, headers, status, contentType] of cases) {
    it(
      `answer ${title} with ${status}`,
      withGroups(async (fixture) => {
        const answer = await ask(fixture, path, headers);
        assert.deepEqual([answer.status, answer.contentType], [status, contentType]);
        if (status === 304) assert.equal(answer.body, '');
        if (path.endsWith('THREE')) assert.match(answer.headers?.['cache-control'] ?? '', /immutable/);
        if (status === 301) assert.equal(answer.headers?.location, '/openapi/v3/api/v1?hash=THREE');
      }),
    );
  }
});

describe('other paths', () => {
  it(
    'are listed at the root, in order',
    withGroups(async (fixture) => {
      const { paths } = JSON.parse(String((await ask(fixture, '/')).body)) as { paths: string[] };
      assert.deepEqual(paths, [...paths].sort());
      for (const path of ['/apis/example.com', '/apis/example.com/v1', '/livez/ping', '/openapi/v3', '/version'])
        assert.ok(paths.includes(path), path);
    }),
  );

  for (const [path, where] of [
    ['/nothing', 'text'],
    ['/apis/nothing', 'text'],
    ['/apis/nothing/v1', 'text'],
    ['/apis/example.com/v9', 'Status'],
    ['/api/v9', 'Status'],
    ['/version/x', 'Status'],
    ['/openapi/v3/nothing', 'Status'],
  ] as const) {
    it(
      `${path} is not found, in a ${where}`,
      withGroups(async (fixture) => {
        if (where === 'Status') await assert.rejects(ask(fixture, path), { code: 404 });
        else assert.deepEqual((await ask(fixture, path)).body, '404 page not found\n');
      }),
    );
  }

  it(
    'take nothing but GET',
    withGroups(async (fixture) => {
      for (const path of ['/api', '/version', '/openapi/v2', '/healthz'])
        await assert.rejects(ask(fixture, path, {}, 'POST'), { code: 405 });
      assert.equal((await ask(fixture, '/nothing', {}, 'POST')).status, 404);
    }),
  );
});
