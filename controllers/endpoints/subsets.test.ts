import assert from 'node:assert/strict';
import type { V1EndpointSubset, V1Pod, V1Service, V1ServicePort } from '../../openapi/generated/types.ts';
import { repackSubsets } from './repack.ts';
import { subsetsOf, targetPortOf, truncate } from './subsets.ts';

const HTTP: V1ServicePort = { name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' };

function service(spec: V1Service['spec'] = {}): V1Service {
  return { metadata: { name: 'svc', namespace: 'a' }, spec: { clusterIP: '10.96.0.9', ports: [HTTP], ...spec } };
}

function pod(
  name: string,
  ip: string,
  more: { ready?: boolean; spec?: object; status?: object; meta?: object } = {},
): V1Pod {
  return {
    metadata: { name, namespace: 'a', uid: `uid-${name}`, resourceVersion: '5', ...more.meta },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080, protocol: 'TCP' }] }],
      ...more.spec,
    },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: ip ? [{ ip }] : [],
      conditions: [{ type: 'Ready', status: more.ready === false ? 'False' : 'True' }],
      ...more.status,
    },
  };
}

const ips = (subsets: V1EndpointSubset[]) =>
  subsets.map((subset) => ({
    ready: subset.addresses?.map(({ ip }) => ip) ?? [],
    notReady: subset.notReadyAddresses?.map(({ ip }) => ip) ?? [],
  }));

