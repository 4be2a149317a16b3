import assert from 'node:assert/strict';
import type { KubeObject } from '../../../openapi/object.ts';
import { declarationOf, declarations, type Loose } from '../test-support.ts';
import { formatLabels, humanDuration, translateTimestampSince } from './columns.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('humanDuration()', () => {
  const cases: [ms: number, text: string][] = [
    [-3 * SECOND, '<invalid>'],
    [-SECOND, '0s'],
    [0, '0s'],
    [119 * SECOND, '119s'],
    [2 * MINUTE, '2m'],
    [3 * MINUTE + 12 * SECOND, '3m12s'],
    [10 * MINUTE + 5 * SECOND, '10m'],
    [179 * MINUTE, '179m'],
    [3 * HOUR, '3h'],
    [7 * HOUR + 59 * MINUTE, '7h59m'],
    [47 * HOUR, '47h'],
    [2 * DAY, '2d'],
    [7 * DAY + 23 * HOUR, '7d23h'],
    [729 * DAY, '729d'],
    [2 * 365 * DAY, '2y'],
    [3 * 365 * DAY + 5 * DAY, '3y5d'],
    [9 * 365 * DAY + 5 * DAY, '9y'],
  ];
  for (const [ms, text] of cases) it(`says ${text} for ${ms} ms`, () => assert.equal(humanDuration(ms), text));
});

