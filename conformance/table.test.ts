/** Table and metadata-only output: what kubectl and metadata informers ask for. */
import assert from 'node:assert/strict';
import { columnsOf, discard, everyKind } from './every-kind.ts';
import { behaves, fetchApi, includes, objectOf, statusOf, suite, testNamespace, uniqueName } from './harness.ts';
import { collectionOf, nameOf, sampleConfigMap, samplePod, sampleService } from './kinds.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

interface Table {
  kind: string;
  apiVersion: string;
  metadata: { resourceVersion?: string };
  columnDefinitions: { name: string; type: string; format: string; priority: number; description: string }[];
  rows: { cells: unknown[]; object?: { kind: string; apiVersion: string; metadata?: { name: string } } }[];
}

const asTable = async (path: string) => {
  const answer = await fetchApi('GET', path, { headers: { accept: TABLE } });
  assert.equal(answer.status, 200, answer.text);
  const table = answer.json<Table>();
  assert.deepEqual([table.kind, table.apiVersion], ['Table', 'meta.k8s.io/v1']);
  return table;
};

/** Cells by column name. */
function row(table: Table, index = 0): Record<string, unknown> {
  const cells = table.rows[index]?.cells ?? [];
  return Object.fromEntries(table.columnDefinitions.map(({ name }, i) => [name, cells[i]]));
}

everyKind('columns', (kind) => {
  const namespace = testNamespace();
  behaves(`are ${columnsOf(kind)}`, async () => {
    const name = nameOf(kind, uniqueName('tabled'));
    const collection = collectionOf(kind, namespace.name);
    objectOf(await fetchApi('POST', collection, { body: kind.sample(name, namespace.name) }), 201);
    const table = await asTable(`${collection}?fieldSelector=metadata.name%3D${name}`);
    await discard(kind, `${collection}/${name}`);
    const shown = (wide: boolean) =>
      table.columnDefinitions
        .filter(({ priority }) => priority > 0 === wide)
        .map((column) => column.name.replaceAll(' ', '_'))
        .join(' ');
    assert.equal([shown(false), shown(true)].filter(Boolean).join(' | '), columnsOf(kind));
    assert.equal(table.rows.length, 1);
    assert.equal(table.rows[0]?.cells.length, table.columnDefinitions.length);
    includes(table.rows[0]?.object, {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name },
    });
    if (kind.resource !== 'events') assert.equal(row(table).Name, name);
  });
});

suite('Table: cells', () => {
  const namespace = testNamespace();
  const post = async (resource: string, body: object) =>
    objectOf(await fetchApi('POST', namespace.path(resource), { body }), 201);

  behaves('a pod shows readiness, phase, restarts and, wide, its node', async () => {
    await post('pods', samplePod('web'));
    const pending = row(await asTable(namespace.path('pods', 'web')));
    includes(pending, {
      Name: 'web',
      Ready: '0/1',
      Status: 'Pending',
      IP: '<none>',
      Node: '<none>',
      'Nominated Node': '<none>',
    });
    assert.equal(String(pending.Restarts), '0');
    assert.match(String(pending.Age), /^\d+s$/);
    const target = { kind: 'Node', name: 'conformance-tabled' };
    await fetchApi('POST', namespace.path('pods', 'web', 'binding'), { body: { metadata: { name: 'web' }, target } });
    const pod = objectOf(await fetchApi('GET', namespace.path('pods', 'web')));
    const status = {
      phase: 'Running',
      podIP: '10.1.2.3',
      podIPs: [{ ip: '10.1.2.3' }],
      containerStatuses: [
        { name: 'main', ready: true, restartCount: 2, image: 'x', imageID: 'x', state: { running: {} } },
      ],
    };
    objectOf(await fetchApi('PUT', namespace.path('pods', 'web', 'status'), { body: { ...pod, status } }));
    const running = row(await asTable(namespace.path('pods', 'web')));
    includes(running, { Ready: '1/1', Status: 'Running', IP: '10.1.2.3', Node: 'conformance-tabled' });
    assert.match(String(running.Restarts), /^2/);
  });

  behaves('a waiting, a terminated and a terminating pod show why', async () => {
    const state = async (name: string, containerState: object, phase = 'Running') => {
      const pod = await post('pods', samplePod(name));
      const containerStatuses = [
        { name: 'main', ready: false, restartCount: 1, image: 'x', imageID: '', state: containerState },
      ];
      const path = namespace.path('pods', name, 'status');
      objectOf(await fetchApi('PUT', path, { body: { ...pod, status: { phase, containerStatuses } } }));
      return row(await asTable(namespace.path('pods', name))).Status;
    };
    assert.equal(await state('waiting', { waiting: { reason: 'CrashLoopBackOff' } }), 'CrashLoopBackOff');
    assert.equal(
      await state('completed', { terminated: { exitCode: 0, reason: 'Completed' } }, 'Succeeded'),
      'Completed',
    );
    assert.equal(await state('code', { terminated: { exitCode: 3 } }, 'Failed'), 'ExitCode:3');
    await post('pods', { ...samplePod('going'), metadata: { name: 'going', finalizers: ['example.com/hold'] } });
    await fetchApi('DELETE', namespace.path('pods', 'going'));
    assert.equal(row(await asTable(namespace.path('pods', 'going'))).Status, 'Terminating');
  });

  behaves('a service shows its type, addresses and ports', async () => {
    const service = await post('services', sampleService('front'));
    const { clusterIP } = service.spec as { clusterIP: string };
    includes(row(await asTable(namespace.path('services', 'front'))), {
      Name: 'front',
      Type: 'ClusterIP',
      'Cluster-IP': clusterIP,
      'External-IP': '<none>',
      'Port(s)': '80/TCP',
      Selector: 'none=front',
    });
    await post('services', { metadata: { name: 'node' }, spec: { type: 'NodePort', ports: [{ port: 80 }] } });
    assert.match(String(row(await asTable(namespace.path('services', 'node')))['Port(s)']), /^80:3\d{4}\/TCP$/);
  });

  behaves('configmaps and secrets show how many keys they have', async () => {
    await post('configmaps', { metadata: { name: 'two' }, data: { a: '1' }, binaryData: { b: 'Mg==' } });
    assert.equal(String(row(await asTable(namespace.path('configmaps', 'two'))).Data), '2');
    await post('secrets', { metadata: { name: 'one' }, data: { a: 'MQ==' } });
    const secret = row(await asTable(namespace.path('secrets', 'one')));
    assert.equal(String(secret.Data), '1');
    assert.equal(secret.Type, 'Opaque');
  });

  behaves('endpoints show addresses with ports', async () => {
    const ports = [{ port: 80 }];
    await post('endpoints', {
      metadata: { name: 'some' },
      subsets: [{ addresses: [{ ip: '10.1.2.3' }, { ip: '10.1.2.4' }], ports }],
    });
    assert.equal(row(await asTable(namespace.path('endpoints', 'some'))).Endpoints, '10.1.2.3:80,10.1.2.4:80');
  });

  behaves('a node that never reported is Unknown', async () => {
    const name = uniqueName('node');
    const metadata = { name, labels: { 'node-role.kubernetes.io/worker': '' } };
    const body = { metadata, spec: { unschedulable: true }, status: { nodeInfo: { kubeletVersion: 'v1.2.3' } } };
    objectOf(await fetchApi('POST', '/api/v1/nodes', { body }), 201);
    const cells = row(await asTable(`/api/v1/nodes/${name}`));
    await fetchApi('DELETE', `/api/v1/nodes/${name}`);
    assert.match(String(cells.Status), /^(Unknown|NotReady),SchedulingDisabled$/);
    includes(cells, { Roles: 'worker', Version: 'v1.2.3', 'Internal-IP': '<none>', 'OS-Image': '<unknown>' });
  });
});

