/** Watches over WebSockets, for browsers and for clients that find them handier than chunks. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { decodeTyped } from '../openapi/protobuf-codec.ts';
import {
  behaves,
  eventually,
  fetchApi,
  includes,
  kubeConfig,
  objectOf,
  suite,
  target,
  testNamespace,
} from './harness.ts';

const ORIGIN = 'https://headlamp.example.com';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const BEARER = 'base64url.bearer.authorization.k8s.io.';

interface Connection {
  socket: WebSocket;
  messages: { data: Buffer; binary: boolean }[];
}

suite('watches over WebSockets', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');
  const create = async (name: string) =>
    objectOf(await fetchApi('POST', maps, { body: { metadata: { name, labels: { ws: 'yes' } } } }), 201);
  const open = new Set<WebSocket>();
  before(() => create('first'));
  after(() => {
    for (const socket of open) socket.terminate();
  });

  const dial = (
    query: string,
    { protocols = [], headers = {} }: { protocols?: string[]; headers?: Record<string, string> } = {},
    path = maps,
  ): Connection => {
    const { tls, headers: identity } = target.connection;
    const url = `${target.url.origin.replace(/^http/, 'ws')}${path}?watch=true&labelSelector=ws%3Dyes${query}`;
    const { ca, cert, key } = tls;
    const options = { ca, cert, key, rejectUnauthorized: tls.rejectUnauthorized ?? true };
    const socket = new WebSocket(url, protocols, { ...options, headers: { ...identity, origin: ORIGIN, ...headers } });
    open.add(socket);
    const messages: Connection['messages'] = [];
    socket.on('message', (data: Buffer, binary) => messages.push({ data, binary }));
    socket.on('error', () => undefined);
    return { socket, messages };
  };
  const refusal = async ({ socket }: Connection): Promise<number> => {
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    return response.statusCode;
  };
  const arrived = (messages: unknown[], count: number) =>
    eventually(async () => assert.equal(messages.length >= count, true, `${messages.length} messages`));
  const parse = ({ data }: { data: Buffer }) => JSON.parse(data.toString()) as { type: string; object: object };

  behaves('each event is a text of its own', async () => {
    const { socket, messages } = dial('&resourceVersion=0');
    await arrived(messages, 1);
    await create('second');
    await arrived(messages, 2);
    assert.deepEqual(
      messages.map(({ binary }) => binary),
      [false, false],
    );
    const [first, second] = messages.map(parse);
    includes(first, { type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'first' } } });
    includes(second, { type: 'ADDED', object: { metadata: { name: 'second' } } });
    socket.close();
  });

  behaves('a Table has the columns in the first event only', async () => {
    await create('another');
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { messages } = dial('&resourceVersion=0', { headers: { accept } });
    await arrived(messages, 2);
    const tables = messages.map((message) => parse(message).object as { columnDefinitions: unknown });
    assert.ok(Array.isArray(tables[0]?.columnDefinitions));
    assert.equal(tables[1]?.columnDefinitions ?? null, null);
  });

  behaves('in protobuf each event is a message without a length before it', async () => {
    const { messages } = dial('&resourceVersion=0', { headers: { accept: PROTOBUF } });
    await arrived(messages, 1);
    const [message] = messages;
    assert.ok(message?.binary);
    const definition = 'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent';
    includes(decodeTyped(definition, { apiVersion: '', kind: '' }, message.data), {
      type: 'ADDED',
      object: { kind: 'ConfigMap' },
    });
  });

  behaves('it closes when its time is up', async () => {
    const { socket } = dial('&timeoutSeconds=1');
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 1000);
  });

  behaves('pings are answered', async () => {
    const { socket } = dial('');
    await once(socket, 'open');
    socket.ping('there?');
    const [pong] = (await once(socket, 'pong')) as [Buffer];
    assert.equal(pong.toString(), 'there?');
  });

  for (const protocol of ['binary.k8s.io', 'base64.binary.k8s.io', 'whatever']) {
    behaves(`the subprotocol ${protocol} is agreed to, and changes nothing`, async () => {
      const { socket, messages } = dial('&resourceVersion=0', { protocols: [protocol] });
      await arrived(messages, 1);
      assert.equal(socket.protocol, protocol);
      assert.equal(messages[0]?.binary, false);
      assert.equal(parse(messages[0] ?? { data: Buffer.alloc(0) }).type, 'ADDED');
    });
  }

  behaves('the token may come as a subprotocol, and is not sent back', async () => {
    const token = kubeConfig.getCurrentUser()?.token;
    if (!token) return;
    const headers = { authorization: '' };
    const protocols = [BEARER + Buffer.from(token).toString('base64url'), 'v1.events'];
    const { socket, messages } = dial('&resourceVersion=0', { protocols, headers });
    await arrived(messages, 1);
    assert.equal(socket.protocol, 'v1.events');
  });

  const refused: [title: string, status: number[], options: Parameters<typeof dial>[1], path?: string][] = [
    ['that does not say where it comes from', [403], { headers: { origin: '' } }],
    ['in two subprotocols', [400], { protocols: ['one', 'two'] }],
    ['in YAML', [406], { headers: { accept: 'application/yaml' } }],
    ['of nothing', [404], {}, namespace.path('nothings')],
    ['of somebody else', [401, 403], { headers: { authorization: 'Bearer wrong' } }],
  ];
  for (const [title, status, options, path] of refused) {
    behaves(`one ${title} is refused with a plain answer`, async () => {
      const found = await refusal(dial('', options, path));
      assert.ok(status.includes(found), `${found}`);
    });
  }
});
