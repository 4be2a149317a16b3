import assert from 'node:assert/strict';
import { requestInfo } from './request-info.ts';

describe('requestInfo', () => {
  const cases: [string, string, string | undefined][] = [
    ['GET', '/api/v1/pods', 'list  v1  pods  '],
    ['GET', '/api/v1/namespaces/a/pods', 'list  v1 a pods  '],
    ['GET', '/api/v1/namespaces/a/pods?watch=true', 'watch  v1 a pods  '],
    ['GET', '/api/v1/namespaces/a/pods?watch=0', 'list  v1 a pods  '],
    ['GET', '/api/v1/namespaces/a/pods/p', 'get  v1 a pods p '],
    ['POST', '/api/v1/namespaces/a/pods/p/binding', 'create  v1 a pods p binding'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'update  v1  namespaces a finalize'],
    ['GET', '/api/v1/namespaces/a/status', 'get  v1  namespaces a status'],
    ['GET', '/api/v1/namespaces/a', 'get  v1  namespaces a '],
    ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection  v1 a pods  '],
    ['GET', '/api/v1/watch/namespaces/a/pods/p', 'watch  v1 a pods p '],
    ['DELETE', '/api/v1/nodes/n', 'delete  v1  nodes n '],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d/scale', 'patch apps v1 a deployments d scale'],
    ['GET', '/apis/coordination.k8s.io/v1/leases/', 'list coordination.k8s.io v1  leases  '],
    ['OPTIONS', '/api/v1/pods', 'connect  v1  pods  '],
    ['GET', '/api/v1', undefined],
    ['GET', '/apis/apps/v1', undefined],
    ['GET', '/healthz', undefined],
  ];
  for (const [method, url, expected] of cases) {
    it(`reads ${method} ${url}`, () => {
      const [path = '', query = ''] = url.split('?');
      const { resource } = requestInfo(method, path, new URLSearchParams(query));
      const text =
        resource &&
        [
          resource.verb,
          resource.group,
          resource.version,
          resource.namespace,
          resource.resource,
          resource.name,
          resource.subresource,
        ].join(' ');
      assert.equal(text, expected);
    });
  }

  it('decodes before it splits, so that an escaped slash cannot hide in a name', () => {
    const { resource } = requestInfo('GET', '/api/v1/namespaces/a/pods/x%2Flog', new URLSearchParams());
    assert.deepEqual([resource?.name, resource?.subresource], ['x', 'log']);
  });

  it('refuses escapes that stand for nothing', () => {
    assert.throws(() => requestInfo('GET', '/api/v1/%zz', new URLSearchParams()), { name: 'StatusError', code: 400 });
  });
});
