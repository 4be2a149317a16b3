import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../base/clock.ts';
import { decodeProtobuf } from '../../openapi/protobuf-codec.ts';
import { badRequest, PlainError, StatusError, timeout, unauthorized } from '../../openapi/status.ts';
import { requestTo } from '../endpoints/verbs.fixture.ts';
import { configMap, type Fixture, NAMESPACE, WRITE, withRegistry } from '../registry/store/store.fixture.ts';
import { StorageError } from '../storage/interface.ts';
import type { ApiRequest, ApiResult, WatchFrame } from './request.ts';
import { presentationOf, respond, respondError, statusOf } from './respond.ts';
import type { Headers, WireResponse } from './wire-response.ts';

/** Keeps what is written; `take` lets a test be a client that reads slowly, or leaves. */
class CollectingResponse implements WireResponse {
  readonly blockedSince = undefined;
  status = 0;
  headers: Headers = {};
  chunks: Buffer[] = [];
  ended = false;
  aborted = false;
  closed = false;
  take: (chunk: Uint8Array) => Promise<void> = async () => undefined;

  get started(): boolean {
    return this.status !== 0;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  start(status: number, headers: Headers): void {
    this.status = status;
    this.headers = headers;
  }

  handOver(): void {
    assert.fail('nothing is upgraded here');
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.take(chunk);
    this.chunks.push(Buffer.from(chunk));
  }

  end(chunk?: Uint8Array): void {
    if (chunk) this.chunks.push(Buffer.from(chunk));
    this.ended = true;
  }

  abort(): void {
    this.aborted = true;
  }
}

const answer = async (
  result: ApiResult,
  request: ApiRequest = requestTo('GET', '/api/v1/configmaps'),
  response = new CollectingResponse(),
): Promise<CollectingResponse> => {
  await respond(result, request, response, systemClock, { 'audit-id': 'x' });
  return response;
};

const raw = (body: string): ApiResult => ({ kind: 'raw', status: 200, contentType: 'text/plain', body });

describe('respond', () => {
  it('writes raw bodies with their length, and to HEAD the length alone', async () => {
    const whole = await answer(raw('héllo'));
    assert.equal(whole.text, 'héllo');
    assert.deepEqual(whole.headers, { 'audit-id': 'x', 'content-type': 'text/plain', 'content-length': '6' });
    const head = await answer(raw('héllo'), requestTo('HEAD', '/healthz'));
    assert.deepEqual([head.text, head.headers['content-length'], head.ended], ['', '6', true]);
  });

  it('writes a stream as it comes, and hands on what breaks it off', async () => {
    const body = async function* () {
      yield Buffer.from('one ');
      yield Buffer.from('two');
    };
    const whole = await answer({ kind: 'stream', status: 200, contentType: 'text/plain', body: body() });
    assert.deepEqual([whole.text, whole.ended], ['one two', true]);
    const broken = async function* () {
      yield Buffer.from('one');
      throw new Error('no more');
    };
    const response = new CollectingResponse();
    const result: ApiResult = { kind: 'stream', status: 200, contentType: 'text/plain', body: broken() };
    await assert.rejects(answer(result, undefined, response), /no more/);
    assert.equal(response.ended, false, 'a stump must not look like a whole answer');
  });

  it('closes the stream of a client that is gone', async () => {
    let closed = false;
    const body = async function* () {
      try {
        for (;;) yield Buffer.from('x');
      } finally {
        closed = true;
      }
    };
    const response = new CollectingResponse();
    response.take = async () => {
      throw new Error('gone');
    };
    const result: ApiResult = { kind: 'stream', status: 200, contentType: 'text/plain', body: body() };
    await assert.rejects(answer(result, undefined, response), /gone/);
    assert.ok(closed);
  });

  it('refuses before anything is done what no answer can be, as far as the path tells', () => {
    const table = 'application/json;as=Table;g=meta.k8s.io;v=v1';
    const protobuf = 'application/vnd.kubernetes.protobuf';
    for (const [path, accept] of [
      ['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', table],
      ['/apis/example.com/v1/widgets', protobuf],
      ['/api/v1/configmaps', 'text/html'],
    ] as const)
      assert.throws(() => presentationOf(requestTo('POST', path, { headers: { accept } })), { code: 406 });
    for (const [path, accept] of [
      ['/api/v1/configmaps', table],
      ['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', protobuf],
      ['/api/v1/namespaces/a/services/b/proxy/style.css', 'text/css'],
      ['/api/v1/namespaces/a/pods/b/log', 'text/plain'],
      // Custom resources are not the router's.
      ['/apis/example.com/v1/widgets', 'application/*'],
    ] as const)
      presentationOf(requestTo('POST', path, { headers: { accept } }));
  });

  it('leaves a connection alone that the handler has taken', async () => {
    assert.equal((await answer({ kind: 'taken' })).started, false);
  });

  it(
    'writes warnings as headers, whatever they contain',
    withRegistry(async ({ store }) => {
      const object = await store('configmaps').create(NAMESPACE, configMap('a'), WRITE);
      const request = requestTo('POST', '/api/v1/configmaps');
      request.warnings.push('unknown field "x"', 'line\r\nfeed ü');
      const { headers } = await answer({ kind: 'object', status: 201, object }, request);
      assert.deepEqual(headers.warning, ['299 - "unknown field \\"x\\""', '299 - "line??feed ?"']);
    }),
  );

  it(
    'writes a long list no faster than its client reads',
    withRegistry(async (fixture) => {
      const response = new CollectingResponse();
      let pending = 0;
      response.take = async (chunk) => {
        assert.equal(++pending, 1, 'one slice at a time');
        assert.ok(chunk.length < 600_000, `a slice of ${chunk.length} bytes`);
        await new Promise((resolve) => setImmediate(resolve));
        pending--;
      };
      const result = await largeList(fixture);
      await answer(result, undefined, response);
      assert.equal((JSON.parse(response.text) as { items: unknown[] }).items.length, 40);
      assert.equal(response.headers['content-length'], String(Buffer.byteLength(response.text)));
      assert.ok(response.chunks.length > 3);
    }),
  );

  it(
    'compresses what is large for whom reads that, as it is read, and says so',
    withRegistry(async (fixture) => {
      const result = await largeList(fixture);
      const plain = await answer(result);
      const request = requestTo('GET', '/api/v1/configmaps', { headers: { 'accept-encoding': 'br, gzip' } });
      const zipped = await answer(result, request);
      assert.equal(gunzipSync(Buffer.concat(zipped.chunks)).toString(), plain.text);
      const { 'content-encoding': encoding, 'content-length': length, vary } = zipped.headers;
      assert.deepEqual([encoding, length, vary, zipped.ended], ['gzip', undefined, 'Accept-Encoding', true]);
      const document: ApiResult = { ...raw('x'.repeat(200_000)), headers: { vary: 'Accept' } } as ApiResult;
      assert.equal((await answer(document, request)).headers.vary, 'Accept, Accept-Encoding');
    }),
  );

  const plainly: [string, string, string | undefined, number][] = [
    ['to whom does not ask', 'GET', undefined, 200_000],
    ['to whom asks for something else', 'GET', 'br, gzip;q=1.0', 200_000],
    ['what is small', 'GET', 'gzip', 128 * 1024],
    ['the answer to a write', 'POST', 'gzip', 200_000],
  ];
  for (const [title, method, encoding, size] of plainly) {
    it(`compresses not ${title}`, async () => {
      const headers: Record<string, string> = encoding === undefined ? {} : { 'accept-encoding': encoding };
      const response = await answer(raw('x'.repeat(size)), requestTo(method, '/api/v1/configmaps', { headers }));
      assert.equal(response.headers['content-encoding'], undefined);
      assert.equal(response.text.length, size);
    });
  }

  it('gives a compressed answer up when its client is gone', async () => {
    const response = new CollectingResponse();
    response.take = async () => {
      throw new Error('gone');
    };
    const request = requestTo('GET', '/api/v1/configmaps', { headers: { 'accept-encoding': 'gzip' } });
    // Nothing that shrinks: there must be something to write before the end.
    const body = Buffer.concat(Array.from({ length: 20_000 }, (_, i) => createHash('sha256').update(`${i}`).digest()));
    await assert.rejects(answer({ kind: 'raw', status: 200, contentType: '', body }, request, response), /gone/);
    assert.equal(response.ended, false);
  });

  it('says nothing of the type or length of what has not changed', async () => {
    const unchanged: ApiResult = { kind: 'raw', status: 304, contentType: '', body: '', headers: { etag: '"x"' } };
    assert.deepEqual((await answer(unchanged)).headers, { 'audit-id': 'x', etag: '"x"' });
  });

  it(
    'gives a list up when its client is gone',
    withRegistry(async (fixture) => {
      const response = new CollectingResponse();
      response.take = async () => {
        throw new Error('gone');
      };
      await assert.rejects(answer(await largeList(fixture), undefined, response), /gone/);
      assert.equal(response.ended, false);
    }),
  );
});

async function largeList({ store }: Fixture): Promise<ApiResult> {
  const maps = store('configmaps');
  for (let i = 0; i < 40; i++) await maps.create(NAMESPACE, configMap(`m${i}`, { v: 'x'.repeat(20_000) }), WRITE);
  const { items, revision } = maps.cache.list(maps.prefix);
  return { kind: 'list', items, metadata: { resourceVersion: String(revision) }, resource: maps.declaration };
}

describe('respond, of a watch', () => {
  const watching = ({ store }: Fixture, frames: AsyncIterable<WatchFrame[]>): ApiResult => ({
    kind: 'watch',
    frames,
    resource: store('configmaps').declaration,
  });
  const bookmark = (version: number): WatchFrame => ({
    type: 'BOOKMARK',
    object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: String(version) } },
  });