describe('columns', () => {
  const now = Date.parse('2026-01-01T00:01:00Z');
  const created = { creationTimestamp: '2026-01-01T00:00:00Z' };

  it('tell an age, or that it is unknown', () => {
    assert.equal(translateTimestampSince('2026-01-01T00:00:00Z', now), '60s');
    assert.equal(translateTimestampSince(undefined, now), '<unknown>');
  });

  it('tell labels in order', () => {
    assert.equal(formatLabels({ b: '2', a: '1' }), 'a=1,b=2');
    assert.equal(formatLabels({}), '<none>');
  });

  it('are described by the fields they show', () => {
    const [name] = declarationOf('Pod').columns;
    assert.equal(name?.description, 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta#name');
  });

  const rows: { kind: string; object: Loose; cells: unknown[] }[] = [
    {
      kind: 'ConfigMap',
      object: { metadata: { name: 'a', ...created }, data: { a: '' }, binaryData: { b: '' } },
      cells: ['a', 2, '60s'],
    },
    {
      kind: 'Secret',
      object: { metadata: { name: 'a', ...created }, type: 'T', data: { a: '' } },
      cells: ['a', 'T', 1, '60s'],
    },
    { kind: 'ServiceAccount', object: { metadata: { name: 'a', ...created } }, cells: ['a', 0, '60s'] },
    {
      kind: 'Namespace',
      object: { metadata: { name: 'a', ...created }, status: { phase: 'Active' } },
      cells: ['a', 'Active', '60s'],
    },
    {
      kind: 'Lease',
      object: { metadata: { name: 'a', ...created }, spec: { holderIdentity: 'h' } },
      cells: ['a', 'h', '60s'],
    },
    {
      kind: 'Endpoints',
      object: {
        metadata: { name: 'a', ...created },
        subsets: [
          { addresses: [{ ip: '1.1.1.1' }, { ip: 'fd00::1' }], ports: [{ port: 1 }, { port: 2 }] },
          { notReadyAddresses: [{ ip: '9.9.9.9' }], ports: [{ port: 1 }] },
        ],
      },
      cells: ['a', '1.1.1.1:1,[fd00::1]:1,1.1.1.1:2 + 1 more...', '60s'],
    },
    { kind: 'Endpoints', object: { metadata: { name: 'a', ...created } }, cells: ['a', '<none>', '60s'] },
    {
      kind: 'Node',
      object: {
        metadata: {
          name: 'a',
          ...created,
          labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'db' },
        },
        spec: { unschedulable: true },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          addresses: [{ type: 'InternalIP', address: '1.1.1.1' }],
          nodeInfo: { kubeletVersion: 'v1', osImage: 'Debian' },
        },
      },
      cells: [
        'a',
        'Ready,SchedulingDisabled',
        'db,worker',
        '60s',
        'v1',
        '1.1.1.1',
        '<none>',
        'Debian',
        '<unknown>',
        '<unknown>',
      ],
    },
    {
      kind: 'Node',
      object: { metadata: { name: 'a' } },
      cells: ['a', 'Unknown', '<none>', '<unknown>', '', '<none>', '<none>', '<unknown>', '<unknown>', '<unknown>'],
    },
    {
      kind: 'ReplicationController',
      object: {
        metadata: { name: 'a', ...created },
        spec: {
          replicas: 3,
          selector: { a: 'b' },
          template: {
            spec: {
              containers: [
                { name: 'c', image: 'i' },
                { name: 'd', image: 'j' },
              ],
            },
          },
        },
        status: { replicas: 2, readyReplicas: 1 },
      },
      cells: ['a', 3, 2, 1, '60s', 'c,d', 'i,j', 'a=b'],
    },
    {
      kind: 'Event',
      object: {
        metadata: { name: 'a' },
        involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'f' },
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:50Z',
        count: 4,
        type: 'Normal',
        reason: 'R',
        message: ' m\n',
        source: { component: 'c', host: 'h' },
      },
      cells: ['10s', 'Normal', 'R', 'pod/p', 'f', 'c, h', 'm', '60s', 4, 'a'],
    },
    {
      kind: 'Event',
      object: {
        metadata: { name: 'a' },
        involvedObject: { kind: 'Pod' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        series: { count: 2, lastObservedTime: '2026-01-01T00:00:55.000000Z' },
        reportingComponent: 'k/c',
      },
      cells: ['5s', '', '', 'pod', '', 'k/c', '', '60s', 3, 'a'],
    },
    {
      kind: 'Service',
      object: {
        metadata: { name: 'a', ...created },
        spec: {
          type: 'NodePort',
          clusterIPs: ['10.0.0.1'],
          selector: { a: 'b' },
          ports: [
            { port: 80, nodePort: 30080, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
        },
      },
      cells: ['a', 'NodePort', '10.0.0.1', '<none>', '80:30080/TCP,53/UDP', '60s', 'a=b'],
    },
    {
      kind: 'Service',
      object: {
        metadata: { name: 'a', ...created },
        spec: { type: 'LoadBalancer', clusterIPs: ['10.0.0.1'], ports: [] },
        status: { loadBalancer: {} },
      },
      cells: ['a', 'LoadBalancer', '10.0.0.1', '<pending>', '<none>', '60s', '<none>'],
    },
    {
      kind: 'Service',
      object: { metadata: { name: 'a', ...created }, spec: { type: 'ExternalName', externalName: 'x.y' } },
      cells: ['a', 'ExternalName', '<none>', 'x.y', '<none>', '60s', '<none>'],
    },
  ];
  for (const { kind, object, cells } of rows) {
    it(`show ${kind} as ${JSON.stringify(cells)}`, () => {
      const { columns } = declarationOf(kind);
      assert.deepEqual(
        columns.map((column) => column.value(object as KubeObject, now)),
        cells,
      );
    });
  }
});

describe('builtinResources()', () => {
  const facts: Record<string, [plural: string, shortNames: string, prefix: string, categories: string]> = {
    ConfigMap: ['configmaps', 'cm', '', ''],
    Endpoints: ['endpoints', 'ep', 'services/endpoints', ''],
    Event: ['events', 'ev', '', ''],
    Lease: ['leases', '', '', ''],
    Namespace: ['namespaces', 'ns', '', ''],
    Node: ['nodes', 'no', 'minions', ''],
    Pod: ['pods', 'po', '', 'all'],
    ReplicationController: ['replicationcontrollers', 'rc', 'controllers', 'all'],
    Secret: ['secrets', '', '', ''],
    Service: ['services', 'svc', 'services/specs', 'all'],
    ServiceAccount: ['serviceaccounts', 'sa', '', ''],
  };
  for (const [name, expected] of Object.entries(facts)) {
    it(`declares ${name} with its names and its place in storage`, () => {
      const { plural, shortNames = [], storagePrefix = '', categories = [] } = declarationOf(name);
      assert.deepEqual([plural, shortNames.join(), storagePrefix, categories.join()], expected);
    });
  }

  it('names exactly the fields that it selects by', () => {
    for (const { kind, fields, fieldLabels = [] } of declarations().values()) {
      const names = Object.keys(fields?.({ metadata: {} }) ?? {});
      assert.deepEqual(names.sort(), [...fieldLabels].sort(), kind);
    }
  });
});
