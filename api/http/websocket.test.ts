import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { systemClock } from '../../base/clock.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { decodeTyped } from '../../openapi/protobuf-codec.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import { StorageError } from '../storage/interface.ts';
import type { Listener, WireRequest } from './listener.ts';
import type { ApiRequest, ApiResult, WatchFrame } from './request.ts';
import { requestInfo } from './request-info.ts';
import { respond, respondError } from './respond.ts';
import { type Handshake, streamHandshake, watchHandshake } from './websocket.ts';
import { type Certificates, listen, makeCertificates, RawConnection } from './wire.fixture.ts';
import type { WireResponse } from './wire-response.ts';

const WATCH = '/api/v1/configmaps?watch=true';
const LOG = '/api/v1/namespaces/a/pods/b/log';
const CONFIG_MAPS: ResourceDeclaration = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  namespaced: true,
  definition: 'io.k8s.api.core.v1.ConfigMap',
  columns: [],
  strategy: {},
};
const frame = (name: string, value = ''): WatchFrame => ({
  type: 'ADDED',
  object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { value } } as WatchFrame['object'],
});

describe('handshakes', () => {
  const table: [string, (header: ApiRequest['header']) => Handshake, Record<string, string>, Handshake][] = [
    ['a watch without an origin', watchHandshake, {}, { refused: 403 }],
    ['a watch from nowhere', watchHandshake, { origin: '::::' }, { refused: 403 }],
    ['a watch from a page', watchHandshake, { origin: 'https://x' }, { protocol: '' }],
    ['a watch in any protocol', watchHandshake, { origin: 'https://x', protocol: 'foo' }, { protocol: 'foo' }],
    ['a watch in two protocols', watchHandshake, { origin: 'https://x', protocol: 'a, b' }, { refused: 400 }],
    [
      'a watch with a token',
      watchHandshake,
      { origin: 'https://x', protocol: 'base64url.bearer.authorization.k8s.io.eA, v' },
      { protocol: 'v' },
    ],
    ['a log', streamHandshake, {}, { protocol: '' }],
    [
      'a log in a protocol we know',
      streamHandshake,
      { protocol: 'x, base64.binary.k8s.io' },
      { protocol: 'base64.binary.k8s.io' },
    ],
    ['a log in none that we know', streamHandshake, { protocol: 'x' }, { refused: 403 }],
  ];
  for (const [title, handshake, { origin, protocol }, expected] of table) {
    it(`of ${title} ends in ${JSON.stringify(expected)}`, () => {
      const headers: Record<string, string | undefined> = { origin, 'sec-websocket-protocol': protocol };
      assert.deepEqual(
        handshake((name) => headers[name]),
        expected,
      );
    });
  }
});

