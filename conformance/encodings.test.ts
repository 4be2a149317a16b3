/** Every form in which the server writes what it has: protobuf, YAML, JSON for machines and for people, compressed. */
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { load } from 'js-yaml';
import { decodeEnvelope, decodeProtobuf, decodeTyped } from '../openapi/protobuf-codec.ts';
import {
  atLeast,
  behaves,
  fetchApi,
  includes,
  MERGE_PATCH,
  objectOf,
  statusOf,
  suite,
  target,
  testNamespace,
} from './harness.ts';

const JSON_TYPE = 'application/json';
const YAML = 'application/yaml';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const as = (type: string, kind: string, version = 'v1') => `${type};as=${kind};v=${version};g=meta.k8s.io`;

interface Bytes {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

async function fetchBytes(
  path: string,
  headers: Record<string, string>,
  method = 'GET',
  body?: object,
): Promise<Bytes> {
  const response = await target.open(method, path, { headers, ...(body ? { body } : {}) });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

async function fetchProtobuf(path: string, accept = PROTOBUF, status = 200): Promise<Buffer> {
  const answer = await fetchBytes(path, { accept });
  assert.equal(answer.status, status, answer.body.toString());
  assert.equal(answer.headers['content-type'], PROTOBUF);
  return answer.body;
}

const fetchJson = async (path: string, accept = JSON_TYPE) =>
  (await fetchApi('GET', path, { headers: { accept } })).json();

suite('protobuf', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');
  const data = { text: 'héllo 😀', empty: '' };
  before(async () => {
    for (const name of ['first', 'second']) {
      const body = { metadata: { name, labels: { app: 'encoded' } }, data, binaryData: { bytes: 'AP8=' } };
      objectOf(await fetchApi('POST', maps, { body }), 201);
    }
    const service = { metadata: { name: 'web' }, spec: { ports: [{ port: 80, targetPort: 'http' }] } };
    objectOf(await fetchApi('POST', namespace.path('services'), { body: service }), 201);
  });

  for (const [title, path] of [
    ['a configmap', `${maps}/first`],
    ['a service', namespace.path('services', 'web')],
    ['a namespace', `/api/v1/namespaces/${namespace.name}`],
    ['a list', `${maps}?labelSelector=app%3Dencoded`],
    ['a page of a list', `${maps}?limit=1&labelSelector=app%3Dencoded`],
    ['an empty list', `${maps}?labelSelector=app%3Dnothing`],
  ] as const) {
    behaves(`${title} is the same as in JSON`, async () => {
      const expected = (await fetchJson(path)) as { metadata: object; items?: unknown };
      const { value } = decodeProtobuf(await fetchProtobuf(path)) as { value: { metadata: object; items?: unknown } };
      // A list is that of another moment.
      if ('items' in expected) assert.deepEqual(value.items ?? [], expected.items);
      else assert.deepEqual(value, expected);
    });
  }

  behaves('what is written may be answered in it, too', async () => {
    const body = { metadata: { name: 'third' }, data };
    const created = await fetchBytes(maps, { accept: PROTOBUF }, 'POST', body);
    assert.equal(created.status, 201);
    includes(decodeProtobuf(created.body).value, { kind: 'ConfigMap', data });
    const patch = { accept: PROTOBUF, 'content-type': MERGE_PATCH };
    const patched = await fetchBytes(`${maps}/third`, patch, 'PATCH', { data: { more: 'yes' } });
    includes(decodeProtobuf(patched.body).value, { data: { ...data, more: 'yes' } });
    const deleted = await fetchBytes(`${maps}/third`, { accept: PROTOBUF }, 'DELETE');
    includes(decodeProtobuf(deleted.body).value, { kind: 'Status', status: 'Success', details: { name: 'third' } });
  });

  behaves('an error is a Status in it', async () => {
    const bytes = await fetchProtobuf(`${maps}/absent`, PROTOBUF, 404);
    includes(decodeProtobuf(bytes).value, {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'NotFound',
      code: 404,
      details: { name: 'absent', kind: 'configmaps' },
    });
  });

  for (const version of ['v1', 'v1beta1']) {
    behaves(`metadata is to be had in it, as ${version} has it`, async () => {
      const one = as(PROTOBUF, 'PartialObjectMetadata', version);
      const expected = await fetchJson(`${maps}/first`, as(JSON_TYPE, 'PartialObjectMetadata', version));
      assert.deepEqual(decodeProtobuf(await fetchProtobuf(`${maps}/first`, one)).value, expected);
      const many = as(PROTOBUF, 'PartialObjectMetadataList', version);
      const { value } = decodeProtobuf(await fetchProtobuf(`${maps}?labelSelector=app%3Dencoded`, many));
      includes(value, {
        kind: 'PartialObjectMetadataList',
        apiVersion: `meta.k8s.io/${version}`,
        metadata: { resourceVersion: /^\d+$/ },
        items: [{ metadata: { name: 'first' } }, { metadata: { name: 'second' } }],
      });
    });
  }

  behaves('a Table is not, but what is accepted besides', async () => {
    const table = as(PROTOBUF, 'Table');
    statusOf(await fetchApi('GET', maps, { headers: { accept: table } }), {
      code: 406,
      reason: 'NotAcceptable',
      message: `only the following media types are accepted: ${JSON_TYPE}, ${YAML}, ${PROTOBUF}`,
    });
    assert.equal(decodeEnvelope(await fetchProtobuf(maps, `${table},${PROTOBUF}`)).kind, 'ConfigMapList');
  });

  for (const [path, kind] of [
    ['/api', 'APIVersions'],
    ['/apis', 'APIGroupList'],
    ['/api/v1', 'APIResourceList'],
    ['/apis/coordination.k8s.io', 'APIGroup'],
    ['/apis/coordination.k8s.io/v1', 'APIResourceList'],
  ] as const) {
    behaves(`discovery at ${path} is the same as in JSON`, async () => {
      const envelope = decodeEnvelope(await fetchProtobuf(path));
      assert.equal(envelope.kind, kind);
      const { kind: _kind, apiVersion = '', ...expected } = (await fetchJson(path)) as Record<string, unknown>;
      assert.equal(envelope.apiVersion, apiVersion);
      const value = decodeTyped(`${META}.${kind}`, { apiVersion: '', kind: '' }, envelope.raw);
      // What Go's clients make of it: a JSON document leaves more out.
      includes(value, expected);
    });
  }

  behaves('aggregated discovery says its kind in the content type', { since: 30 }, async () => {
    const form = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const answer = await fetchBytes('/apis', { accept: `${PROTOBUF};${form}` });
    assert.equal(answer.headers['content-type'], `${PROTOBUF};${form}`);
    const { kind, apiVersion } = decodeEnvelope(answer.body);
    assert.deepEqual([kind, apiVersion], ['APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2']);
  });

  /** The first events of a watch, undone: each is a message behind its length. */
  const eventsOf = async (accept: string, count: number) => {
    const abort = new AbortController();
    const path = `${maps}?watch=true&resourceVersion=0&labelSelector=app%3Dencoded`;
    const response = await target.open('GET', path, { headers: { accept }, signal: abort.signal });
    assert.equal(response.headers['content-type'], `${PROTOBUF};stream=watch`);
    const events: { type: string; object: { kind: string; metadata: { name: string } } }[] = [];
    let rest = Buffer.alloc(0);
    for await (const chunk of response) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const message = rest.subarray(4, 4 + rest.readUInt32BE(0));
        events.push(decodeTyped(`${META}.WatchEvent`, { apiVersion: '', kind: '' }, message) as (typeof events)[0]);
        rest = rest.subarray(4 + message.length);
      }
      if (events.length >= count) break;
    }
    abort.abort();
    return events.sort((a, b) => (a.object.metadata.name < b.object.metadata.name ? -1 : 1));
  };