describe('subsetsOf', () => {
  it('lists ready and unready pods with their node and target, sorted by address', () => {
    const subsets = subsetsOf(service(), [
      pod('b', '10.0.0.2'),
      pod('c', '10.0.0.3', { ready: false }),
      pod('a', '10.0.0.1'),
    ]);
    const address = (name: string, ip: string) => ({
      ip,
      nodeName: 'n1',
      targetRef: { kind: 'Pod', namespace: 'a', name, uid: `uid-${name}` },
    });
    assert.deepEqual(subsets, [
      {
        addresses: [address('a', '10.0.0.1'), address('b', '10.0.0.2')],
        notReadyAddresses: [address('c', '10.0.0.3')],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
  });

  const left = { ready: [], notReady: [] };
  const cases: { title: string; pod: V1Pod; spec?: V1Service['spec']; expected: typeof left | undefined }[] = [
    { title: 'without an address', pod: pod('a', ''), expected: undefined },
    { title: 'that has succeeded', pod: pod('a', '10.0.0.1', { status: { phase: 'Succeeded' } }), expected: undefined },
    { title: 'that has failed', pod: pod('a', '10.0.0.1', { status: { phase: 'Failed' } }), expected: undefined },
    {
      title: 'that is being deleted',
      pod: pod('a', '10.0.0.1', { meta: { deletionTimestamp: 'x' } }),
      expected: undefined,
    },
    {
      title: 'that offers no port of the name',
      pod: pod('a', '10.0.0.1', { spec: { containers: [] } }),
      expected: undefined,
    },
    { title: 'of the other address family', pod: pod('a', 'fd00::1'), expected: undefined },
  ];
  for (const { title, pod: given, spec } of cases) {
    it(`leaves out a pod ${title}`, () => assert.deepEqual(subsetsOf(service(spec), [given]), []));
  }

  it('takes all pods for ready, even those being deleted, where the service publishes unready addresses', () => {
    const spec = { publishNotReadyAddresses: true };
    const pods = [pod('a', '10.0.0.1', { ready: false }), pod('b', '10.0.0.2', { meta: { deletionTimestamp: 'x' } })];
    assert.deepEqual(ips(subsetsOf(service(spec), pods)), [{ ready: ['10.0.0.1', '10.0.0.2'], notReady: [] }]);
  });

  it('takes the address of the family that the service prefers', () => {
    const both = pod('a', '10.0.0.1', { status: { podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] } });
    assert.deepEqual(ips(subsetsOf(service({ ipFamilies: ['IPv6'] }), [both])), [{ ready: ['fd00::1'], notReady: [] }]);
    assert.deepEqual(ips(subsetsOf(service(), [both])), [{ ready: ['10.0.0.1'], notReady: [] }]);
  });

  it('gives the hostname of a pod whose subdomain is the service', () => {
    const named = pod('a', '10.0.0.1', {
      spec: { hostname: 'db-0', subdomain: 'svc', containers: pod('x', '').spec!.containers },
    });
    assert.equal(subsetsOf(service(), [named])[0]!.addresses![0]!.hostname, 'db-0');
    const elsewhere = { ...named, spec: { ...named.spec!, subdomain: 'other' } };
    assert.equal(subsetsOf(service(), [elsewhere])[0]!.addresses![0]!.hostname, undefined);
  });

  it('lists a headless service without ports, but no other without ports', () => {
    const pods = [pod('a', '10.0.0.1'), pod('b', '10.0.0.2', { ready: false })];
    const subsets = subsetsOf(service({ clusterIP: 'None', ports: [] }), pods);
    assert.deepEqual(ips(subsets), [{ ready: ['10.0.0.1'], notReady: ['10.0.0.2'] }]);
    assert.equal(subsets[0]!.ports, undefined);
    assert.deepEqual(subsetsOf(service({ ports: [] }), pods), []);
  });

  it('makes a subset for each set of pods that offers the same ports', () => {
    const ports = [HTTP, { name: 'admin', port: 81, targetPort: 9000 }];
    const plain = pod('b', '10.0.0.2', { spec: { containers: [] } });
    const subsets = subsetsOf(service({ ports }), [pod('a', '10.0.0.1'), plain]);
    const found = subsets.map((subset) => [
      subset.ports!.map(({ port }) => port),
      subset.addresses!.map(({ ip }) => ip),
    ]);
    found.sort();
    assert.deepEqual(found, [
      [[8080], ['10.0.0.1']],
      [[9000], ['10.0.0.1', '10.0.0.2']],
    ]);
  });
});

describe('targetPortOf', () => {
  const given = pod('a', '10.0.0.1', {
    spec: {
      containers: [
        {
          name: 'c',
          ports: [
            { name: 'dns', containerPort: 53, protocol: 'UDP' },
            { name: 'web', containerPort: 8080 },
          ],
        },
      ],
      initContainers: [
        { name: 'side', restartPolicy: 'Always', ports: [{ name: 'metrics', containerPort: 9100 }] },
        { name: 'init', ports: [{ name: 'never', containerPort: 1 }] },
      ],
    },
  });
  const cases: { title: string; port: V1ServicePort; expected: number | undefined }[] = [
    { title: 'a number', port: { port: 80, targetPort: 9 }, expected: 9 },
    { title: 'the port itself where no target is given', port: { port: 80 }, expected: 80 },
    { title: 'a name', port: { port: 80, targetPort: 'web' }, expected: 8080 },
    { title: 'no name of another protocol', port: { port: 53, targetPort: 'dns' }, expected: undefined },
    { title: 'a name of its protocol', port: { port: 53, targetPort: 'dns', protocol: 'UDP' }, expected: 53 },
    { title: 'a name in a sidecar', port: { port: 80, targetPort: 'metrics' }, expected: 9100 },
    { title: 'no name in an init container that ends', port: { port: 80, targetPort: 'never' }, expected: undefined },
  ];
  for (const { title, port, expected } of cases) {
    it(`finds ${title}`, () => assert.equal(targetPortOf(given, port), expected));
  }
});

describe('repackSubsets', () => {
  const a = { ip: '10.0.0.1' };
  const b = { ip: '10.0.0.2' };
  const p = { name: 'p', port: 1, protocol: 'TCP' };
  const q = { name: 'q', port: 2, protocol: 'TCP' };

  it('gathers the ports that the same addresses offer', () => {
    const [one, ...none] = repackSubsets([
      { addresses: [b], ports: [p] },
      { addresses: [a], ports: [q, p] },
      { addresses: [b], ports: [q] },
    ]);
    assert.deepEqual(none, []);
    assert.deepEqual(one!.addresses, [a, b]);
    assert.deepEqual(new Set(one!.ports), new Set([p, q]));
  });

  it('gives the same whatever the order of its input', () => {
    const given: V1EndpointSubset[] = [
      { addresses: [a], ports: [p] },
      { notReadyAddresses: [b], ports: [p] },
      { addresses: [a, b], ports: [q] },
    ];
    assert.deepEqual(repackSubsets(given), repackSubsets([...given].reverse()));
    assert.equal(repackSubsets(given).length, 2);
  });

  it('takes an address for unready that is given as both', () => {
    for (const given of [
      [
        { addresses: [a], ports: [p] },
        { notReadyAddresses: [a], ports: [p] },
      ],
      [
        { notReadyAddresses: [a], ports: [p] },
        { addresses: [a], ports: [p] },
      ],
    ]) {
      assert.deepEqual(repackSubsets(given), [{ notReadyAddresses: [a], ports: [p] }]);
    }
  });

  it('keeps pods apart that share an address', () => {
    const one = { ip: '10.0.0.1', targetRef: { kind: 'Pod', uid: '1' } };
    const two = { ip: '10.0.0.1', targetRef: { kind: 'Pod', uid: '2' } };
    assert.deepEqual(repackSubsets([{ addresses: [two, one], ports: [p] }])[0]!.addresses, [one, two]);
  });
});

describe('truncate', () => {
  const many = (count: number, net: number) => Array.from({ length: count }, (_, i) => ({ ip: `10.${net}.0.${i}` }));
  const counts = (subsets: V1EndpointSubset[]) =>
    subsets.map((subset) => [subset.addresses?.length ?? 0, subset.notReadyAddresses?.length ?? 0]);

  it('leaves what fits', () => {
    const subsets = [{ addresses: many(6, 1), notReadyAddresses: many(4, 2) }];
    assert.deepEqual(truncate(subsets, 10), { subsets, truncated: false });
  });

  it('cuts unready addresses first, in proportion', () => {
    const subsets = [
      { addresses: many(4, 1), notReadyAddresses: many(8, 2) },
      { addresses: many(2, 3), notReadyAddresses: many(4, 4) },
    ];
    const result = truncate(subsets, 10);
    assert.equal(result.truncated, true);
    assert.deepEqual(counts(result.subsets), [
      [4, 3],
      [2, 1],
    ]);
  });

  it('leaves out all that are unready where the ready ones alone are too many', () => {
    const result = truncate([{ addresses: many(9, 1), notReadyAddresses: many(2, 2) }, { addresses: many(3, 3) }], 8);
    assert.deepEqual(counts(result.subsets), [
      [6, 0],
      [2, 0],
    ]);
  });
});
