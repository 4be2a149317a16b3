import assert from 'node:assert/strict';
import type { V1Endpoints, V1Service } from '../../openapi/generated/types.ts';
import { endpointChain, serviceChain } from './chains.ts';
import { restoreText } from './restore-text.ts';
import { buildRules, type RuleSettings } from './rules.ts';
import { endpoints, NODE, portsOf, service } from './testing/objects.ts';
import { type Outcome, type Packet, trace } from './testing/tracer.ts';

const SETTINGS: RuleSettings = { masqueradeAll: false, clusterCidr: '10.180.0.0/16', localhostNodePorts: true };
const POD = '10.180.0.99';
const OUTSIDER = '203.0.113.9';
const NODE_IP = '192.168.0.1';
const NODE_PORT = { name: 'p80', port: 80, protocol: 'TCP', nodePort: 30080 };

function rulesFor(services: V1Service[], all: V1Endpoints[], settings = SETTINGS) {
  return buildRules(portsOf(services, all), settings);
}

function assertEnds(outcome: Outcome, expected: Record<string, number>): void {
  assert.deepEqual(Object.keys(outcome.ends).sort(), Object.keys(expected).sort());
  for (const [end, probability] of Object.entries(expected)) {
    assert.ok(
      Math.abs((outcome.ends[end] ?? 0) - probability) < 1e-8,
      `${end}: ${outcome.ends[end]}, not ${probability}`,
    );
  }
}

describe('chain names', () => {
  it('are those of kube-proxy', () => {
    assert.equal(serviceChain('SVC', 'ns1/svc1:p80', 'tcp'), 'KUBE-SVC-XPGD46QRK7WJZT7O');
    assert.equal(endpointChain('ns1/svc1:p80', 'tcp', '10.180.0.1:80'), 'KUBE-SEP-SXIVWICOYRO3J4NJ');
    assert.equal(serviceChain('SVC', 'default/kubernetes:https', 'tcp'), 'KUBE-SVC-NPX46M4PTMTKRN6Y');
  });
});