  behaves('a watch sends messages behind their lengths', async () => {
    for (const accept of [PROTOBUF, `${PROTOBUF};stream=watch`]) {
      const [first, second] = await eventsOf(accept, 2);
      assert.deepEqual(first, { type: 'ADDED', object: await fetchJson(`${maps}/first`) });
      assert.equal(second?.object.metadata.name, 'second');
    }
    const [partial] = await eventsOf(as(PROTOBUF, 'PartialObjectMetadata'), 2);
    includes(partial, { type: 'ADDED', object: { kind: 'PartialObjectMetadata', metadata: { name: 'first' } } });
  });
});

suite('choosing a form', () => {
  const namespace = testNamespace();
  const path = `/api/v1/namespaces/${namespace.name}`;
  // Upstream's router had less to say before it was replaced.
  const ROUTER = /^406: Not Acceptable/;
  const NEGOTIATION = `only the following media types are accepted: ${JSON_TYPE}, ${YAML}, ${PROTOBUF}`;

  const cases: [accept: string, expected: string | RegExp][] = [
    ['*/*', JSON_TYPE],
    ['*/*;q=0', JSON_TYPE],
    ['', JSON_TYPE],
    [`${JSON_TYPE};charset=utf-8`, JSON_TYPE],
    [`${JSON_TYPE};stream=watch`, JSON_TYPE],
    [`text/plain,${JSON_TYPE};q=none`, JSON_TYPE],
    [`${YAML};q=0.5,${JSON_TYPE};q=0.4`, YAML],
    [`${JSON_TYPE};q=0.4,${PROTOBUF};q=0.5`, PROTOBUF],
    [`*/*;q=0.1,${PROTOBUF};q=0.1`, PROTOBUF],
    [`${as(JSON_TYPE, 'Nonsense')},${YAML}`, YAML],
    ['text/html', ROUTER],
    ['text/*', ROUTER],
    ['application/*', ROUTER],
    ['APPLICATION/JSON', ROUTER],
    ['nonsense', ROUTER],
    [',', ROUTER],
    [`${JSON_TYPE};stream=other`, new RegExp(`^${NEGOTIATION}$`)],
    [as(JSON_TYPE, 'Nonsense'), new RegExp(`^${NEGOTIATION}$`)],
    [as(JSON_TYPE, 'Table', 'v9'), new RegExp(`^${NEGOTIATION}$`)],
  ];
  for (const [accept, expected] of cases) {
    behaves(`Accept: ${accept || '(nothing)'} is answered ${expected}`, async () => {
      const answer = await fetchApi('GET', path, { headers: { accept } });
      if (expected instanceof RegExp) statusOf(answer, { code: 406, reason: 'NotAcceptable', message: expected });
      else assert.deepEqual([answer.status, answer.headers['content-type']], [200, expected]);
    });
  }

  behaves('the router says what there is instead', { since: 30 }, async () => {
    const answer = await fetchApi('GET', path, { headers: { accept: 'text/html' } });
    const message = `406: Not Acceptable\n\nAvailable representations: ${JSON_TYPE}, ${YAML}, ${PROTOBUF}`;
    statusOf(answer, { code: 406, message });
  });

  behaves('a list is no object, and an object no list', async () => {
    for (const [url, kind, message] of [
      ['/api/v1/namespaces', 'PartialObjectMetadata', 'is a list (*core.NamespaceList)'],
      [path, 'PartialObjectMetadataList', 'is not a list (*core.Namespace)'],
    ] as const)
      statusOf(await fetchApi('GET', url, { headers: { accept: as(JSON_TYPE, kind) } }), {
        code: 406,
        message: `you requested ${kind}, but the requested object ${message}`,
      });
  });

  for (const [title, query, headers, indented] of [
    ['a machine', '', {}, false],
    ['curl', '', { 'user-agent': 'curl/7.88.1' }, true],
    ['wget', '', { 'user-agent': 'Wget/1.21' }, true],
    ['a browser', '', { 'user-agent': 'Mozilla/5.0 (X11)' }, true],
    ['whom asks with pretty=true', '?pretty=true', {}, true],
    ['whom asks with pretty=1 in its Accept', '', { accept: `${JSON_TYPE};pretty=1` }, true],
    ['curl with pretty=false', '?pretty=false', { 'user-agent': 'curl/7.88.1' }, false],
    ['curl with pretty=nonsense', '?pretty=nonsense', { 'user-agent': 'curl/7.88.1' }, false],
  ] as const) {
    behaves(`JSON is ${indented ? 'indented' : 'on one line'} for ${title}, errors too`, async () => {
      for (const url of [path, '/api/v1/namespaces', `${path}/configmaps/absent`, '/api/v1']) {
        const { text } = await fetchApi('GET', url + query, { headers });
        assert.match(text, indented ? /^\{\n {2}"kind": .*[^\n]$/s : /^\{"kind":.*\}\n$/, url);
      }
    });
  }
});

suite('YAML', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');
  const ours = `${maps}?labelSelector=app%3Dyaml`;
  const data = {
    on: 'off',
    number: '1.0',
    date: '2001-01-01',
    lines: 'a\nb\n',
    open: 'a\n  b\n\nc',
    spaces: ' a ',
    tab: 'a\tb',
    odd: '- it\'s: "so" #',
    control: 'a\u0007',
    emoji: '😀',
  };
  before(async () => {
    const metadata = { name: 'written', labels: { app: 'yaml' } };
    objectOf(await fetchApi('POST', maps, { body: { metadata, data } }), 201);
  });
  const fetchYaml = async (path: string, accept = YAML) => {
    const answer = await fetchApi('GET', path, { headers: { accept } });
    assert.equal(answer.headers['content-type'], YAML);
    return { ...answer, value: load(answer.text) };
  };

  behaves('an object and a list are the same as in JSON, with sorted keys', async () => {
    for (const path of [`${maps}/written`, '/api/v1', '/apis/coordination.k8s.io']) {
      const { text, value } = await fetchYaml(path);
      assert.deepEqual(value, await fetchJson(path));
      assert.match(text, /^(apiVersion|groupVersion|kind): /);
    }
    includes((await fetchYaml(ours)).value, { kind: 'ConfigMapList', items: [{ data }] });
  });

  behaves('errors, Tables and metadata are to be had in it', async () => {
    const { status, value } = await fetchYaml(`${maps}/absent`);
    assert.equal(status, 404);
    includes(value, { kind: 'Status', code: 404, metadata: {} });
    includes((await fetchYaml(ours, as(YAML, 'Table'))).value, {
      kind: 'Table',
      rows: [{ cells: ['written', 10, /./] }],
    });
    const partial = await fetchYaml(`${maps}/written`, as(YAML, 'PartialObjectMetadata'));
    includes(partial.value, { kind: 'PartialObjectMetadata', metadata: { name: 'written' } });
  });

  behaves('a watch is not, whatever else would do', async () => {
    for (const accept of [YAML, `${YAML},${JSON_TYPE}`]) {
      const { status, value } = await fetchYaml(`${maps}?watch=true`, accept);
      assert.equal(status, 406);
      includes(value, {
        message: `only the following media types are accepted: ${JSON_TYPE};stream=watch, ${PROTOBUF};stream=watch`,
      });
    }
  });
});