  it(
    'sends headers at once, frames as they come, and why it broke off',
    withRegistry(async (fixture) => {
      const response = new CollectingResponse();
      const frames = async function* () {
        assert.ok(response.started && response.chunks.length === 1);
        yield [bookmark(1), bookmark(2)];
        throw new StorageError('Unavailable', '', 'fallen behind');
      };
      await answer(watching(fixture, frames()), undefined, response);
      const lines = response.text.trimEnd().split('\n');
      const [first, second, error] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual([first, second], [bookmark(1), bookmark(2)]);
      assert.equal(error?.type, 'ERROR');
      assert.equal((error?.object as { code?: number } | undefined)?.code, 503);
      assert.ok(response.ended);
    }),
  );

  it(
    'of a slow client ends alone when it has fallen too far behind',
    withRegistry(
      async (fixture) => {
        const { store, cache } = fixture;
        const abort = new AbortController();
        const response = new CollectingResponse();
        let read: () => void = () => undefined;
        response.take = (chunk) =>
          chunk.length === 0
            ? Promise.resolve()
            : new Promise((resolve) => {
                read = resolve;
              });
        const { watchResource } = await import('../registry/store/watch.ts');
        const query = {
          kind: 'ConfigMap',
          apiVersion: 'v1',
          namespace: NAMESPACE,
          labels: [],
          fields: [],
          bookmarks: false,
          initialEventsEnd: false,
        };
        const follow = () =>
          watchResource(store('configmaps'), { ...query, after: cache.revision, signal: abort.signal }, () => false);
        const other: string[] = [];
        const quick = (async () => {
          for await (const frames of follow()) other.push(...frames.map(({ type }) => type));
        })();
        const slow = answer(watching(fixture, follow()), undefined, response);
        for (let i = 0; i < 30; i++) await store('configmaps').create(NAMESPACE, configMap(`m${i}`), WRITE);
        assert.equal(cache.watchers, 1, 'only the quick one is left');
        response.take = async () => undefined;
        read();
        await slow;
        assert.match(response.text, /\n\{"type":"ERROR",[^\n]*has fallen \d+ events behind[^\n]*\}\n$/);
        assert.ok(response.ended);
        abort.abort();
        await quick;
        assert.equal(other.length, 30);
      },
      { queueLimit: 10 },
    ),
  );