describe('the text of the rules', () => {
  it('is that of kube-proxy', () => {
    const services = [
      service('ns1/svc1', '172.30.0.41'),
      service('ns2/svc2', '172.30.0.42', { type: 'NodePort', ports: [NODE_PORT], externalIPs: ['1.2.3.4'] }),
      service('ns3/empty', '172.30.0.43'),
    ];
    const all = [endpoints('ns1/svc1', ['10.180.0.1']), endpoints('ns2/svc2', ['10.180.0.2', '10.180.0.3'])];
    const { filter, nat } = rulesFor(services, all);
    assert.deepEqual(filter.rules, [
      '-A KUBE-SERVICES -m comment --comment "ns3/empty:p80 has no endpoints" -m tcp -p tcp -d 172.30.0.43 --dport 80 -j REJECT',
      '-A KUBE-FIREWALL -m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
      '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
      '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
      '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ]);
    const [svc2, ext2] = (['SVC', 'EXT'] as const).map((kind) => serviceChain(kind, 'ns2/svc2:p80', 'tcp'));
    const [sep2, sep3] = ['10.180.0.2:80', '10.180.0.3:80'].map((each) => endpointChain('ns2/svc2:p80', 'tcp', each));
    assert.deepEqual(nat.rules, [
      `-A KUBE-NODEPORTS -m comment --comment ns2/svc2:p80 -m tcp -p tcp --dport 30080 -j ${ext2}`,
      '-A KUBE-SERVICES -m comment --comment "ns1/svc1:p80 cluster IP" -m tcp -p tcp -d 172.30.0.41 --dport 80 -j KUBE-SVC-XPGD46QRK7WJZT7O',
      `-A KUBE-SERVICES -m comment --comment "ns2/svc2:p80 cluster IP" -m tcp -p tcp -d 172.30.0.42 --dport 80 -j ${svc2}`,
      `-A KUBE-SERVICES -m comment --comment "ns2/svc2:p80 external IP" -m tcp -p tcp -d 1.2.3.4 --dport 80 -j ${ext2}`,
      '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
      '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
      '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
      '-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000',
      '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
      '-A KUBE-SVC-XPGD46QRK7WJZT7O -m comment --comment "ns1/svc1:p80 cluster IP" -m tcp -p tcp -d 172.30.0.41 --dport 80 ! -s 10.180.0.0/16 -j KUBE-MARK-MASQ',
      '-A KUBE-SVC-XPGD46QRK7WJZT7O -m comment --comment "ns1/svc1:p80 -> 10.180.0.1:80" -j KUBE-SEP-SXIVWICOYRO3J4NJ',
      '-A KUBE-SEP-SXIVWICOYRO3J4NJ -m comment --comment ns1/svc1:p80 -s 10.180.0.1 -j KUBE-MARK-MASQ',
      '-A KUBE-SEP-SXIVWICOYRO3J4NJ -m comment --comment ns1/svc1:p80 -m tcp -p tcp -j DNAT --to-destination 10.180.0.1:80',
      `-A ${svc2} -m comment --comment "ns2/svc2:p80 cluster IP" -m tcp -p tcp -d 172.30.0.42 --dport 80 ! -s 10.180.0.0/16 -j KUBE-MARK-MASQ`,
      `-A ${svc2} -m comment --comment "ns2/svc2:p80 -> 10.180.0.2:80" -m statistic --mode random --probability 0.5000000000 -j ${sep2}`,
      `-A ${svc2} -m comment --comment "ns2/svc2:p80 -> 10.180.0.3:80" -j ${sep3}`,
      `-A ${ext2} -m comment --comment "masquerade traffic for ns2/svc2:p80 external destinations" -j KUBE-MARK-MASQ`,
      `-A ${ext2} -j ${svc2}`,
      `-A ${sep2} -m comment --comment ns2/svc2:p80 -s 10.180.0.2 -j KUBE-MARK-MASQ`,
      `-A ${sep2} -m comment --comment ns2/svc2:p80 -m tcp -p tcp -j DNAT --to-destination 10.180.0.2:80`,
      `-A ${sep3} -m comment --comment ns2/svc2:p80 -s 10.180.0.3 -j KUBE-MARK-MASQ`,
      `-A ${sep3} -m comment --comment ns2/svc2:p80 -m tcp -p tcp -j DNAT --to-destination 10.180.0.3:80`,
    ]);
    const defined = new Set(nat.chains);
    for (const rule of nat.rules) {
      const target = / -j (KUBE-\S+)$/.exec(rule)?.[1];
      if (target) assert.ok(defined.has(target), `${target} is jumped to but not declared`);
    }
  });

  it('writes probabilities as kube-proxy does', () => {
    const text = restoreText(
      rulesFor([service('a/b', '172.30.0.1')], [endpoints('a/b', ['10.180.0.1', '10.180.0.2', '10.180.0.3'])]),
      [],
      [],
    );
    assert.deepEqual(text.match(/--probability \S+/g), ['--probability 0.3333333333', '--probability 0.5000000000']);
  });

  it('keeps clients at their endpoint with ClientIP affinity', () => {
    const spec = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } };
    const { nat } = rulesFor([service('ns1/svc1', '172.30.0.41', spec)], [endpoints('ns1/svc1', ['10.180.0.1'])]);
    const sep = 'KUBE-SEP-SXIVWICOYRO3J4NJ';
    assert.ok(
      nat.rules.includes(
        `-A KUBE-SVC-XPGD46QRK7WJZT7O -m comment --comment "ns1/svc1:p80 -> 10.180.0.1:80" -m recent --name ${sep} --rcheck --seconds 60 --reap -j ${sep}`,
      ),
    );
    assert.ok(
      nat.rules.includes(
        `-A ${sep} -m comment --comment ns1/svc1:p80 -m recent --name ${sep} --set -m tcp -p tcp -j DNAT --to-destination 10.180.0.1:80`,
      ),
    );
  });
});

