import assert from 'node:assert/strict';
import type { V1EndpointSlice } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { LABEL_VALUE, SUBDOMAIN } from '../core/test-messages.ts';
import { created, declarationOf, errorsOf, type Loose, updated } from '../test-support.ts';

const ZONE = 'topology.kubernetes.io/zone';
const slice = (rest: object = {}): Loose => ({ metadata: { name: 'a' }, addressType: 'IPv4', ...rest });
const endpoint = (rest: object = {}) => slice({ endpoints: [{ addresses: ['10.0.0.1'], ...rest }] });
const fresh = (object = endpoint()) => created<V1EndpointSlice>('EndpointSlice', object);

describe('endpoint slices', () => {
  it('have lists that are null where there is none, and named ports', () => {
    const empty = fresh(slice());
    assert.deepEqual([empty.endpoints, empty.ports], [null, null]);
    const full = fresh(
      slice({ endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }, { name: 'dns', protocol: 'UDP' }] }),
    );
    assert.deepEqual(full.endpoints, [{ addresses: ['10.0.0.1'], conditions: {} }]);
    assert.deepEqual(full.ports, [
      { port: 80, name: '', protocol: 'TCP' },
      { name: 'dns', protocol: 'UDP' },
    ]);
  });

  it('count changes of all but metadata, and of labels', () => {
    const generationAfter = (change: (object: V1EndpointSlice) => void) =>
      updated('EndpointSlice', fresh(), change).object.metadata?.generation;
    assert.equal(fresh().metadata?.generation, 1);
    assert.equal(
      generationAfter((object) => Object.assign(object, { ports: [{ port: 1 }] })),
      2,
    );
    assert.equal(
      generationAfter(({ metadata }) => Object.assign(metadata ?? {}, { labels: { a: 'b' } })),
      2,
    );
    assert.equal(
      generationAfter(({ metadata }) => Object.assign(metadata ?? {}, { annotations: { a: 'b' } })),
      1,
    );
  });

  it('forget a topology of old', () => {
    assert.deepEqual(fresh(endpoint({ deprecatedTopology: { a: 'b' } })).endpoints, fresh().endpoints);
  });

  it('keep the type of their addresses', () => {
    const { errors } = updated('EndpointSlice', fresh(slice()), (object) =>
      Object.assign(object, { addressType: 'IPv6' }),
    );
    assert.deepEqual(errors, ['addressType: Invalid value: "IPv6": field is immutable']);
  });

  it('are shown with their ports and addresses', () => {
    const cells = (object: object) =>
      declarationOf('EndpointSlice')
        .columns.slice(1, 4)
        .map(({ value }) => value(object, 0));
    const addresses = ['1', '2', '3', '4', '5'];
    assert.deepEqual(
      cells({ addressType: 'IPv4', ports: [{ port: 80 }, { name: 'x' }, {}], endpoints: [{ addresses }] }),
      ['IPv4', '80,x,*', '1,2,3 + 2 more...'],
    );
    assert.deepEqual(cells({ addressType: 'FQDN', ports: null, endpoints: null }), ['FQDN', '<unset>', '<unset>']);
  });

  const many = (count: number) => Array.from({ length: count }, (_, i) => i);
  const refused: { title: string; object: Loose; errors: string[] }[] = [
    {
      title: 'of no type',
      object: { metadata: { name: 'a' } },
      errors: ['addressType: Required value'],
    },
    {
      title: 'of an unknown type',
      object: slice({ addressType: 'IP' }),
      errors: ['addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"'],
    },
    {
      title: 'without addresses',
      object: endpoint({ addresses: [] }),
      errors: ['endpoints[0].addresses: Required value: must contain at least 1 address'],
    },
    {
      title: 'with addresses that lead nowhere or are of another family',
      object: endpoint({ addresses: ['a', '127.0.0.1', '2001:db8::1'] }),
      errors: [
        'endpoints[0].addresses[0]: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'endpoints[0].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'endpoints[0].addresses[2]: Invalid value: "2001:db8::1": must be an IPv4 address',
      ],
    },
    {
      title: 'with names that are not fully qualified',
      object: slice({ addressType: 'FQDN', endpoints: [{ addresses: ['a.b.', 'a', '', '-.a'] }] }),
      errors: [
        'endpoints[0].addresses[1]: Invalid value: "a": should be a domain with at least two segments separated by dots',
        'endpoints[0].addresses[2]: Required value',
        `endpoints[0].addresses[3]: Invalid value: "-.a": ${SUBDOMAIN}`,
      ],
    },
    {
      title: 'with bad names of nodes, and too many or repeated hints',
      object: endpoint({
        nodeName: 'A',
        hints: {
          forZones: [{ name: 'a' }, { name: 'a' }, { name: '-' }],
          forNodes: many(9).map((i) => ({ name: `n${i}` })),
        },
      }),
      errors: [
        `endpoints[0].nodeName: Invalid value: "A": ${SUBDOMAIN}`,
        'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
        `endpoints[0].hints.forZones[2].name: Invalid value: "-": ${LABEL_VALUE}`,
        'endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items',
      ],
    },
    {
      title: 'with ports of one name or an unknown protocol',
      object: slice({ ports: [{ name: 'a' }, { name: 'a' }, { name: 'b', protocol: 'X' }] }),
      errors: [
        'ports[1].name: Duplicate value: "a"',
        'ports[2].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      ],
    },
    {
      title: 'with more than they can hold',
      object: slice({ endpoints: many(1001).map(() => ({ addresses: ['10.0.0.1'] })) }),
      errors: ['endpoints: Too many: 1001: must have at most 1000 items'],
    },
    {
      title: 'with more addresses than an endpoint can have',
      object: endpoint({ addresses: many(101).map((i) => `10.0.0.${i}`) }),
      errors: ['endpoints[0].addresses: Too many: 101: must have at most 100 items'],
    },
  ];
  for (const { title, object, errors } of refused) {
    it(`are refused ${title}`, () => assert.deepEqual(errorsOf('EndpointSlice', object), errors));
  }
});

