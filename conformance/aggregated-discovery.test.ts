/** Aggregated discovery as client-go reads it, built-in kinds and those added while the server runs. */
import assert from 'node:assert/strict';
import { behaviour, eventually, fetchApi, objectOf, suite, uniqueName } from './harness.ts';

const FORM = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const AGGREGATED = `application/json;${FORM}`;
/** What client-go sends: the newest form, the one before, the old documents. */
const NEGOTIATED = `${AGGREGATED},${AGGREGATED.replace('v=v2', 'v=v2beta1')},application/json`;

const LEGACY = ['v1/namespaces'];
const BUILT_IN = [
  'admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  'apiextensions.k8s.io/v1/customresourcedefinitions',
  'apiregistration.k8s.io/v1/apiservices',
  'apps/v1/deployments',
  'authentication.k8s.io/v1/tokenreviews',
  'authorization.k8s.io/v1/selfsubjectaccessreviews',
  'autoscaling/v1/horizontalpodautoscalers',
  'autoscaling/v2/horizontalpodautoscalers',
  'batch/v1/jobs',
  'certificates.k8s.io/v1/certificatesigningrequests',
  'coordination.k8s.io/v1/leases',
  'discovery.k8s.io/v1/endpointslices',
  'events.k8s.io/v1/events',
  'networking.k8s.io/v1/ingresses',
  'node.k8s.io/v1/runtimeclasses',
  'policy/v1/poddisruptionbudgets',
  'scheduling.k8s.io/v1/priorityclasses',
  'storage.k8s.io/v1/csinodes',
];

interface Document {
  kind: string;
  items: {
    metadata: { name?: string };
    versions?: { version: string; freshness?: string; resources?: { resource: string; responseKind?: object }[] }[];
  }[];
}

/** `apps/v1/deployments` for everything that one document lists. */
async function resourcesIn(path: string, accept: string): Promise<Set<string>> {
  const answer = await fetchApi('GET', path, { headers: { accept } });
  assert.equal(answer.status, 200, answer.text);
  const type = String(answer.headers['content-type']).replaceAll(' ', '');
  for (const part of ['application/json', ...FORM.split(';')]) assert.ok(type.includes(part), type);
  const document = answer.json<Document>();
  assert.equal(document.kind, 'APIGroupDiscoveryList');
  const names = document.items.flatMap(({ metadata, versions }) =>
    (versions ?? []).flatMap(({ version, freshness, resources }) => {
      assert.equal(freshness, 'Current', `${metadata.name} ${version}`);
      const group = metadata.name ? `${metadata.name}/` : '';
      return (resources ?? []).map(({ resource }) => `${group}${version}/${resource}`);
    }),
  );
  assert.equal(new Set(names).size, names.length, 'a resource is listed twice');
  return new Set(names);
}

function hasAll(found: Set<string>, wanted: string[]): void {
  assert.deepEqual(
    wanted.filter((name) => !found.has(name)),
    [],
    'missing',
  );
}

/** Makes a definition for as long as `use` takes; `use` gets its resource as `GROUP/v1/testcrds`. */
async function withDefinition(use: (resource: string) => Promise<void>): Promise<void> {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const group = `${uniqueName('group')}.example.com`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const body = {
    metadata: { name: `testcrds.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'testcrds', singular: 'testcrd', kind: 'testcrd', listKind: 'testcrdList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  objectOf(await fetchApi('POST', definitions, { body }), 201);
  try {
    await use(`${group}/v1/testcrds`);
  } finally {
    await fetchApi('DELETE', `${definitions}/testcrds.${group}`);
  }
}

suite('aggregated discovery for clients', () => {
  const since = 30;

  behaviour(
    'AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers',
    { since },
    async () => {
      hasAll(await resourcesIn('/apis', AGGREGATED), BUILT_IN);
      hasAll(await resourcesIn('/api', AGGREGATED), LEGACY);
    },
  );

  behaviour('AggregatedDiscovery should support aggregated discovery interface', { since }, async () => {
    const found = [...(await resourcesIn('/api', NEGOTIATED)), ...(await resourcesIn('/apis', NEGOTIATED))];
    hasAll(new Set(found), [...LEGACY, ...BUILT_IN]);
  });

  behaviour('AggregatedDiscovery should support raw aggregated discovery request for CRDs', { since }, () =>
    withDefinition(async (resource) => {
      await eventually(async () => hasAll(await resourcesIn('/apis', AGGREGATED), [resource]));
    }),
  );

  behaviour('AggregatedDiscovery should support aggregated discovery interface for CRDs', { since }, () =>
    withDefinition(async (resource) => {
      await eventually(async () => hasAll(await resourcesIn('/apis', NEGOTIATED), [resource]));
    }),
  );
});
