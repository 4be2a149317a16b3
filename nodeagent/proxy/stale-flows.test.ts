import assert from 'node:assert/strict';
import { staleFlows } from './stale-flows.ts';
import { endpoints, portsOf, service } from './testing/objects.ts';

const dns = (...addresses: string[]) =>
  portsOf(
    [service('a/dns', '172.30.0.10', { ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] })],
    [endpoints('a/dns', addresses, [{ name: 'dns', port: 53, ...{ protocol: 'UDP' } }])],
  );
const CLUSTER_IP = ['-p', 'udp', '--orig-dst', '172.30.0.10'];

describe('UDP flows to forget', () => {
  const cases: { title: string; before: string[]; after: string[]; flows: string[][] }[] = [
    { title: 'are none when nothing changed', before: ['10.0.0.1'], after: ['10.0.0.1'], flows: [] },
    { title: 'are none when an endpoint was added', before: ['10.0.0.1'], after: ['10.0.0.1', '10.0.0.2'], flows: [] },
    {
      title: 'are those of an endpoint that is gone',
      before: ['10.0.0.1', '10.0.0.2'],
      after: ['10.0.0.2'],
      flows: [[...CLUSTER_IP, '--dst-nat', '10.0.0.1']],
    },
    {
      title: 'are all that led nowhere, when the first endpoint appears',
      before: [],
      after: ['10.0.0.1'],
      flows: [CLUSTER_IP],
    },
  ];
  for (const { title, before, after, flows } of cases) {
    it(title, () => assert.deepEqual(staleFlows(dns(...before), dns(...after)), flows));
  }

  it('are those of a service that is gone', () => {
    assert.deepEqual(staleFlows(dns('10.0.0.1'), []), [[...CLUSTER_IP, '--dst-nat', '10.0.0.1']]);
  });

  it('are never those of TCP', () => {
    const tcp = portsOf([service('a/b', '172.30.0.1')], [endpoints('a/b', ['10.0.0.1'])]);
    assert.deepEqual(staleFlows(tcp, []), []);
  });
});