describe('endpoint slices of v1beta1', () => {
  const [served] = declarationOf('EndpointSlice').alsoServed ?? [];
  const ofWire = (endpoints: object[]): KubeObject & V1EndpointSlice => {
    const decoded = served?.decode?.({ metadata: { name: 'a' }, addressType: 'IPv4', endpoints });
    assert.deepEqual([decoded?.errors, decoded?.unknown], [[], []]);
    return decoded?.value as V1EndpointSlice;
  };

  it('have a topology, of which the zone became a field', () => {
    const object = ofWire([{ addresses: ['10.0.0.1'], topology: { [ZONE]: 'z', other: 'o' } }]);
    served?.toStored?.(object);
    assert.deepEqual(object.endpoints, [{ addresses: ['10.0.0.1'], zone: 'z', deprecatedTopology: { other: 'o' } }]);
    served?.fromStored?.(object);
    assert.deepEqual(object.endpoints, [{ addresses: ['10.0.0.1'], topology: { other: 'o', [ZONE]: 'z' } }]);
  });

  it('keep what only they can say', () => {
    const { strategy } = declarationOf('EndpointSlice');
    const object = ofWire([{ addresses: ['10.0.0.1'], topology: { other: 'o' } }]);
    served?.toStored?.(object);
    strategy.default?.(object);
    strategy.prepareForCreate?.(object, {} as never);
    assert.deepEqual(object.endpoints?.[0]?.deprecatedTopology, { other: 'o' });
  });

  it('know only their own name of it', () => {
    const decoded = served?.decode?.({ addressType: 'IPv4', endpoints: [{ addresses: [], topology: { a: 1 } }] });
    assert.equal(decoded?.errors.length, 1);
  });
});
