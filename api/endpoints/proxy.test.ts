import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { NAMESPACE, refusedAs, WRITE, withRegistry } from '../registry/store/store.fixture.ts';
import { splitSchemeNamePort } from './proxy.ts';
import { handle, pathTo, requestTo } from './verbs.fixture.ts';

describe('splitSchemeNamePort()', () => {
  const cases: [string, object | undefined][] = [
    ['x', { scheme: '', name: 'x', port: '' }],
    ['x:80', { scheme: '', name: 'x', port: '80' }],
    ['https:x:web', { scheme: 'https', name: 'x', port: 'web' }],
    ['ftp:x:1', undefined],
    [':80', undefined],
    ['a:b:c:d', undefined],
  ];
  for (const [id, expected] of cases) {
    it(`reads ${id}`, () => assert.deepEqual(splitSchemeNamePort(id), expected));
  }
});

describe('proxy', () => {
  const meta = { name: 'x', namespace: NAMESPACE };

  it(
    'refuses what leads nowhere',
    withRegistry(async (fixture) => {
      const refused = async (path: string, reason: string, message: RegExp) =>
        assert.rejects(handle(fixture, requestTo('GET', path)), refusedAs(reason, message));
      await refused(pathTo('services', 'x', 'proxy/'), 'NotFound', /^services "x" not found$/);
      await refused(pathTo('services', 'ftp:x:1', 'proxy'), 'BadRequest', /^invalid service request "ftp:x:1"$/);
      await fixture.store('endpoints').create(NAMESPACE, { metadata: { ...meta } }, WRITE);
      await refused(pathTo('services', 'x', 'proxy'), 'ServiceUnavailable', /^no endpoints available for service "x"$/);
      await refused(pathTo('pods', 'absent', 'proxy'), 'NotFound', /^pods "absent" not found$/);
    }),
  );

  it(
    'passes a request on to an endpoint of a service, without its token, and the answer back',
    withRegistry(async (fixture) => {
      const host = Object.values(networkInterfaces())
        .flat()
        .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
      if (host === undefined) return;
      const server = createServer((request, response) => {
        const { method, url, headers } = request;
        response.writeHead(418, { 'content-type': 'text/x' });
        response.end(JSON.stringify([method, url, headers.accept, headers.authorization ?? null]));
      });
      await new Promise<void>((resolve) => server.listen(0, host, resolve));
      try {
        const { port } = server.address() as AddressInfo;
        const subsets = [{ addresses: [{ ip: host }], ports: [{ port, protocol: 'TCP' }] }];
        const object = { metadata: { ...meta }, subsets };
        await fixture.store('endpoints').create(NAMESPACE, object, WRITE);
        const headers = { accept: 'a/b', authorization: 'Bearer secret' };
        const result = await handle(
          fixture,
          requestTo('GET', `${pathTo('services', 'x', 'proxy/a/b')}?c=d`, { headers }),
        );
        assert.equal(result.kind, 'stream');
        if (result.kind !== 'stream') return;
        const chunks: Uint8Array[] = [];
        for await (const chunk of result.body) chunks.push(chunk);
        assert.deepEqual([result.status, result.contentType], [418, 'text/x']);
        assert.deepEqual(JSON.parse(Buffer.concat(chunks).toString()), ['GET', '/a/b?c=d', 'a/b', null]);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    }),
  );
});