describe('a packet', () => {
  const three = ['10.180.0.1', '10.180.0.2@this-node', '10.180.0.3'];
  const even = { '10.180.0.1:80': 1 / 3, '10.180.0.2:80': 1 / 3, '10.180.0.3:80': 1 / 3 };
  const send = (spec: Partial<V1Service['spec']>, addresses: string[], packet: Packet, settings = SETTINGS) =>
    trace(rulesFor([service('a/b', '172.30.0.1', spec ?? {})], [endpoints('a/b', addresses)], settings), packet);
  const toClusterIP = (source: string): Packet => ({ source, destination: '172.30.0.1', port: 80 });
  const toNodePort = (source: string, destination = NODE_IP): Packet => ({ source, destination, port: 30080 });
  const nodePort = { type: 'NodePort', ports: [NODE_PORT] };

  it('to a cluster IP reaches all endpoints evenly, with the pod still to be seen as its source', () => {
    const outcome = send({}, three, toClusterIP(POD));
    assertEnds(outcome, even);
    assert.deepEqual(outcome.masqueraded, {});
  });

  it('reaches any number of endpoints evenly', () => {
    for (const count of [1, 2, 7, 100]) {
      const addresses = Array.from({ length: count }, (_, i) => `10.180.1.${i}`);
      const expected = Object.fromEntries(addresses.map((address) => [`${address}:80`, 1 / count]));
      assertEnds(send({}, addresses, toClusterIP(POD)), expected);
    }
  });

  it('from the node or outside to a cluster IP is masqueraded', () => {
    for (const source of [NODE_IP, OUTSIDER]) {
      const outcome = send({}, three, toClusterIP(source));
      assertEnds(outcome, even);
      assert.deepEqual(outcome.masqueraded, outcome.ends);
    }
  });

  it('from a pod to itself is masqueraded', () => {
    const outcome = send({}, three, toClusterIP('10.180.0.1'));
    assert.deepEqual(Object.keys(outcome.masqueraded), ['10.180.0.1:80']);
  });

  it('is always masqueraded where answers would bypass iptables', () => {
    const outcome = send({}, three, toClusterIP(POD), { ...SETTINGS, masqueradeAll: true });
    assert.deepEqual(outcome.masqueraded, outcome.ends);
  });

  it('to another port, protocol or address passes', () => {
    assertEnds(send({}, three, { ...toClusterIP(POD), port: 81 }), { pass: 1 });
    assertEnds(send({}, three, { ...toClusterIP(POD), protocol: 'udp' }), { pass: 1 });
    assertEnds(send({}, three, { ...toClusterIP(POD), destination: '172.30.0.2' }), { pass: 1 });
  });

  it('to a node port reaches all endpoints evenly, masqueraded', () => {
    for (const packet of [toNodePort(OUTSIDER), toNodePort(NODE_IP), toNodePort('127.0.0.1', '127.0.0.1')]) {
      const outcome = send(nodePort, three, packet);
      assertEnds(outcome, even);
      assert.deepEqual(outcome.masqueraded, outcome.ends);
    }
  });

  it('to the same port of another machine passes', () => {
    assertEnds(send(nodePort, three, toNodePort(OUTSIDER, '192.168.0.2')), { pass: 1 });
  });

  it('to an external IP reaches all endpoints evenly', () => {
    assertEnds(send({ externalIPs: ['1.2.3.4'] }, three, { ...toClusterIP(OUTSIDER), destination: '1.2.3.4' }), even);
  });

  it('to a service without endpoints is refused', () => {
    assertEnds(send({}, [], toClusterIP(POD)), { REJECT: 1 });
    assertEnds(send(nodePort, [], toNodePort(OUTSIDER)), { REJECT: 1 });
  });

  describe('under a Local policy', () => {
    const external = { ...nodePort, externalTrafficPolicy: 'Local' };

    it('from outside reaches endpoints of this node only, its source kept', () => {
      const outcome = send(external, three, toNodePort(OUTSIDER));
      assertEnds(outcome, { '10.180.0.2:80': 1 });
      assert.deepEqual(outcome.masqueraded, {});
    });

    it('from pods and from the node reaches all endpoints', () => {
      assertEnds(send(external, three, toNodePort(POD)), even);
      assertEnds(send(external, three, toNodePort(NODE_IP)), even);
      assertEnds(send(external, three, toClusterIP(POD)), even);
    });

    it('from outside is dropped where this node has no endpoint', () => {
      assertEnds(send(external, ['10.180.0.1'], toNodePort(OUTSIDER)), { DROP: 1 });
    });

    it('inside reaches endpoints of this node, or nobody', () => {
      const internal = { internalTrafficPolicy: 'Local' };
      assertEnds(send(internal, three, toClusterIP(POD)), { '10.180.0.2:80': 1 });
      assertEnds(send(internal, ['10.180.0.1'], toClusterIP(POD)), { DROP: 1 });
    });
  });

  it('goes to the endpoint its client had before', () => {
    const spec = { sessionAffinity: 'ClientIP' };
    const remembered = new Set([endpointChain('a/b:p80', 'tcp', '10.180.0.3:80')]);
    assertEnds(send(spec, three, toClusterIP(POD)), even);
    assertEnds(send(spec, three, { ...toClusterIP(POD), remembered }), { '10.180.0.3:80': 1 });
  });

  it('to a guarded load balancer needs a source in its ranges', () => {
    const guarded: V1Service = {
      ...service('a/b', '172.30.0.1', { type: 'LoadBalancer', loadBalancerSourceRanges: ['203.0.113.0/24'] }),
      status: { loadBalancer: { ingress: [{ ip: '5.6.7.8' }] } },
    };
    const rules = rulesFor([guarded], [endpoints('a/b', three)]);
    assertEnds(trace(rules, { source: OUTSIDER, destination: '5.6.7.8', port: 80 }), even);
    assertEnds(trace(rules, { source: '198.51.100.1', destination: '5.6.7.8', port: 80 }), { DROP: 1 });
  });
});

