import assert from 'node:assert/strict';
import type {
  CoreV1Event,
  V1ConfigMap,
  V1Endpoints,
  V1Lease,
  V1Namespace,
  V1Node,
  V1ReplicationController,
  V1Secret,
  V1ServiceAccount,
} from '../../../openapi/generated/types.ts';
import { contextOf, created, declarationOf, errorsOf, updated } from '../test-support.ts';
import { namespaceFinalize } from './namespaces.ts';

describe('namespaces', () => {
  const fresh = () => created<V1Namespace>('Namespace', { metadata: { name: 'a' } });

  it('are active, labelled with their name and held by a finalizer', () => {
    const { metadata, spec, status } = fresh();
    assert.deepEqual(metadata?.labels, { 'kubernetes.io/metadata.name': 'a' });
    assert.deepEqual(spec, { finalizers: ['kubernetes'] });
    assert.deepEqual(status, { phase: 'Active' });
    const { held } = declarationOf('Namespace').strategy;
    assert.equal(held?.(fresh()), true);
    assert.equal(held?.({ metadata: {} }), false);
  });

  it('turn Terminating when their deletion begins', () => {
    const namespace = fresh();
    declarationOf('Namespace').strategy.beginDeletion?.(namespace);
    assert.equal(namespace.status?.phase, 'Terminating');
  });

  it('keep finalizers and status in an ordinary update', () => {
    const { object, errors } = updated('Namespace', fresh(), (namespace) => {
      namespace.spec = { finalizers: [] };
      namespace.status = { phase: 'Terminating' };
    });
    assert.deepEqual(errors, []);
    assert.deepEqual(object.spec, { finalizers: ['kubernetes'] });
    assert.deepEqual(object.status, { phase: 'Active' });
  });

  it('lose finalizers only through their own subresource', () => {
    const namespace = { ...fresh(), spec: { finalizers: [] } };
    namespaceFinalize.prepareForUpdate(namespace, fresh(), contextOf());
    assert.deepEqual(namespace.spec, { finalizers: [] });
    assert.deepEqual(namespaceFinalize.validateUpdate?.(namespace, fresh()), []);
    const wrong = { ...fresh(), spec: { finalizers: ['example.com/a', 'nodomain'] } };
    const [error] = namespaceFinalize.validateUpdate?.(wrong, fresh()) ?? [];
    assert.equal(error?.field, 'spec.finalizers[1]');
  });

  it('are active as long as they are not deleted', () => {
    const change = (namespace: V1Namespace) => {
      namespace.status = { phase: 'Terminating' };
    };
    assert.deepEqual(updated('Namespace', fresh(), change, 'status').errors, [
      'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
    ]);
  });
});

describe('replication controllers', () => {
  const fresh = () =>
    created<V1ReplicationController>('ReplicationController', {
      metadata: { name: 'a' },
      spec: { template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } },
      status: { replicas: 9 },
    });

  it('take selector and labels from their template, and want one replica', () => {
    const { metadata, spec, status } = fresh();
    assert.deepEqual(metadata?.labels, { app: 'a' });
    assert.deepEqual(spec?.selector, { app: 'a' });
    assert.equal(spec?.replicas, 1);
    assert.equal(spec?.template?.spec?.restartPolicy, 'Always');
    assert.equal(spec?.template?.spec?.enableServiceLinks, undefined);
    assert.equal(metadata?.generation, 1);
    assert.deepEqual(status, { replicas: 0 });
  });

  it('count changes of the spec, not of labels or status', () => {
    const generationAfter = (change: (rc: V1ReplicationController) => void, part?: 'status') =>
      updated('ReplicationController', fresh(), change, part).object.metadata?.generation;
    assert.equal(
      generationAfter((rc) => Object.assign(rc.spec ?? {}, { replicas: 3 })),
      2,
    );
    assert.equal(
      generationAfter((rc) => Object.assign(rc.metadata ?? {}, { labels: { b: 'c' } })),
      1,
    );
    assert.equal(
      generationAfter((rc) => Object.assign(rc, { status: { replicas: 1 } }), 'status'),
      1,
    );
  });

  it('are scaled by their replicas', () => {
    const { scale } = declarationOf('ReplicationController');
    const rc = { ...fresh(), status: { replicas: 2 } };
    scale?.setReplicas(rc, 5);
    assert.equal(scale?.specReplicas(rc), 5);
    assert.equal(scale?.statusReplicas(rc), 2);
    assert.equal(scale?.selector(rc), 'app=a');
  });

  it('refuse a status that contradicts itself', () => {
    const status = { replicas: 1, readyReplicas: 2, availableReplicas: 3, fullyLabeledReplicas: -1 };
    assert.deepEqual(
      updated('ReplicationController', fresh(), (rc) => Object.assign(rc, { status }), 'status').errors,
      [
        'status.fullyLabeledReplicas: Invalid value: -1: must be greater than or equal to 0',
        'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
        'status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas',
        'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
      ],
    );
  });

  it('leave their pods behind unless told otherwise', () => {
    assert.equal(declarationOf('ReplicationController').strategy.orphansByDefault, true);
  });
});