suite('gzip', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');
  const value = 'compressible '.repeat(6_000);
  before(async () => {
    for (const name of ['a', 'b', 'c']) {
      const metadata = { name, labels: { app: 'gzip' } };
      objectOf(await fetchApi('POST', maps, { body: { metadata, data: { value } } }), 201);
    }
  });

  for (const accept of [JSON_TYPE, YAML, PROTOBUF]) {
    behaves(`a long list in ${accept} is compressed for whom reads that`, async () => {
      const plain = await fetchBytes(maps, { accept });
      const zipped = await fetchBytes(maps, { accept, 'accept-encoding': 'deflate, gzip' });
      assert.equal(plain.headers['content-encoding'], undefined);
      const { 'content-encoding': encoding, 'content-type': type, vary } = zipped.headers;
      assert.deepEqual([encoding, type, vary], ['gzip', accept, 'Accept-Encoding']);
      assert.ok(zipped.body.length < plain.body.length / 4, `${zipped.body.length} of ${plain.body.length} bytes`);
      // Others write meanwhile: the list's own version may have moved on.
      assert.ok(Math.abs(gunzipSync(zipped.body).length - plain.body.length) < 16);
    });
  }

  behaves('what is short is not, nor is a watch', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    assert.equal((await fetchBytes(`${maps}/a`, headers)).headers['content-encoding'], undefined);
    const watch = await fetchBytes(
      `${maps}?watch=true&resourceVersion=0&timeoutSeconds=1&labelSelector=app%3Dgzip`,
      headers,
    );
    assert.equal(watch.headers['content-encoding'], undefined);
    assert.equal(watch.body.toString().trim().split('\n').length, 3);
  });

  behaves('a body is read as it came', async () => {
    const headers = { 'content-encoding': 'gzip' };
    const body = Buffer.from('H4sIAAAAAAAAA6tWyk0tSUxJLElUsqpWykvMTVWyUkqvUqqtBQBqGyqcGQAAAA==', 'base64');
    statusOf(await fetchApi('POST', maps, { headers, body }), { code: 400, reason: 'BadRequest' });
  });
});

