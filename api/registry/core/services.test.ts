import assert from 'node:assert/strict';
import { seededRandom } from '../../../base/random.ts';
import type { V1Service, V1ServiceSpec } from '../../../openapi/generated/types.ts';
import { StatusError } from '../../../openapi/status.ts';
import { ipAllocator } from '../allocators/ip-allocator.ts';
import { portAllocator } from '../allocators/port-allocator.ts';
import { contextOf, created, updated } from '../test-support.ts';
import { type ServiceAllocators, seedServices } from './service-allocation.ts';
import { services } from './services.ts';

function cluster() {
  const random = seededRandom(3);
  const allocators: ServiceAllocators = {
    clusterIPs: ipAllocator('10.96.0.0/24', random),
    nodePorts: portAllocator('30000-30020', random),
  };
  const declaration = services(allocators, () => '');
  const { allocate, release } = declaration.strategy;
  return {
    allocators,
    create(spec: V1ServiceSpec, name = 's'): V1Service {
      const service = created<V1Service>('Service', { metadata: { name }, spec }, declaration);
      allocate?.(service, undefined, contextOf());
      return service;
    },
    update(old: V1Service, change: (spec: V1ServiceSpec) => void): V1Service {
      const { object } = updated('Service', old, (service) => change(service.spec ?? {}));
      allocate?.(object, old, contextOf());
      return object;
    },
    release: (service: V1Service) => release?.(service),
  };
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return error.message;
  }
  assert.fail('nothing was refused');
}

const PORTS = [{ port: 80 }];

describe('a new service', () => {
  it('gets an address, a family and the defaults', () => {
    const { spec, status } = cluster().create({ ports: PORTS });
    assert.match(spec?.clusterIP ?? '', /^10\.96\.0\.\d+$/);
    const { clusterIP = '' } = spec ?? {};
    assert.deepEqual(spec, {
      clusterIP,
      clusterIPs: [clusterIP],
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      sessionAffinity: 'None',
      type: 'ClusterIP',
    });
    assert.deepEqual(status, { loadBalancer: {} });
  });

  it('may name its address, which nobody else can have then', () => {
    const { create } = cluster();
    assert.deepEqual(create({ ports: PORTS, clusterIP: '10.96.0.10' }).spec?.clusterIPs, ['10.96.0.10']);
    assert.equal(
      refusal(() => create({ ports: PORTS, clusterIP: '10.96.0.10' }, 't')),
      'Service "t" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
    );
    assert.equal(
      refusal(() => create({ ports: PORTS, clusterIP: '10.97.0.1' }, 't')),
      'Service "t" is invalid: spec.clusterIPs: Invalid value: ["10.97.0.1"]: failed to allocate IP 10.97.0.1: the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/24',
    );
  });

  it('gets no address when it is headless or leads elsewhere', () => {
    const { create } = cluster();
    const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } =
      create({ ports: PORTS, clusterIP: 'None' }).spec ?? {};
    assert.deepEqual([clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy], ['None', ['None'], ['IPv4'], 'SingleStack']);
    const elsewhere = create({ type: 'ExternalName', externalName: 'a.b' }).spec;
    assert.deepEqual(elsewhere, { type: 'ExternalName', externalName: 'a.b', sessionAffinity: 'None' });
  });

  it('gets node ports, one for both protocols of a port', () => {
    const ports = [
      { name: 'a', port: 53 },
      { name: 'b', port: 53, protocol: 'UDP' },
      { name: 'c', port: 80 },
    ];
    const [a, b, c] = cluster().create({ type: 'NodePort', ports }).spec?.ports ?? [];
    assert.ok(a?.nodePort && a.nodePort >= 30000 && a.nodePort <= 30020);
    assert.equal(b?.nodePort, a.nodePort);
    assert.notEqual(c?.nodePort, a.nodePort);
  });

  it('may name its node ports', () => {
    const { create } = cluster();
    create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30005 }] });
    assert.equal(
      refusal(() => create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30005 }] }, 't')),
      'Service "t" is invalid: spec.ports[0].nodePort: Invalid value: 30005: provided port is already allocated',
    );
    assert.equal(
      refusal(() => create({ type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }, 't')),
      'Service "t" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-30020',
    );
  });

  it('leaves nothing taken when a part of it cannot be had', () => {
    const { create } = cluster();
    create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30005 }] });
    refusal(() => create({ type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30005 }] }, 't'));
    create({ ports: PORTS, clusterIP: '10.96.0.10' }, 'u');
  });

  it('leaves nothing taken when it could not be stored, or is deleted', () => {
    const { create, release } = cluster();
    const first = create({ type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30005 }] });
    release(first);
    create({ type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30005 }] });
  });

  it('does not take what its namesake has away by failing', () => {
    const { create, release } = cluster();
    create({ ports: PORTS, clusterIP: '10.96.0.10' });
    release(create({ ports: PORTS }));
    refusal(() => create({ ports: PORTS, clusterIP: '10.96.0.10' }, 't'));
  });

  it('gets a port to check the health of a local load balancer', () => {
    const { spec } = cluster().create({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: PORTS });
    assert.ok(spec?.healthCheckNodePort);
    assert.equal(spec.allocateLoadBalancerNodePorts, true);
  });

  it('cannot have two families in a cluster of one', () => {
    assert.equal(
      refusal(() => cluster().create({ ports: PORTS, ipFamilyPolicy: 'RequireDualStack' })),
      'Service "s" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    );
    assert.equal(
      refusal(() => cluster().create({ ports: PORTS, ipFamilies: ['IPv6'] })),
      'Service "s" is invalid: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    );
  });

  it('finds taken what was stored before the start', () => {
    const first = cluster();
    const stored = first.create({ type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30005 }] });
    const { allocators, create } = cluster();
    seedServices(allocators, [stored]);
    refusal(() => create({ ports: PORTS, clusterIP: '10.96.0.10' }));
    refusal(() => create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30005 }] }));
  });
});

