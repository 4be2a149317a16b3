/** Services: addresses and ports the server gives out, and what it refuses. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  fetchApi,
  includes,
  MERGE_PATCH,
  mutate,
  objectOf,
  statusOf,
  suite,
  testNamespace,
} from './harness.ts';
import { sampleService } from './kinds.ts';

suite('services', () => {
  const namespace = testNamespace();
  const post = (name: string, spec: object) =>
    fetchApi('POST', namespace.path('services'), { body: { metadata: { name }, spec } });
  const create = async (name: string, spec: object) => objectOf(await post(name, spec), 201);
  const patch = (name: string, spec: object) => applyPatch(namespace.path('services', name), MERGE_PATCH, { spec });

  behaves('defaults: type, protocol, target port, session affinity, an address', async () => {
    const service = await create('plain', { ports: [{ port: 80 }] });
    includes(service.spec, {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      clusterIP: /^\d+\.\d+\.\d+\.\d+$/,
    });
    assert.deepEqual(at(service, 'spec.clusterIPs'), [at(service, 'spec.clusterIP')]);
    includes(service.status, { loadBalancer: {} });
  });

  behaves('IP families and the traffic policy are told', { since: 23 }, async () => {
    includes((await create('families', { ports: [{ port: 80 }] })).spec, {
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    });
  });

  behaves('each service has an address of its own, free again when it goes', async () => {
    const addresses = new Set<unknown>();
    for (const name of ['own-1', 'own-2', 'own-3'])
      addresses.add(at(await create(name, { ports: [{ port: 1 }] }), 'spec.clusterIP'));
    assert.equal(addresses.size, 3);
    const [clusterIP] = addresses;
    statusOf(await post('taken', { clusterIP, ports: [{ port: 1 }] }), {
      code: 422,
      reason: 'Invalid',
      message: /spec\.clusterIPs: Invalid value: .*provided IP is already allocated/,
    });
    await fetchApi('DELETE', namespace.path('services', 'own-1'));
    assert.equal(at(await create('taken', { clusterIP, ports: [{ port: 1 }] }), 'spec.clusterIP'), clusterIP);
  });

  behaves('an address outside the range is refused', async () => {
    statusOf(await post('outside', { clusterIP: '1.2.3.4', ports: [{ port: 1 }] }), {
      code: 422,
      reason: 'Invalid',
      message: /spec\.clusterIPs: Invalid value: .*The range of valid IPs is \d+\.\d+\.\d+\.\d+\/\d+$/,
    });
  });

  behaves('headless services keep None', async () => {
    const service = await create('headless', { clusterIP: 'None', selector: { a: 'b' }, ports: [{ port: 1 }] });
    includes(service.spec, { clusterIP: 'None', clusterIPs: ['None'] });
  });

  behaves('NodePort: a port of the range, kept while the service lives', async () => {
    const service = await create('node', { type: 'NodePort', ports: [{ port: 80 }] });
    const nodePort = at(service, 'spec.ports.0.nodePort') as number;
    assert.ok(nodePort >= 30_000 && nodePort <= 32_767, String(nodePort));
    assert.equal(at(service, 'spec.externalTrafficPolicy'), 'Cluster');
    statusOf(await post('same-port', { type: 'NodePort', ports: [{ port: 80, nodePort }] }), {
      code: 422,
      reason: 'Invalid',
      message: `Service "same-port" is invalid: spec.ports[0].nodePort: Invalid value: ${nodePort}: provided port is already allocated`,
    });
    const updated = await mutate(namespace.path('services', 'node'), (object) => {
      object.metadata.labels = { a: 'b' };
    });
    assert.equal(at(updated, 'spec.ports.0.nodePort'), nodePort);
  });

  behaves('a node port outside the range is refused', async () => {
    statusOf(await post('low', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }), {
      code: 422,
      reason: 'Invalid',
      message:
        'Service "low" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    });
  });

  behaves('a type may change: ClusterIP, NodePort and back', async () => {
    const service = await create('turns', { ports: [{ port: 80 }] });
    const node = objectOf(await patch('turns', { type: 'NodePort' }));
    assert.ok(at(node, 'spec.ports.0.nodePort'));
    assert.equal(at(node, 'spec.clusterIP'), at(service, 'spec.clusterIP'));
    const back = await mutate(namespace.path('services', 'turns'), (object) => {
      object.spec = { ...(object.spec as object), type: 'ClusterIP' };
    });
    assert.equal(at(back, 'spec.ports.0.nodePort'), undefined);
  });

  behaves('the cluster IP may not change', async () => {
    await create('fixed', { ports: [{ port: 80 }] });
    statusOf(await patch('fixed', { clusterIP: '10.96.200.1', clusterIPs: ['10.96.200.1'] }), {
      code: 422,
      reason: 'Invalid',
      message: /spec\.clusterIPs?(\[0\])?: Invalid value: .*(field is immutable|may not change once set)/,
    });
  });

  behaves('the cluster IP may be left out of an update', { since: 21 }, async () => {
    const service = await create('implied', { ports: [{ port: 80 }] });
    const body = {
      metadata: { name: 'implied', resourceVersion: service.metadata.resourceVersion },
      spec: { ports: [{ port: 81 }] },
    };
    const updated = objectOf(await fetchApi('PUT', namespace.path('services', 'implied'), { body }));
    assert.equal(at(updated, 'spec.clusterIP'), at(service, 'spec.clusterIP'));
  });

  behaves('ExternalName has a name and no address', async () => {
    const service = await create('external', { type: 'ExternalName', externalName: 'www.example.com' });
    includes(service.spec, { externalName: 'www.example.com', clusterIP: undefined, sessionAffinity: 'None' });
    statusOf(await post('nameless', { type: 'ExternalName' }), {
      code: 422,
      message: /spec\.externalName: (Invalid value|Required value)/,
    });
  });

  behaves('ClientIP affinity gets its three hours', async () => {
    const service = await create('sticky', { sessionAffinity: 'ClientIP', ports: [{ port: 80 }] });
    includes(service.spec, { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } });
  });

  const refusals: [title: string, spec: object, message: RegExp][] = [
    ['no ports', { ports: [] }, /^Service "refused" is invalid: spec\.ports: Required value$/],
    [
      'two ports without names',
      { ports: [{ port: 1 }, { port: 2 }] },
      /^Service "refused" is invalid: \[spec\.ports\[0\]\.name: Required value, spec\.ports\[1\]\.name: Required value\]$/,
    ],
    [
      'port 0',
      { ports: [{ port: 0 }] },
      /spec\.ports\[0\]\.port: Invalid value: 0: must be between 1 and 65535, inclusive/,
    ],
    [
      'an unknown type',
      { type: 'Magic', ports: [{ port: 1 }] },
      /spec\.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"/,
    ],
    [
      'an unknown protocol',
      { ports: [{ port: 1, protocol: 'X' }] },
      /spec\.ports\[0\]\.protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"/,
    ],
    [
      'an unknown affinity',
      { sessionAffinity: 'X', ports: [{ port: 1 }] },
      /spec\.sessionAffinity: Unsupported value: "X": supported values: "ClientIP", "None"/,
    ],
    [
      'one port twice',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 1 },
        ],
      },
      /spec\.ports\[1\]: Duplicate value/,
    ],
    [
      'one name twice',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'a', port: 2 },
        ],
      },
      /spec\.ports\[1\]\.name: Duplicate value: "a"/,
    ],
    [
      'a selector that is none',
      { selector: { 'a b': 'c' }, ports: [{ port: 1 }] },
      /spec\.selector: Invalid value: "a b"/,
    ],
    ['an address that is none', { clusterIP: 'nope', ports: [{ port: 1 }] }, /spec\.clusterIPs\[0\]: Invalid value:/],
  ];
  for (const [title, spec, message] of refusals) {
    behaves(`${title} is refused`, async () => {
      statusOf(await post('refused', spec), { code: 422, reason: 'Invalid', message });
    });
  }

  behaves('a name must be a DNS-1035 label', { until: 36 }, async () => {
    statusOf(await fetchApi('POST', namespace.path('services'), { body: sampleService('4s') }), {
      code: 422,
      reason: 'Invalid',
      message: /^Service "4s" is invalid: metadata\.name: Invalid value: "4s": a DNS-1035 label must consist of/,
    });
  });

  behaves('a name must be a DNS label, which may begin with a digit', { since: 36 }, async () => {
    objectOf(await fetchApi('POST', namespace.path('services'), { body: sampleService('4s') }), 201);
    statusOf(await fetchApi('POST', namespace.path('services'), { body: sampleService('4_s') }), {
      code: 422,
      reason: 'Invalid',
      message:
        /^Service "4_s" is invalid: metadata\.name: Invalid value: "4_s": a lowercase RFC 1123 label must consist of/,
    });
  });

  behaves(
    'the API server is a service itself',
    { covers: 'API Server should provide secure master service' },
    async () => {
      const service = objectOf(await fetchApi('GET', '/api/v1/namespaces/default/services/kubernetes'));
      includes(service.spec, { type: 'ClusterIP', ports: [{ name: 'https', port: 443, protocol: 'TCP' }] });
      const endpoints = objectOf(await fetchApi('GET', '/api/v1/namespaces/default/endpoints/kubernetes'));
      assert.ok(at(endpoints, 'subsets.0.addresses.0.ip'));
    },
  );
});
