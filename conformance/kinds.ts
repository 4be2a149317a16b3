/** The kinds every server must serve, each with a sample object and a change to it: the tables the suites run over. */
import type { Wire } from './harness.ts';

export interface KindCase {
  kind: string;
  apiVersion: string;
  resource: string;
  namespaced: boolean;
  /** Nothing the server would have to default is left out but the defaults themselves are not written out either. */
  sample(name: string, namespace?: string): object;
  /** Changes a field of the kind's own. */
  change(object: Wire): void;
  /** What the object has after `change`. */
  changed: object;
  /** Names of the columns of a Table; those with a priority above 0 follow the `|`. */
  columns: string;
}

/** A scheduler nobody runs, so that the pods of API tests stay where they are on a complete cluster too. */
const NO_SCHEDULER = 'conformance-nobody';

/** A pod that nothing schedules or runs. */
export function samplePod(name: string, labels: Record<string, string> = { app: name }): object {
  return { metadata: { name, labels }, spec: samplePodSpec() };
}

export function samplePodSpec(): object {
  return {
    schedulerName: NO_SCHEDULER,
    automountServiceAccountToken: false,
    containers: [{ name: 'main', image: 'example.invalid/main:1', imagePullPolicy: 'IfNotPresent' }],
  };
}

/** A controller whose pods nothing schedules. */
export function sampleController(name: string, replicas = 0): object {
  const labels = { rc: name };
  return {
    metadata: { name },
    spec: { replicas, selector: labels, template: { metadata: { labels }, spec: samplePodSpec() } },
  };
}

export function sampleService(name: string): object {
  return {
    metadata: { name },
    spec: { selector: { none: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

export function sampleConfigMap(name: string, labels?: Record<string, string>): object {
  return { metadata: { name, labels }, data: { key: 'value' } };
}

/** Replaces a whole field: `put({ data: … })`. */
function put(fields: object): Pick<KindCase, 'change' | 'changed'> {
  return { change: (object) => Object.assign(object, fields), changed: fields };
}

function label(): Pick<KindCase, 'change' | 'changed'> {
  return {
    change: (object) => {
      object.metadata.labels = { ...object.metadata.labels, changed: 'yes' };
    },
    changed: { metadata: { labels: { changed: 'yes' } } },
  };
}

function spec(fields: object): Pick<KindCase, 'change' | 'changed'> {
  return {
    change: (object) => {
      object.spec = { ...(object.spec as object), ...fields };
    },
    changed: { spec: fields },
  };
}

const core = { apiVersion: 'v1', namespaced: true };

export const kinds: KindCase[] = [
  {
    ...core,
    kind: 'Namespace',
    resource: 'namespaces',
    namespaced: false,
    sample: (name) => ({ metadata: { name } }),
    ...label(),
    columns: 'Name Status Age',
  },
  {
    ...core,
    kind: 'Pod',
    resource: 'pods',
    sample: (name) => samplePod(name),
    ...spec({ activeDeadlineSeconds: 500 }),
    columns: 'Name Ready Status Restarts Age | IP Node Nominated_Node Readiness_Gates',
  },
  {
    ...core,
    kind: 'Service',
    resource: 'services',
    sample: sampleService,
    ...spec({ sessionAffinity: 'ClientIP' }),
    columns: 'Name Type Cluster-IP External-IP Port(s) Age | Selector',
  },
  {
    ...core,
    kind: 'Endpoints',
    resource: 'endpoints',
    sample: (name) => ({ metadata: { name }, subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }] }),
    ...put({ subsets: [{ addresses: [{ ip: '10.1.2.4' }], ports: [{ port: 81, protocol: 'TCP' }] }] }),
    columns: 'Name Endpoints Age',
  },
  {
    ...core,
    kind: 'ReplicationController',
    resource: 'replicationcontrollers',
    sample: (name) => sampleController(name),
    ...spec({ minReadySeconds: 7 }),
    columns: 'Name Desired Current Ready Age | Containers Images Selector',
  },
  {
    ...core,
    kind: 'Node',
    resource: 'nodes',
    namespaced: false,
    sample: (name) => ({ metadata: { name }, spec: { unschedulable: true } }),
    ...spec({ podCIDR: '10.9.8.0/24', podCIDRs: ['10.9.8.0/24'] }),
    columns: 'Name Status Roles Age Version | Internal-IP External-IP OS-Image Kernel-Version Container-Runtime',
  },
  {
    ...core,
    kind: 'Event',
    resource: 'events',
    sample: (name, namespace) => ({
      metadata: { name },
      involvedObject: { kind: 'Pod', name: 'somebody', namespace },
      reason: 'Tested',
      message: 'it happened',
      type: 'Normal',
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:04:05Z',
      count: 1,
    }),
    ...put({ count: 2 }),
    columns: 'Last_Seen Type Reason Object Message | Subobject Source First_Seen Count Name',
  },
  {
    ...core,
    kind: 'ConfigMap',
    resource: 'configmaps',
    sample: (name) => sampleConfigMap(name),
    ...put({ data: { key: 'other', more: 'yes' } }),
    columns: 'Name Data Age',
  },
  {
    ...core,
    kind: 'Secret',
    resource: 'secrets',
    sample: (name) => ({ metadata: { name }, data: { key: 'dmFsdWU=' } }),
    ...put({ data: { key: 'b3RoZXI=' } }),
    columns: 'Name Type Data Age',
  },
  {
    ...core,
    kind: 'ServiceAccount',
    resource: 'serviceaccounts',
    sample: (name) => ({ metadata: { name } }),
    ...put({ automountServiceAccountToken: false }),
    columns: 'Name Secrets Age',
  },
  {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    resource: 'leases',
    namespaced: true,
    sample: (name) => ({ metadata: { name }, spec: { holderIdentity: 'one', leaseDurationSeconds: 30 } }),
    ...spec({ holderIdentity: 'two', leaseTransitions: 1, renewTime: '2026-01-02T03:04:05.000006Z' }),
    columns: 'Name Holder Age',
  },
];

/** The path of a kind's collection. */
export function collectionOf(kind: KindCase, namespace: string): string {
  const root = kind.apiVersion === 'v1' ? '/api/v1' : `/apis/${kind.apiVersion}`;
  return kind.namespaced ? `${root}/namespaces/${namespace}/${kind.resource}` : `${root}/${kind.resource}`;
}

/** The resource as error messages name it: `leases.coordination.k8s.io`. */
export function qualifiedResource(kind: KindCase): string {
  const [group, version] = kind.apiVersion.split('/');
  return version === undefined ? kind.resource : `${kind.resource}.${group}`;
}
