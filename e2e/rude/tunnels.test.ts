/** Tunnels to a kubelet that one end drops without a word: the other is let go of, too, and nothing stays open. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { createServer, type Server } from 'node:tls';
import { systemClock } from '../../base/clock.ts';
import { eventually } from '../harness.ts';
import { openMany, openTls, requestText } from './connections.ts';
import { RudeServer } from './server.ts';

const TUNNELS = 50;
const UPGRADE = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n';

describe('tunnels that are dropped', function () {
  this.timeout(15_000);
  let server: RudeServer;
  let kubelet: Server;
  const kubeletEnds = new Set<Duplex>();
  /** What the kubelet does with a tunnel once it stands. */
  let onTunnel: (end: Duplex) => void = () => undefined;

  before(async () => {
    server = await RudeServer.start();
    kubelet = createServer(server.keyPair('kubelet'), (end) => {
      kubeletEnds.add(end);
      end.on('error', () => undefined).once('close', () => kubeletEnds.delete(end));
      end.once('data', () => {
        end.write(SWITCHED);
        end.resume();
        onTunnel(end);
      });
    });
    kubelet.listen(0, '127.0.0.1');
    await once(kubelet, 'listening');
    const address = kubelet.address();
    await addPod(server, typeof address === 'object' ? (address?.port ?? 0) : 0);
  });
  after(async () => {
    for (const end of kubeletEnds) end.destroy();
    kubelet?.close();
    await server?.stop();
  });
  beforeEach(() => {
    onTunnel = () => undefined;
  });

  const PATH = '/api/v1/namespaces/rude/pods/one';

  /** Connections of clients that have been told that their tunnel stands. */
  const open = (subresource: string) =>
    openMany(TUNNELS, async () => {
      const socket = await openTls(server.port);
      socket.resume();
      socket.write(requestText(`POST ${PATH}/${subresource}`, 'rude-token', UPGRADE));
      const [head] = (await once(socket, 'data')) as [Buffer];
      assert.match(head.toString(), /^HTTP\/1.1 101 /);
      return socket;
    });

  for (const subresource of ['exec?command=sh&stdin=true&container=main', 'portforward', 'attach?container=main']) {
    it(`by the client: ${subresource}`, async () => {
      const before = server.descriptors;
      const clients = await open(subresource);
      assert.equal(kubeletEnds.size, TUNNELS);
      for (const client of clients) client.destroy();
      await eventually('the kubelet is let go of', async () => kubeletEnds.size === 0, 10);
      await eventually('the descriptors are closed', async () => server.descriptors <= before);
    });
  }

  it('by the kubelet, though the client never closes its end', async () => {
    const before = server.descriptors;
    onTunnel = (end) => void systemClock.after(500, () => end.destroy());
    const clients = await open('portforward');
    for (const client of clients) client.allowHalfOpen = true;
    await eventually('the descriptors are closed', async () => server.descriptors <= before);
    for (const client of clients) client.destroy();
  });

  it('by a client that reads nothing of what the kubelet goes on sending', async () => {
    const before = server.descriptors;
    const chunk = Buffer.alloc(64 * 1024);
    onTunnel = (end) => {
      const more = () => {
        while (!end.destroyed && end.write(chunk));
        end.once('drain', more);
      };
      more();
    };
    const memory = server.memory;
    server.forgetPeak();
    const clients = await open('portforward');
    for (const client of clients) client.pause();
    await systemClock.sleep(1_000);
    const more = Math.round((server.peakMemory - memory) / (1024 * 1024));
    assert.ok(more < 150, `${more} MB`);
    for (const client of clients) client.destroy();
    await eventually('the descriptors are closed', async () => server.descriptors <= before && kubeletEnds.size === 0);
  });
});

/** A pod on a node whose kubelet is the test's. */
async function addPod(server: RudeServer, port: number): Promise<void> {
  const master = server.client('master-token');
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  const spec = { nodeName: 'rude', containers: [{ name: 'main', image: 'none' }] };
  const answers = [
    await master.post('/api/v1/nodes', { metadata: { name: 'rude' }, status }),
    await master.post('/api/v1/namespaces/rude/serviceaccounts', { metadata: { name: 'default' } }),
    await master.post('/api/v1/namespaces/rude/pods', { metadata: { name: 'one' }, spec }),
  ];
  for (const { code, text } of answers) assert.equal(code, 201, text);
  master.close();
}
