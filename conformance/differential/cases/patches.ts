/** Patches and server-side apply in their finer points. */
import { patch, post, put, type Theme } from '../case.ts';

const core = '/api/v1/namespaces/{ns}';
const service = {
  metadata: { name: 's' },
  spec: {
    selector: { a: 'b' },
    ports: [
      { name: 'a', port: 80, protocol: 'TCP' },
      { name: 'b', port: 81, protocol: 'TCP' },
    ],
  },
};
const deployments = '/apis/apps/v1/namespaces/{ns}/deployments';
const deployment = (more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'd' } },
    template: {
      metadata: { labels: { app: 'd' } },
      spec: {
        containers: [
          {
            name: 'main',
            image: 'example.invalid/main:1',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
          { name: 'side', image: 'example.invalid/side:1' },
        ],
        ...more,
      },
    },
  },
});
const podSpec = (fields: object) => ({ spec: { template: { spec: fields } } });
const map = (data: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x', ...metadata },
  data,
});

const strategic: Theme = {
  name: 'patches-strategic',
  cases: [
    {
      title: 'lists by their merge keys',
      controlled: true,
      requests: [
        post(deployments, deployment()),
        patch(
          'strategic',
          `${deployments}/d`,
          podSpec({ containers: [{ name: 'main', image: 'example.invalid/main:2' }] }),
        ),
        patch(
          'strategic',
          `${deployments}/d`,
          podSpec({
            containers: [
              {
                name: 'main',
                env: [
                  { name: 'A', $patch: 'delete' },
                  { name: 'C', value: '3' },
                ],
              },
            ],
          }),
        ),
        patch('strategic', `${deployments}/d`, podSpec({ containers: [{ name: 'side', $patch: 'delete' }] })),
        patch(
          'strategic',
          `${deployments}/d`,
          podSpec({ $setElementOrder: [], containers: [{ name: 'new', image: 'i' }] }),
        ),
        patch(
          'strategic',
          `${deployments}/d`,
          podSpec({
            '$setElementOrder/containers': [{ name: 'new' }, { name: 'main' }],
            containers: [{ name: 'new', image: 'j' }],
          }),
        ),
        patch('strategic', `${deployments}/d`, podSpec({ containers: [{ image: 'nameless' }] })),
        patch(
          'strategic',
          `${deployments}/d`,
          podSpec({ containers: [{ $patch: 'replace' }, { name: 'only', image: 'i' }] }),
        ),
        patch('strategic', `${deployments}/d`, podSpec({ containers: 'x' })),
        patch('strategic', `${deployments}/d`, podSpec({ tolerations: [{ key: 'a', operator: 'Exists' }] })),
        patch('strategic', `${deployments}/d`, podSpec({ volumes: [{ name: 'v', emptyDir: {} }] })),
        patch(
          'strategic',
          `${deployments}/d`,
          podSpec({ volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] }),
        ),
        patch('strategic', `${deployments}/d`, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }),
        patch('strategic', `${deployments}/d`, { spec: { $patch: 'sideways' } }),
        patch('strategic', `${deployments}/d`, { spec: { template: { metadata: { labels: { $patch: 'delete' } } } } }),
      ],
    },
    {
      title: 'services, finalizers and maps',
      requests: [
        post(`${core}/services`, service),
        patch('strategic', `${core}/services/s`, { spec: { ports: [{ port: 82, name: 'c' }] } }),
        patch('strategic', `${core}/services/s`, { spec: { ports: [{ port: 80, $patch: 'delete' }] } }),
        patch('strategic', `${core}/services/s`, { spec: { selector: { $patch: 'replace', only: 'this' } } }),
        patch('strategic', `${core}/services/s`, { spec: { selector: null } }),
        patch('strategic', `${core}/services/s`, { metadata: { finalizers: ['example.com/a', 'example.com/b'] } }),
        patch('strategic', `${core}/services/s`, {
          metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] },
        }),
        patch('strategic', `${core}/services/s`, { metadata: { finalizers: null, labels: { a: null } } }),
        patch('merge', `${core}/services/s`, { spec: { ports: [{ port: 90 }] } }),
        patch('merge', `${core}/services/s`, { spec: null }),
        patch('merge', `${core}/services/s`, { metadata: { name: 'other' } }),
        patch('merge', `${core}/services/s`, { metadata: { uid: 'x' } }),
      ],
    },
    {
      title: 'JSON patches',
      requests: [
        post(`${core}/configmaps`, map({ a: '1', e: '3' }, { annotations: { 'b/c': '2' } })),
        patch('json', `${core}/configmaps/x`, [{ op: 'replace', path: '/data/a', value: '2' }]),
        patch('json', `${core}/configmaps/x`, [
          { op: 'replace', path: '/metadata/annotations/b~1c', value: 'slash' },
          { op: 'remove', path: '/data/e' },
        ]),
        patch('json', `${core}/configmaps/x`, [
          { op: 'copy', from: '/data/a', path: '/data/f' },
          { op: 'move', from: '/data/f', path: '/data/g' },
        ]),
        patch('json', `${core}/configmaps/x`, [{ op: 'replace', path: '/data/absent', value: 'x' }]),
        patch('json', `${core}/configmaps/x`, [{ op: 'add', path: '/absent/deep', value: 'x' }]),
        patch('json', `${core}/configmaps/x`, [{ op: 'jump', path: '/data/a' }]),
        patch('json', `${core}/configmaps/x`, [{ op: 'add', path: '/data/number', value: 5 }]),
        patch('json', `${core}/configmaps/x`, [{ op: 'add', path: '/metadata/labels', value: {} }]),
        patch('json', `${core}/configmaps/x`, [
          { op: 'test', path: '/data/a', value: '2' },
          { op: 'remove', path: '/data' },
        ]),
        patch('json', `${core}/configmaps/x`, []),
        patch('json', `${core}/configmaps/x`, [{ op: 'replace', path: '/metadata/name', value: 'y' }]),
        patch('json', `${core}/configmaps/x`, [{ op: 'replace', path: '', value: {} }]),
      ],
    },
  ],
};