suite('Tables of what is written', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');
  const headers = { accept: as(JSON_TYPE, 'Table') };
  const table = (cells: unknown[]) => ({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', rows: [{ cells }] });

  behaves('POST, PUT and PATCH answer with the row of what they made', async () => {
    const body = { metadata: { name: 'row' }, data: { a: 'b' } };
    const created = await fetchApi('POST', maps, { headers, body });
    assert.equal(created.status, 201);
    includes(created.json(), table(['row', 1, /./]));
    const put = { metadata: { name: 'row' }, data: { a: 'b', c: 'd' } };
    includes((await fetchApi('PUT', `${maps}/row`, { headers, body: put })).json(), table(['row', 2, /./]));
    const patch = { headers: { ...headers, 'content-type': MERGE_PATCH }, body: { data: { e: 'f' } } };
    includes((await fetchApi('PATCH', `${maps}/row`, patch)).json(), table(['row', 3, /./]));
    const partial = { accept: as(JSON_TYPE, 'PartialObjectMetadata'), 'content-type': MERGE_PATCH };
    const answer = await fetchApi('PATCH', `${maps}/row`, {
      headers: partial,
      body: { metadata: { labels: { x: 'y' } } },
    });
    includes(answer.json(), { kind: 'PartialObjectMetadata', metadata: { labels: { x: 'y' } }, data: undefined });
  });

  behaves('DELETE answers with a Status all the same', async () => {
    objectOf(await fetchApi('POST', maps, { body: { metadata: { name: 'gone' } } }), 201);
    includes((await fetchApi('DELETE', `${maps}/gone`, { headers })).json(), { kind: 'Status', status: 'Success' });
  });

  behaves('a Scale has columns of its own', { since: 22 }, async () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const body = { metadata: { name: 'scaled' }, spec: { replicas: 0, selector: { a: 'b' }, template } };
    objectOf(await fetchApi('POST', namespace.path('replicationcontrollers'), { body }), 201);
    const path = namespace.path('replicationcontrollers', 'scaled', 'scale');
    includes((await fetchApi('GET', path, { headers })).json(), {
      ...table(['scaled', 0, 0, /./]),
      columnDefinitions: [{ name: 'Name' }, { name: 'Desired' }, { name: 'Available' }, { name: 'Age' }],
    });
  });
});