describe('service ports', () => {
  const names = (services: V1Service[], all: V1Endpoints[] = []) => portsOf(services, all).map(({ name }) => name);

  it('leave out services that are not proxied', () => {
    const headless = service('a/headless', 'None');
    const external = service('a/external', '', { type: 'ExternalName' });
    const ipv6 = service('a/six', 'fd00::1');
    const foreign = service('a/foreign', '172.30.0.1');
    foreign.metadata = { ...foreign.metadata, labels: { 'service.kubernetes.io/service-proxy-name': 'other' } };
    assert.deepEqual(names([headless, external, ipv6, foreign, service('a/ok', '172.30.0.2')]), ['a/ok:p80']);
  });

  it('join endpoints by port name and protocol', () => {
    const ports = [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ];
    const targets = [
      { name: 'dns', port: 5353, protocol: 'UDP' },
      { name: 'dns-tcp', port: 5354 },
      { name: 'metrics', port: 9153 },
    ];
    const [udp, tcp] = portsOf(
      [service('a/b', '172.30.0.1', { ports })],
      [endpoints('a/b', [`10.0.0.1@${NODE}`], targets)],
    );
    assert.deepEqual(udp?.endpoints, [{ ip: '10.0.0.1', port: 5353, local: true }]);
    assert.deepEqual(tcp?.endpoints, [{ ip: '10.0.0.1', port: 5354, local: true }]);
  });

  it('ignore addresses that are not ready', () => {
    const all = {
      ...endpoints('a/b', []),
      subsets: [{ notReadyAddresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'p80', port: 80 }] }],
    };
    assert.deepEqual(portsOf([service('a/b', '172.30.0.1')], [all])[0]?.endpoints, []);
  });
});