const applying: Theme = {
  name: 'patches-apply',
  cases: [
    {
      title: 'who owns what',
      managedFields: true,
      requests: [
        patch('apply', `${core}/configmaps/x?fieldManager=a`, map({ one: '1', two: '2' })),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, map({ two: '2', three: '3' })),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, map({ one: 'x', two: 'y' })),
        patch('apply', `${core}/configmaps/x?fieldManager=b&force=true`, map({ two: 'y' })),
        patch('apply', `${core}/configmaps/x?fieldManager=a`, map({ one: '1' })),
        patch('apply', `${core}/configmaps/x?fieldManager=a`, map({})),
        patch('merge', `${core}/configmaps/x?fieldManager=c`, { data: { two: 'z', four: '4' } }),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, map({ two: 'y' })),
        put(`${core}/configmaps/x?fieldManager=c`, map({ five: '5' })),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, map({}, { labels: { a: 'b' }, annotations: { c: 'd' } })),
        patch('merge', `${core}/configmaps/x`, { metadata: { managedFields: [{}] } }),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, map({ six: '6' }, { resourceVersion: '1' })),
        patch(
          'apply',
          `${core}/configmaps/x?fieldManager=b`,
          map({ six: '6' }, { uid: '00000000-0000-0000-0000-000000000000' }),
        ),
        patch('apply', `${core}/configmaps/x?fieldManager=b&dryRun=All`, map({ seven: '7' })),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, { apiVersion: 'v1', kind: 'ConfigMap', data: {} }),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, { kind: 'ConfigMap', metadata: { name: 'x' } }),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'x' },
        }),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, map({ number: 5 })),
        patch('apply', `${core}/configmaps/x?fieldManager=b`, { ...map({}), unknown: 'field' }),
      ],
    },
    {
      title: 'lists by their keys',
      managedFields: true,
      controlled: true,
      requests: [
        patch('apply', `${deployments}/d?fieldManager=a`, deployment()),
        patch('apply', `${deployments}/d?fieldManager=b`, {
          ...deployment(),
          spec: { template: { spec: { containers: [{ name: 'main', env: [{ name: 'C', value: '3' }] }] } } },
        }),
        patch('apply', `${deployments}/d?fieldManager=b`, {
          ...deployment(),
          spec: { template: { spec: { containers: [{ name: 'main', image: 'example.invalid/main:2' }] } } },
        }),
        patch('apply', `${deployments}/d?fieldManager=b&force=true`, {
          ...deployment(),
          spec: { template: { spec: { containers: [{ name: 'main', image: 'example.invalid/main:2' }] } } },
        }),
        patch('apply', `${deployments}/d?fieldManager=a`, deployment({ terminationGracePeriodSeconds: 5 })),
        patch('apply', `${deployments}/d?fieldManager=a&force=true`, {
          ...deployment(),
          spec: {
            ...deployment().spec,
            template: {
              metadata: { labels: { app: 'd' } },
              spec: { containers: [{ name: 'main', image: 'example.invalid/main:3' }] },
            },
          },
        }),
        patch('merge', `${deployments}/d?fieldManager=c`, { metadata: { annotations: { x: 'y' } } }),
        patch('apply', `${deployments}/d?fieldManager=a`, { ...deployment(), spec: { replicas: 'x' } }),
      ],
    },
    {
      title: 'ports of a service, status and scale',
      managedFields: true,
      requests: [
        patch('apply', `${core}/services/s?fieldManager=a`, { apiVersion: 'v1', kind: 'Service', ...service }),
        patch('apply', `${core}/services/s?fieldManager=b`, {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 's' },
          spec: { ports: [{ name: 'c', port: 82, protocol: 'TCP' }] },
        }),
        patch('apply', `${core}/services/s?fieldManager=a`, {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 's' },
          spec: { ports: [{ name: 'a', port: 80, protocol: 'TCP' }] },
        }),
        patch('merge', `${core}/services/s/status?fieldManager=lb`, {
          status: { loadBalancer: { ingress: [{ ip: '198.51.100.7' }] } },
        }),
        patch('apply', `${core}/services/s/status?fieldManager=lb2`, {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 's' },
          status: { loadBalancer: { ingress: [{ ip: '198.51.100.8' }] } },
        }),
      ],
    },
  ],
};

export const patchThemes = [strategic, applying];