describe('an update of a service', () => {
  const nodePort = { type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30005 }] };

  it('keeps what was allocated when the updater leaves it out', () => {
    const { create, update } = cluster();
    const { spec } = update(create(nodePort), (changed) => {
      delete changed.clusterIP;
      delete changed.clusterIPs;
      delete changed.ipFamilies;
      changed.ports = [{ port: 80 }];
    });
    assert.equal(spec?.clusterIP, '10.96.0.10');
    assert.deepEqual(spec?.clusterIPs, ['10.96.0.10']);
    assert.equal(spec?.ports?.[0]?.nodePort, 30005);
  });

  it('refuses another address', () => {
    const { create } = cluster();
    const { errors } = updated('Service', create(nodePort), ({ spec = {} }) =>
      Object.assign(spec, { clusterIP: '10.96.0.11' }),
    );
    assert.deepEqual(errors, ['spec.clusterIPs[0]: Invalid value: ["10.96.0.11"]: may not change once set']);
  });

  it('gives up node ports that go, to those who ask for them', () => {
    const { create, update } = cluster();
    const old = create(nodePort);
    const changed = update(old, (spec) => {
      spec.ports = [{ port: 80, nodePort: 30006 }];
    });
    assert.equal(changed.spec?.ports?.[0]?.nodePort, 30006);
    create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30005 }] }, 't');
    refusal(() => create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30006 }] }, 'u'));
  });

  it('drops addresses and ports with the type that had them', () => {
    const { create, update } = cluster();
    const old = create(nodePort);
    const plain = update(old, (spec) => {
      spec.type = 'ClusterIP';
    });
    assert.equal(plain.spec?.ports?.[0]?.nodePort, undefined);
    assert.equal(plain.spec?.externalTrafficPolicy, undefined);
    assert.equal(plain.spec?.clusterIP, '10.96.0.10');
    const elsewhere = update(plain, (spec) => {
      spec.type = 'ExternalName';
      spec.externalName = 'a.b';
    });
    assert.equal(elsewhere.spec?.clusterIP, undefined);
    assert.equal(elsewhere.spec?.clusterIPs, undefined);
    create({ ports: PORTS, clusterIP: '10.96.0.10' }, 't');
  });

  it('keeps what is stored when the new part cannot be had', () => {
    const { create, update } = cluster();
    const old = create(nodePort);
    create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30007 }] }, 't');
    refusal(() => update(old, (spec) => Object.assign(spec, { ports: [{ port: 80, nodePort: 30007 }] })));
    refusal(() => create({ ports: PORTS, clusterIP: '10.96.0.10' }, 'u'));
    refusal(() => create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30005 }] }, 'u'));
  });

  it('of the status leaves the stored spec untouched', () => {
    const old = cluster().create(nodePort);
    const { object } = updated(
      'Service',
      old,
      (service) => {
        service.spec = {};
        service.status = { loadBalancer: { ingress: [{ ip: '9.9.9.9' }] } };
      },
      'status',
    );
    assert.deepEqual(object.spec, old.spec);
    assert.notEqual(object.spec, old.spec);
  });
});