describe('WebSockets', () => {
  let certificates: Certificates;
  before(async () => {
    certificates = await makeCertificates();
  });
  const open = new Set<Listener>();
  const sockets = new Set<WebSocket>();
  afterEach(async () => {
    for (const socket of sockets) socket.terminate();
    for (const listener of open) await listener.close();
    sockets.clear();
    open.clear();
  });

  /** A server that answers everything with `result`. */
  const serve = async (result: (signal: AbortSignal) => ApiResult): Promise<Listener> => {
    const handle = async (wire: WireRequest, response: WireResponse) => {
      const request = apiRequest(wire);
      try {
        await respond(result(wire.ending.signal), request, response, systemClock, {});
      } catch (error) {
        // As the server does it.
        if (response.closed) return;
        if (response.started) response.abort();
        else await respondError(error, wire, response, {});
      }
    };
    const listener = await listen(certificates, handle);
    open.add(listener);
    return listener;
  };
  const watching = (frames: (signal: AbortSignal) => AsyncIterable<WatchFrame[]>) =>
    serve((signal) => ({ kind: 'watch', frames: frames(signal), resource: CONFIG_MAPS }));

  interface ConnectOptions {
    path?: string;
    protocols?: string[];
    headers?: Record<string, string>;
  }
  const connect = (listener: Listener, { path = WATCH, protocols = [], headers = {} }: ConnectOptions = {}) => {
    const options = { rejectUnauthorized: false, headers: { origin: 'https://x', ...headers } };
    const socket = new WebSocket(`wss://127.0.0.1:${listener.port}${path}`, protocols, options);
    sockets.add(socket);
    socket.on('error', () => undefined);
    return socket;
  };
  /** All messages until the connection closes, and the code it closes with. */
  const messages = async (socket: WebSocket) => {
    const found: { data: Buffer; binary: boolean }[] = [];
    socket.on('message', (data: Buffer, binary) => found.push({ data, binary }));
    const [code] = (await once(socket, 'close')) as [number];
    return { found, code };
  };
  const two = async function* () {
    yield [frame('a')];
    yield [frame('b')];
  };

  it('carry each event of a watch as a text, and close when it ends', async () => {
    const { found, code } = await messages(connect(await watching(two)));
    assert.deepEqual(
      found.map(({ data, binary }) => [binary, JSON.parse(data.toString())]),
      [
        [false, frame('a')],
        [false, frame('b')],
      ],
    );
    assert.equal(code, 1000);
  });

  it('carry events in protobuf as bytes without a length before them', async () => {
    const accept = 'application/vnd.kubernetes.protobuf';
    const { found } = await messages(connect(await watching(two), { headers: { accept } }));
    const definition = 'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent';
    assert.deepEqual(
      found.map(({ data, binary }) => [
        binary,
        (decodeTyped(definition, { apiVersion: '', kind: '' }, data) as { object: KubeObject }).object.metadata,
      ]),
      [
        [true, { name: 'a' }],
        [true, { name: 'b' }],
      ],
    );
  });

  it('say why a watch breaks off', async () => {
    const broken = async function* () {
      yield [frame('a')];
      throw new StorageError('Unavailable', '', 'fallen behind');
    };
    const { found, code } = await messages(connect(await watching(broken)));
    const last = JSON.parse(String(found.at(-1)?.data)) as { type: string; object: { message: string } };
    assert.deepEqual([found.length, last.type, last.object.message, code], [2, 'ERROR', 'fallen behind', 1000]);
  });

  it('answer pings, and tell the watch when the client leaves', async () => {
    let ended: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const endless = async function* (signal: AbortSignal) {
      try {
        yield [frame('a')];
        await once(signal, 'abort');
      } finally {
        ended();
      }
    };
    const socket = connect(await watching(endless));
    await once(socket, 'message');
    socket.ping('are you there');
    const [pong] = (await once(socket, 'pong')) as [Buffer];
    assert.equal(pong.toString(), 'are you there');
    socket.close();
    await left;
  });

  it('close when the server stops', async () => {
    const listener = await watching(async function* (signal: AbortSignal) {
      yield [frame('a')];
      await once(signal, 'abort');
    });
    const socket = connect(listener);
    await once(socket, 'message');
    const closed = once(socket, 'close');
    await listener.close();
    assert.deepEqual(((await closed) as [number])[0], 1000);
  });

  it('take no more events than their client reads', async () => {
    let made = 0;
    const value = 'x'.repeat(256 * 1024);
    const listener = await watching(async function* () {
      for (;;) {
        made++;
        yield [frame('a', value)];
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const socket = connect(listener);
    await once(socket, 'open');
    socket.pause();
    // Until nothing has been made for a while, in turns of the loop.
    for (let quiet = 0, last = -1; quiet < 200; quiet++) {
      if (made !== last) quiet = 0;
      last = made;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(made < 200, `${made} events are waiting for a client that does not read`);
    const before = systemClock.monotonic();
    await listener.close();
    assert.ok(systemClock.monotonic() - before < 1_000, 'nor does a server that stops wait for it');
  });

  const logged: [protocol: string | undefined, binary: boolean, data: string][] = [
    [undefined, true, 'héllo'],
    ['binary.k8s.io', true, 'héllo'],
    ['base64.binary.k8s.io', false, Buffer.from('héllo').toString('base64')],
  ];
  for (const [protocol, binary, data] of logged) {
    it(`carry a log in ${protocol ?? 'no protocol'}, after an empty message`, async () => {
      const listener = await serve(() => ({ kind: 'stream', status: 200, contentType: 'text/plain', body: log() }));
      const socket = connect(listener, { path: LOG, protocols: protocol ? [protocol] : [] });
      const { found } = await messages(socket);
      assert.equal(socket.protocol, protocol ?? '');
      assert.deepEqual(
        found.map((message) => [message.binary, message.data.toString()]),
        [
          [binary, ''],
          [binary, data],
        ],
      );
    });
  }

  const refused: [title: string, options: ConnectOptions, status: number][] = [
    ['without an origin', { headers: { origin: '' } }, 403],
    ['in two protocols', { protocols: ['a', 'b'] }, 400],
    ['in YAML', { headers: { accept: 'application/yaml' } }, 406],
  ];
  for (const [title, options, status] of refused) {
    it(`are refused with a plain answer ${title}`, async () => {
      const socket = connect(await watching(two), options);
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
      assert.equal(response.statusCode, status);
    });
  }

  for (const [title, headers] of [
    ['without a key', {}],
    ['of a version nobody knows', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '99' }],
  ] as const) {
    it(`are refused with a Status ${title}`, async () => {
      const listener = await watching(two);
      const connection = await RawConnection.open(listener.port);
      const upgrade = { origin: 'https://x', connection: 'upgrade', upgrade: 'websocket' };
      connection.request(`GET ${WATCH}`, { ...upgrade, ...headers });
      await connection.until(/^HTTP\/1.1 400 Bad Request\r\n.*\r\n\r\n\{"kind":"Status",.*"reason":"BadRequest"/s);
      await connection.closed();
    });
  }
});

async function* log(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('héllo');
}

function apiRequest(wire: WireRequest): ApiRequest {
  const [path = '', search = ''] = wire.url.split('?');
  const query = new URLSearchParams(search);
  return {
    ...wire,
    signal: wire.ending.signal,
    info: requestInfo(wire.method, path, query),
    query,
    user: { name: 'admin', groups: [] },
    warnings: [],
  } as unknown as ApiRequest;
}