describe('secrets', () => {
  it('turn stringData into data, over what is there', () => {
    const secret = created<V1Secret>('Secret', {
      metadata: { name: 'a' },
      data: { a: 'eA==', b: 'eA==' },
      stringData: { a: 'hé' },
    });
    assert.deepEqual(secret.data, { a: 'aMOp', b: 'eA==' });
    assert.equal(secret.stringData, undefined);
    assert.equal(secret.type, 'Opaque');
  });

  it('keep their type', () => {
    const old = created<V1Secret>('Secret', { metadata: { name: 'a' }, type: 'T' });
    assert.deepEqual(updated('Secret', old, (secret) => Object.assign(secret, { type: 'U' })).errors, [
      'type: Invalid value: "U": field is immutable',
    ]);
  });

  it('and config maps that are immutable do not change', () => {
    const data = { a: 'eA==' };
    const secret = created<V1Secret>('Secret', { metadata: { name: 'a' }, immutable: true, data });
    const map = created<V1ConfigMap>('ConfigMap', { metadata: { name: 'a' }, immutable: true, data });
    const change = (object: V1Secret | V1ConfigMap) => Object.assign(object, { immutable: false, data: { a: 'eQ==' } });
    const expected = ['immutable', 'data'].map(
      (field) => `${field}: Forbidden: field is immutable when \`immutable\` is set`,
    );
    assert.deepEqual(updated('Secret', secret, change).errors, expected);
    assert.deepEqual(updated('ConfigMap', map, change).errors, expected);
    const label = (object: V1Secret) => Object.assign(object.metadata ?? {}, { labels: { a: 'b' } });
    assert.deepEqual(updated('Secret', secret, label).errors, []);
  });
});

describe('nodes', () => {
  const fresh = () =>
    created<V1Node>('Node', {
      metadata: { name: 'a' },
      spec: { podCIDR: '10.0.0.0/24', providerID: 'x' },
      status: { capacity: { cpu: '2000m' } },
    });

  it('have to give what they have, and every field that clients expect', () => {
    const { spec, status } = fresh();
    assert.deepEqual(spec?.podCIDRs, ['10.0.0.0/24']);
    assert.deepEqual(status?.allocatable, { cpu: '2' });
    assert.equal(status?.nodeInfo?.kubeletVersion, '');
    assert.deepEqual(status?.daemonEndpoints, { kubeletEndpoint: { Port: 0 } });
  });

  it('may be cordoned, tainted and labelled', () => {
    const { errors } = updated('Node', fresh(), (node) => {
      Object.assign(node.spec ?? {}, { unschedulable: true, taints: [{ key: 'a', effect: 'NoSchedule' }] });
      Object.assign(node.metadata ?? {}, { labels: { a: 'b' } });
    });
    assert.deepEqual(errors, []);
  });

  it('keep their pod range and provider id', () => {
    const { errors } = updated('Node', fresh(), (node) => {
      node.spec = { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'], providerID: 'y' };
    });
    assert.deepEqual(errors, [
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
      'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
      '[]: Forbidden: node updates may only change labels, taints, or capacity',
    ]);
  });

  it('get a pod range and provider id once', () => {
    const bare = created<V1Node>('Node', { metadata: { name: 'a' } });
    const { errors } = updated('Node', bare, (node) => {
      node.spec = { podCIDR: '10.1.0.0/24', providerID: 'y' };
    });
    assert.deepEqual(errors, []);
  });

  it('change spec and status by different ways', () => {
    const change = (node: V1Node) => {
      node.spec = { ...node.spec, unschedulable: true };
      node.status = { ...node.status, phase: 'x' };
    };
    const whole = updated('Node', fresh(), change).object;
    assert.deepEqual([whole.spec?.unschedulable, whole.status?.phase], [true, undefined]);
    const part = updated('Node', fresh(), change, 'status').object;
    assert.deepEqual([part.spec?.unschedulable, part.status?.phase], [undefined, 'x']);
  });

  it('name each address once', () => {
    const addresses = [
      { type: 'InternalIP', address: '1.1.1.1' },
      { type: 'InternalIP', address: '1.1.1.1' },
    ];
    const { errors } = updated('Node', fresh(), (node) => Object.assign(node.status ?? {}, { addresses }), 'status');
    assert.deepEqual(errors, ['status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"1.1.1.1"}']);
  });
});

describe('the other kinds', () => {
  it('give endpoints TCP ports', () => {
    const subsets = [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }];
    const object = created<V1Endpoints>('Endpoints', { metadata: { name: 'a' }, subsets });
    assert.equal(object.subsets?.[0]?.ports?.[0]?.protocol, 'TCP');
  });

  it('give events the fields that clients expect', () => {
    const event = created<CoreV1Event>('Event', { metadata: { name: 'a' }, involvedObject: {} });
    assert.deepEqual([event.source, event.reportingComponent, event.reportingInstance], [{}, '', '']);
  });

  it('select events by who reports them, the older way first', () => {
    const fields = declarationOf('Event').fields;
    assert.equal(fields?.({ source: { component: 'a' }, reportingComponent: 'b' } as CoreV1Event).source, 'a');
    assert.equal(fields?.({ reportingComponent: 'b' } as CoreV1Event).source, 'b');
  });

  it('let a PUT create endpoints, events, leases and services alone', () => {
    const kinds = [
      'ConfigMap',
      'Endpoints',
      'Event',
      'Lease',
      'Namespace',
      'Node',
      'Pod',
      'ReplicationController',
      'Secret',
      'Service',
      'ServiceAccount',
    ];
    const found = kinds.filter((kind) => declarationOf(kind).strategy.createOnUpdate === true);
    assert.deepEqual(found, ['Endpoints', 'Event', 'Lease', 'Service']);
  });

  it('require the version of a lease that is replaced', () => {
    const unconditional = declarationOf('Lease').strategy.unconditionalUpdate;
    assert.equal(unconditional, false);
    assert.deepEqual(created<V1Lease>('Lease', { metadata: { name: 'a' } }).spec, {});
  });

  it('drop empty references to secrets from service accounts', () => {
    const account = created<V1ServiceAccount>('ServiceAccount', { metadata: { name: 'a' }, secrets: [{ name: '' }] });
    assert.equal(account.secrets, undefined);
    assert.deepEqual(errorsOf('ServiceAccount', { metadata: { name: 'a' } }), []);
  });
});
