/** A process for `server.test.ts`: a server with watches of every kind open is stopped, and then nothing must be left. */
import { once } from 'node:events';
import { fetchOver, makeCertificates, openSession, RawConnection } from './http/wire.fixture.ts';
import { ADMIN, AS_ADMIN, startServer } from './server.fixture.ts';

const WATCH = '/api/v1/pods?watch=1&allowWatchBookmarks=true';

const server = await startServer({ certificates: await makeCertificates() });
const sessions = await Promise.all(Array.from({ length: 2 }, () => openSession(server.port)));
for (const session of sessions) {
  const streams = Array.from({ length: 100 }, () => session.request({ ':path': WATCH, ...AS_ADMIN }));
  for (const stream of streams) stream.on('error', () => undefined).resume();
  await Promise.all(streams.map((stream) => once(stream, 'response')));
}
const connections = await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(server.port)));
for (const connection of connections) connection.request(`GET ${WATCH}`, AS_ADMIN);
for (const connection of connections) await connection.until(/^HTTP\/1.1 200 OK\r\n/);
const transport = server.direct(ADMIN);
const direct = Array.from({ length: 50 }, async () => {
  const events = transport.watch({ method: 'GET', path: '/api/v1/pods', query: { watch: 'true' } });
  for await (const { type } of events) if (type === 'ERROR') return;
});
const idle = await openSession(server.port);
await fetchOver(idle, { ':path': '/healthz' });
process.stdout.write(`watching ${100 * sessions.length + connections.length + direct.length}\n`);
await server.stop();
await Promise.all(direct);
process.stdout.write('stopped\n');
