import assert from 'node:assert/strict';
import type { V1Service } from '../../openapi/generated/types.ts';
import { notFound } from '../../openapi/status.ts';
import { environmentOf, expand, serviceVariables } from './env.ts';
import { container, pod } from './fixtures.ts';
import { dnsOf, hostnameOf, hostsFile } from './hosts.ts';
import { withDefaultTag } from './images.ts';

function service(name: string, namespace: string, clusterIP: string, ports = [{ port: 80 }] as object[]): V1Service {
  return { metadata: { name, namespace }, spec: { clusterIP, ports: ports as never } };
}

describe('expand', () => {
  const known = new Map([
    ['A', '1'],
    ['B_C', '2'],
  ]);
  for (const [text, expected] of [
    ['$(A)-$(B_C)', '1-2'],
    ['$(X)', '$(X)'],
    ['$$(A)', '$(A)'],
    ['$A $ $(A', '$A $ $(A'],
    ['$$$(A)', '$1'],
  ] as const) {
    it(`makes ${expected} of ${text}`, () => assert.equal(expand(text, known), expected));
  }
});

describe('serviceVariables', () => {
  it('tells of a service as Docker links did', () => {
    const ports = [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns-udp', port: 53, protocol: 'UDP' },
    ];
    const found = serviceVariables(pod(), [service('my-web', 'default', '10.0.0.5', ports)]);
    assert.deepEqual(Object.fromEntries(found), {
      MY_WEB_SERVICE_HOST: '10.0.0.5',
      MY_WEB_SERVICE_PORT: '80',
      MY_WEB_SERVICE_PORT_HTTP: '80',
      MY_WEB_SERVICE_PORT_DNS_UDP: '53',
      MY_WEB_PORT: 'tcp://10.0.0.5:80',
      MY_WEB_PORT_80_TCP: 'tcp://10.0.0.5:80',
      MY_WEB_PORT_80_TCP_PROTO: 'tcp',
      MY_WEB_PORT_80_TCP_PORT: '80',
      MY_WEB_PORT_80_TCP_ADDR: '10.0.0.5',
      MY_WEB_PORT_53_UDP: 'udp://10.0.0.5:53',
      MY_WEB_PORT_53_UDP_PROTO: 'udp',
      MY_WEB_PORT_53_UDP_PORT: '53',
      MY_WEB_PORT_53_UDP_ADDR: '10.0.0.5',
    });
  });

  it('tells every pod of the API server, and nothing else where links are off', () => {
    const services = [
      service('kubernetes', 'default', '10.0.0.1'),
      service('web', 'ns', '10.0.0.2'),
      service('none', 'ns', 'None'),
    ];
    const other = pod({}, { namespace: 'ns' });
    assert.ok(serviceVariables(other, services).has('KUBERNETES_SERVICE_HOST'));
    assert.ok(serviceVariables(other, services).has('WEB_SERVICE_HOST'));
    assert.ok(!serviceVariables(other, services).has('NONE_SERVICE_HOST'));
    const off = serviceVariables(pod({ enableServiceLinks: false }, { namespace: 'ns' }), services);
    assert.deepEqual([off.has('KUBERNETES_SERVICE_HOST'), off.has('WEB_SERVICE_HOST')], [true, false]);
  });
});

describe('environmentOf', () => {
  const config = async (_namespace: string, name: string) => {
    if (name !== 'cfg') throw notFound({ group: '', resource: 'configmap' }, name);
    return new Map([
      ['k', Buffer.from('v')],
      ['a=b', Buffer.from('bad')],
    ]);
  };
  const sources = {
    config: { configMap: config, secret: config },
    services: [service('db', 'default', '10.0.0.9')],
    facts: {
      nodeName: 'n1',
      hostIP: '1.1.1.1',
      podIP: '10.1.0.1',
      allocatable: { cpuMillis: 1, memoryBytes: 1, ephemeralStorageBytes: 1 },
    },
  };
  const env = async (spec: Parameters<typeof container>[1]) =>
    Object.fromEntries(await environmentOf(pod(), container('web', spec), sources));

  it('joins imports, literals, references and services', async () => {
    const found = await env({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'cfg' } }],
      env: [
        { name: 'A', value: '$(P_k)-$(DB_SERVICE_HOST)' },
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'S', valueFrom: { secretKeyRef: { name: 'cfg', key: 'k' } } },
        { name: 'B', value: '$(A)!' },
        { name: 'DB_SERVICE_PORT', value: 'mine' },
      ],
    });
    assert.equal(found.P_k, 'v');
    assert.equal(found.A, 'v-10.0.0.9');
    assert.equal(found.IP, '10.1.0.1');
    assert.equal(found.S, 'v');
    assert.equal(found.B, 'v-10.0.0.9!');
    assert.equal(found.DB_SERVICE_PORT, 'mine');
    assert.equal(found['P_a=b'], undefined);
  });

  it('leaves out what is optional and not there', async () => {
    const found = await env({
      envFrom: [{ configMapRef: { name: 'x', optional: true } }],
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'k', optional: true } } }],
    });
    assert.ok(!('A' in found));
  });

  it('says which key is missing', async () => {
    await assert.rejects(
      env({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'z' } } }] }),
      /^Error: couldn't find key z in ConfigMap default\/cfg$/,
    );
  });
});

describe('hostsFile', () => {
  it('names the pod with its domain, and its aliases', () => {
    const of = pod({ hostname: 'h', subdomain: 'sub', hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] });
    assert.equal(
      hostsFile(of, '10.1.0.1', 'cluster.local'),
      '# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' +
        'fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n' +
        '10.1.0.1\th.sub.default.svc.cluster.local\th\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n',
    );
  });

  it('cuts a long name to a host name', () => {
    assert.equal(hostnameOf(pod({}, { name: `${'a'.repeat(62)}-b` })), 'a'.repeat(62));
  });
});

describe('dnsOf', () => {
  it('points a pod at the cluster', () => {
    assert.deepEqual(dnsOf(pod(), ['10.0.0.10'], 'cluster.local'), {
      servers: ['10.0.0.10'],
      searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
      options: ['ndots:5'],
    });
  });

  it("takes only the pod's own settings with the policy None", () => {
    const own = pod({
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['9.9.9.9'], options: [{ name: 'ndots', value: '1' }] },
    });
    assert.deepEqual(dnsOf(own, ['10.0.0.10'], 'cluster.local'), {
      servers: ['9.9.9.9'],
      searches: [],
      options: ['ndots:1'],
    });
  });

  it('leaves it to the runtime where there is no cluster DNS', () => {
    assert.equal(dnsOf(pod(), [], 'cluster.local'), undefined);
    assert.equal(dnsOf(pod({ dnsPolicy: 'Default' }), ['10.0.0.10'], 'cluster.local'), undefined);
  });
});

describe('withDefaultTag', () => {
  for (const [image, expected] of [
    ['busybox', 'busybox:latest'],
    ['busybox:1', 'busybox:1'],
    ['localhost:5000/a/b', 'localhost:5000/a/b:latest'],
    [`a@sha256:${'0'.repeat(64)}`, `a@sha256:${'0'.repeat(64)}`],
    ['Not A Name', undefined],
    ['a:', undefined],
  ] as const) {
    it(`makes ${expected} of ${image}`, () => assert.equal(withDefaultTag(image), expected));
  }
});
