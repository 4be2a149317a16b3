/** The OpenAPI documents clients validate and explain with. */
import assert from 'node:assert/strict';
import { at, behaves, fetchApi, includes, suite } from './harness.ts';
import { kinds } from './kinds.ts';

interface Schema {
  description?: string;
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}

suite('OpenAPI v2', () => {
  let document: {
    swagger: string;
    info: { title: string };
    paths: Record<string, object>;
    definitions: Record<string, Schema>;
  };
  before(async () => {
    const answer = await fetchApi('GET', '/openapi/v2');
    assert.equal(answer.status, 200);
    document = answer.json();
  });

  behaves('is a swagger 2.0 document', () => {
    assert.equal(document.swagger, '2.0');
    assert.ok(document.info.title);
  });

  for (const { kind, apiVersion, resource, namespaced, since = 0 } of kinds) {
    behaves(`defines ${apiVersion} ${kind} with its group, version and kind, and its paths`, { since }, () => {
      const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
      const [name, schema] =
        Object.entries(document.definitions).find(([, definition]) =>
          definition['x-kubernetes-group-version-kind']?.some(
            (gvk) => gvk.group === group && gvk.version === version && gvk.kind === kind,
          ),
        ) ?? [];
      assert.ok(name?.startsWith('io.k8s.') && name.endsWith(`.${kind}`), name);
      includes(schema?.properties, { apiVersion: { type: 'string' }, kind: { type: 'string' } });
      assert.ok(schema?.description);
      const root = group ? `/apis/${apiVersion}` : '/api/v1';
      assert.ok(document.paths[`${root}${namespaced ? '/namespaces/{namespace}' : ''}/${resource}`]);
    });
  }

  behaves('tells the merge rules that strategic patches need', () => {
    const ports = at(document.definitions['io.k8s.api.core.v1.ServiceSpec'], 'properties.ports');
    includes(ports, { 'x-kubernetes-patch-merge-key': 'port', 'x-kubernetes-patch-strategy': 'merge' });
    const containers = at(document.definitions['io.k8s.api.core.v1.PodSpec'], 'properties.containers');
    includes(containers, { 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge' });
    assert.deepEqual(document.definitions['io.k8s.api.core.v1.PodSpec']?.required, ['containers']);
  });

  behaves('tells of a path which action it is on which kind', () => {
    const create = at(document.paths['/api/v1/namespaces/{namespace}/pods'], 'post');
    includes(create, {
      'x-kubernetes-action': 'post',
      'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind: 'Pod' },
    });
  });

  behaves('comes as protobuf to old kubectl', async () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const answer = await fetchApi('GET', '/openapi/v2', { headers: { accept } });
    assert.equal(answer.status, 200);
    // Field 1 of the document: "swagger", of 3 bytes.
    assert.equal(Buffer.from(answer.text.slice(0, 5)).toString('latin1'), '\n\u00032.0');
  });

  behaves('is not sent again to whom has it', async () => {
    const { headers } = await fetchApi('HEAD', '/openapi/v2');
    if (!headers.etag) return assert.fail('no ETag');
    const again = await fetchApi('GET', '/openapi/v2', { headers: { 'if-none-match': headers.etag } });
    assert.equal(again.status, 304);
  });
});

suite('OpenAPI v3', () => {
  behaves('has an index of documents by group and version', { since: 24 }, async () => {
    const { paths } = (await fetchApi('GET', '/openapi/v3')).json<{
      paths: Record<string, { serverRelativeURL: string }>;
    }>();
    assert.ok(paths['api/v1'] && paths['apis/coordination.k8s.io/v1'], Object.keys(paths).join());
    for (const { serverRelativeURL } of Object.values(paths))
      assert.match(serverRelativeURL, /^\/openapi\/v3\/.*\?hash=/);
  });

  behaves('each document describes its kinds and paths', { since: 24 }, async () => {
    const { paths } = (await fetchApi('GET', '/openapi/v3')).json<{
      paths: Record<string, { serverRelativeURL: string }>;
    }>();
    const answer = await fetchApi('GET', paths['api/v1']?.serverRelativeURL ?? '');
    assert.equal(answer.status, 200);
    const document = answer.json<{
      openapi: string;
      paths: Record<string, object>;
      components: { schemas: Record<string, Schema> };
    }>();
    assert.match(document.openapi, /^3\./);
    assert.ok(document.paths['/api/v1/namespaces/{namespace}/pods']);
    const pod = document.components.schemas['io.k8s.api.core.v1.Pod'];
    includes(pod?.['x-kubernetes-group-version-kind'], [{ group: '', version: 'v1', kind: 'Pod' }]);
    assert.ok(pod?.properties?.spec);
  });

  behaves('an unknown document answers 404', { since: 24 }, async () => {
    assert.equal((await fetchApi('GET', '/openapi/v3/apis/nothing.example.com/v1')).status, 404);
  });
});