suite('types of bodies', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');
  const body = JSON.stringify({ metadata: { generateName: 'typed-' } });
  const unknown =
    'the body of the request was in an unknown format - accepted media types include: ' +
    `${JSON_TYPE}, ${YAML}, ${PROTOBUF}`;

  for (const type of [JSON_TYPE, `${JSON_TYPE}; charset=utf-8`, 'Application/JSON', YAML]) {
    behaves(`${type} is read`, async () => {
      objectOf(await fetchApi('POST', maps, { headers: { 'content-type': type }, body }), 201);
    });
  }
  for (const type of ['text/plain', 'application/xml', `${JSON_TYPE}/x`]) {
    behaves(`${type} is refused with what there is`, async () => {
      const answer = await fetchApi('POST', maps, { headers: { 'content-type': type }, body });
      statusOf(answer, { code: 415, reason: 'UnsupportedMediaType', message: unknown });
    });
  }

  behaves('too much is refused with the limit', async () => {
    const answer = await fetchApi('POST', maps, { body: `"${'x'.repeat(3 * 1024 * 1024)}"` });
    const message = 'Request entity too large: limit is 3145728';
    statusOf(answer, { code: 413, reason: 'RequestEntityTooLarge', message });
  });
});

suite('paths that are nothing', () => {
  for (const [path, isStatus] of [
    ['/api/v9', true],
    ['/apis/coordination.k8s.io/v9', true],
    ['/version/x', true],
    ['/apis/nothing.example.com', false],
    ['/apis/nothing.example.com/v1', false],
  ] as const) {
    behaves(`${path} is 404, ${isStatus ? 'a Status' : 'in plain text'}`, async () => {
      const answer = await fetchApi('GET', path);
      if (isStatus) statusOf(answer, { code: 404, reason: 'NotFound' });
      else assert.deepEqual([answer.status, answer.text], [404, '404 page not found\n']);
      if (!isStatus) assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    });
  }

  behaves('/ lists the others', async () => {
    const { paths } = (await fetchApi('GET', '/')).json<{ paths: string[] }>();
    for (const path of ['/api', '/api/v1', '/apis', '/apis/coordination.k8s.io', '/apis/coordination.k8s.io/v1'])
      assert.ok(paths.includes(path), path);
    for (const path of ['/healthz', '/livez/ping', '/openapi/v2', '/readyz/etcd', '/version'])
      assert.ok(paths.includes(path), path);
    if (atLeast(30)) assert.ok(paths.includes('/openapi/v3'));
    assert.deepEqual(paths, [...paths].sort());
  });
});
