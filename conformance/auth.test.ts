/** Who may come in at all. */
import assert from 'node:assert/strict';
import { behaves, fetchApi, statusOf, suite, targetAs } from './harness.ts';

suite('authentication', () => {
  behaves('a wrong token answers 401 Unauthorized', async () => {
    const stranger = targetAs({ authorization: 'Bearer wrong' });
    for (const path of ['/api/v1/pods', '/apis', '/api/v1/namespaces/default/secrets']) {
      statusOf(await stranger.fetch('GET', path), { code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
    }
    stranger.close();
  });

  behaves('a wrong token is refused before anything is looked at', async () => {
    const stranger = targetAs({ authorization: 'Bearer wrong' });
    statusOf(await stranger.fetch('POST', '/api/v1/namespaces', { body: '{' }), { code: 401, reason: 'Unauthorized' });
    statusOf(await stranger.fetch('GET', '/api/v1/nothing'), { code: 401, reason: 'Unauthorized' });
    stranger.close();
  });

  // Whether anonymous requests are turned away as nobody's (401) or as system:anonymous' (403) is the cluster's choice.
  behaves('without credentials nothing can be read or written', async () => {
    const nobody = targetAs({});
    const body = { metadata: { name: 'conformance-anonymous' } };
    for (const [method, path, options] of [
      ['GET', '/api/v1/pods', {}],
      ['GET', '/api/v1/namespaces/kube-system/secrets', {}],
      ['POST', '/api/v1/namespaces', { body }],
      ['DELETE', '/api/v1/namespaces/default', {}],
    ] as const) {
      statusOf(await nobody.fetch(method, path, options), { code: [401, 403] });
    }
    nobody.close();
    statusOf(await fetchApi('GET', '/api/v1/namespaces/conformance-anonymous'), { code: 404 });
  });

  for (const header of ['Bearer', 'Bearer ', 'Basic YWRtaW46YWRtaW4=', 'bearer\twrong', `Bearer ${'x'.repeat(4000)}`]) {
    behaves(`a broken Authorization header is no identity: ${header.slice(0, 30).trim()}`, async () => {
      const stranger = targetAs({ authorization: header });
      const answer = await stranger.fetch('GET', '/api/v1/pods');
      stranger.close();
      statusOf(answer, { code: [401, 403] });
    });
  }

  behaves('our own identity may do everything', async () => {
    assert.equal((await fetchApi('GET', '/api/v1/namespaces/kube-system/secrets')).status, 200);
  });
});