suite('Table: the request', () => {
  const namespace = testNamespace();
  const path = namespace.path('configmaps');
  before(async () => {
    objectOf(await fetchApi('POST', path, { body: sampleConfigMap('shown') }), 201);
  });

  behaves('includeObject decides what a row carries', async () => {
    const none = await asTable(`${path}/shown?includeObject=None`);
    assert.ok(!none.rows[0]?.object, JSON.stringify(none.rows));
    const metadata = await asTable(`${path}/shown?includeObject=Metadata`);
    assert.equal(metadata.rows[0]?.object?.kind, 'PartialObjectMetadata');
    const object = await asTable(`${path}/shown?includeObject=Object`);
    includes(object.rows[0]?.object, { kind: 'ConfigMap', apiVersion: 'v1', data: { key: 'value' } });
    const wrong = await fetchApi('GET', `${path}?includeObject=Everything`, { headers: { accept: TABLE } });
    statusOf(wrong, { code: 400, reason: 'BadRequest' });
  });

  behaves('the answer names itself in its content type', async () => {
    const answer = await fetchApi('GET', path, { headers: { accept: TABLE } });
    assert.equal(answer.headers['content-type'], 'application/json');
  });

  behaves('a list of accepted types takes the first that can be had', async () => {
    const accept =
      'application/json;as=Table;v=v9;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const answer = await fetchApi('GET', path, { headers: { accept } });
    assert.equal(answer.json<Table>().kind, 'Table');
    const plain = await fetchApi('GET', path, {
      headers: { accept: 'application/json;as=Nothing;v=v1;g=meta.k8s.io, application/json' },
    });
    assert.equal(plain.json<Table>().kind, 'ConfigMapList');
  });

  behaves(
    'a form nobody has answers 406',
    {
      covers:
        'Servers with support for Table transformation should return a 406 for a backend which does not implement metadata',
    },
    async () => {
      const accept = 'application/json;as=Nothing;v=v1;g=meta.k8s.io';
      statusOf(await fetchApi('GET', path, { headers: { accept } }), { code: 406, reason: 'NotAcceptable' });
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: {} };
      const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const answer = await fetchApi('POST', reviews, { headers: { accept: TABLE }, body: review });
      statusOf(answer, { code: [404, 406] });
    },
  );

  behaves('PartialObjectMetadata is the metadata and nothing else', async () => {
    const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
    const object = objectOf(await fetchApi('GET', `${path}/shown`, { headers: { accept } }));
    includes(object, {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'shown' },
      data: undefined,
    });
    assert.match(object.metadata.resourceVersion, /^\d+$/);
  });

  behaves('PartialObjectMetadataList has the metadata of each', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
    const answer = await fetchApi('GET', `${path}?fieldSelector=metadata.name%3Dshown`, { headers: { accept } });
    includes(answer.json(), {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: /^\d+$/ },
      items: [{ metadata: { name: 'shown' }, data: undefined }],
    });
  });

  behaves('an error is a Status all the same', async () => {
    const answer = await fetchApi('GET', `${path}/absent`, { headers: { accept: TABLE } });
    statusOf(answer, { code: 404, reason: 'NotFound' });
  });
});