  it(
    'is given up when its client is gone, and its frames with it',
    withRegistry(async (fixture) => {
      const abort = new AbortController();
      const response = new CollectingResponse();
      let closed = false;
      const frames = async function* () {
        try {
          for (let i = 1; ; i++) yield [bookmark(i)];
        } finally {
          closed = true;
        }
      };
      response.take = async (chunk) => {
        if (chunk.length === 0) return;
        abort.abort(new Error('gone'));
        throw abort.signal.reason;
      };
      const request = requestTo('GET', '/api/v1/configmaps?watch=1', { signal: abort.signal });
      await assert.rejects(answer(watching(fixture, frames()), request, response), /gone/);
      assert.ok(closed);
    }),
  );
});

describe('respondError', () => {
  const refuse = async (error: unknown, accept?: string, method = 'GET', url = '/api') => {
    const response = new CollectingResponse();
    const header = (name: string) => (name === 'accept' ? accept : undefined);
    await respondError(error, { method, header, url }, response, {});
    return response;
  };

  it('writes as text what goes wrong ahead of all else', async () => {
    const plain = await refuse(new PlainError('<no>'), undefined, 'GET', '/api?a=b&c');
    assert.deepEqual([plain.status, plain.headers['content-type']], [500, 'text/plain; charset=utf-8']);
    assert.equal(plain.text, 'Internal Server Error: "/api?a=b&amp;c": &lt;no&gt;\n');
  });

  it('writes a Status as JSON, or as YAML to whom wants that, and nothing to HEAD', async () => {
    const json = await refuse(badRequest('no'));
    assert.equal(json.status, 400);
    assert.equal((JSON.parse(json.text) as { message: string }).message, 'no');
    assert.match(
      (await refuse(badRequest('no'), 'application/yaml')).text,
      /^apiVersion: v1\ncode: 400\nkind: Status\nmessage: "no"\n/,
    );
    const odd = await refuse(badRequest('no'), 'image/png');
    assert.equal(odd.headers['content-type'], 'application/json');
    const head = await refuse(badRequest('no'), undefined, 'HEAD');
    const protobuf = await refuse(badRequest('no'), 'application/vnd.kubernetes.protobuf');
    const { kind, value } = decodeProtobuf(Buffer.concat(protobuf.chunks));
    assert.deepEqual([kind, (value as { code: number }).code], ['Status', 400]);
    assert.deepEqual([head.text, head.headers['content-length']], ['', json.headers['content-length']]);
  });

  it('is indented for people, and for whom accepts nothing of ours', async () => {
    const compact = /^\{"kind":"Status",.*\}\n$/;
    const indented = /^\{\n {2}"kind": "Status",\n.*\n\}$/s;
    assert.match((await refuse(badRequest('no'))).text, compact);
    assert.match((await refuse(badRequest('no'), undefined, 'GET', '/api?pretty=true')).text, indented);
    for (const accept of ['image/png', 'application/json;as=Table;g=meta.k8s.io;v=v1'])
      assert.match((await refuse(badRequest('no'), accept)).text, indented);
  });

  it('says how to come back', async () => {
    assert.equal((await refuse(timeout('late', 7))).headers['retry-after'], '7');
    assert.match(String((await refuse(unauthorized())).headers['www-authenticate']), /^Bearer /);
  });
});

describe('statusOf', () => {
  const cases: [string, unknown, number, RegExp][] = [
    ['a Status as it is', badRequest('no'), 400, /^no$/],
    ['what the storage says', new StorageError('Unavailable', '', 'no disk'), 503, /^no disk$/],
    ['an abort', new DOMException('stop', 'AbortError'), 504, /ended before it was answered/],
    [
      'what nobody foresaw',
      new TypeError('x is not a function'),
      500,
      /^Internal error occurred: x is not a function$/,
    ],
    ['what is no error', 'text', 500, /^Internal error occurred: text$/],
  ];
  for (const [title, error, code, message] of cases) {
    it(`translates ${title}`, () => {
      const status = statusOf(error);
      assert.ok(status instanceof StatusError);
      assert.equal(status.code, code);
      assert.match(status.message, message);
    });
  }
});
