import assert from 'node:assert/strict';
import type { V1IPAddress, V1NetworkPolicy, V1ServiceCIDR } from '../../../openapi/generated/types.ts';
import { SUBDOMAIN } from '../core/test-messages.ts';
import { created, declarationOf, errorsOf, type Loose, updated } from '../test-support.ts';

const IMMUTABLE = 'field is immutable';

const policy = (spec: object): Loose => ({ metadata: { name: 'a' }, spec });
const cells = (kind: string, object: object): unknown[] =>
  declarationOf(kind)
    .columns.filter(({ name }) => name !== 'Name' && name !== 'Age')
    .map((column) => column.value(object, 0));

describe('network policies', () => {
  it('are about ingress, and about egress where they have rules for it', () => {
    const specOf = (spec?: object) =>
      created<V1NetworkPolicy>('NetworkPolicy', { metadata: { name: 'a' }, ...(spec ? { spec } : {}) }).spec;
    assert.deepEqual(specOf(), { podSelector: {}, policyTypes: ['Ingress'] });
    assert.deepEqual(specOf({ egress: [{ ports: [{ port: 53 }] }] }), {
      podSelector: {},
      egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }],
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  it('are shown with what they select', () => {
    const podSelector = {
      matchLabels: { b: '1' },
      matchExpressions: [
        { key: 'a', operator: 'NotIn', values: ['y', 'x'] },
        { key: 'c', operator: 'DoesNotExist' },
      ],
    };
    assert.deepEqual(cells('NetworkPolicy', { spec: { podSelector } }), ['a notin (x,y),b=1,!c']);
    assert.deepEqual(cells('NetworkPolicy', { spec: { podSelector: {} } }), ['<none>']);
  });

  const refused: { title: string; spec: object; errors: string[] }[] = [
    {
      title: 'with ports that are none',
      spec: {
        ingress: [
          { ports: [{ port: 0, protocol: 'X' }, { port: 'a', endPort: 3 }, { endPort: 3 }, { port: 5, endPort: 4 }] },
        ],
      },
      errors: [
        'spec.ingress[0].ports[0].protocol: Unsupported value: "X": supported values: "TCP", "UDP", "SCTP"',
        'spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.ingress[0].ports[1].endPort: Invalid value: 3: may not be specified when `port` is non-numeric',
        'spec.ingress[0].ports[2].endPort: Invalid value: 3: may not be specified when `port` is not specified',
        'spec.ingress[0].ports[3].endPort: Invalid value: 4: must be greater than or equal to `port`',
      ],
    },
    {
      title: 'with peers that are none or too much',
      spec: { egress: [{ to: [{}, { podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
      errors: [
        'spec.egress[0].to[0]: Required value: must specify a peer',
        'spec.egress[0].to[1]: Forbidden: may not specify both ipBlock and another peer',
      ],
    },
    {
      title: 'with blocks that are none',
      spec: {
        ingress: [
          {
            from: [
              { ipBlock: { cidr: '' } },
              { ipBlock: { cidr: '10.0.0.0/33' } },
              { ipBlock: { cidr: '10.0.0.1/8' } },
            ],
          },
        ],
      },
      errors: [
        'spec.ingress[0].from[0].ipBlock.cidr: Required value',
        'spec.ingress[0].from[1].ipBlock.cidr: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        'spec.ingress[0].from[2].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
      ],
    },
    {
      title: 'with exceptions outside their block',
      spec: {
        ingress: [
          { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '11.0.0.0/16', '10.0.0.0/8'] } }] },
        ],
      },
      errors: [
        'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
        'spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
      ],
    },
    {
      title: 'of unknown types',
      spec: { policyTypes: ['A'] },
      errors: ['spec.policyTypes[0]: Unsupported value: "A": supported values: "Ingress", "Egress"'],
    },
    {
      title: 'of too many types',
      spec: { policyTypes: ['A', 'B', 'C'] },
      errors: ['spec.policyTypes: Invalid value: ["A","B","C"]: may not specify more than two policyTypes'],
    },
  ];
  for (const { title, spec, errors } of refused) {
    it(`are refused ${title}`, () => assert.deepEqual(errorsOf('NetworkPolicy', policy(spec)), errors));
  }
});

describe('service CIDRs', () => {
  const fresh = (...cidrs: string[]) =>
    created<V1ServiceCIDR>('ServiceCIDR', { metadata: { name: 'a' }, spec: { cidrs } });
  const change = (cidrs: string[], ...to: string[]) =>
    updated('ServiceCIDR', fresh(...cidrs), ({ spec }) => Object.assign(spec ?? {}, { cidrs: to })).errors;

  const refused: [title: string, cidrs: string[], ...errors: string[]][] = [
    ['none', [], 'spec.cidrs: Required value: at least one CIDR required'],
    ['three', ['a', 'b', 'c'], 'spec.cidrs: Invalid value: {"CIDRs":["a","b","c"]}: may only hold up to 2 values'],
    [
      'two of one family',
      ['10.0.0.0/8', '11.0.0.0/8'],
      'spec.cidrs: Invalid value: ["10.0.0.0/8","11.0.0.0/8"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    ],
    [
      'one that is not canonical',
      ['2001:DB8::/64'],
      'spec.cidrs[0]: Invalid value: "2001:DB8::/64": must be in canonical form ("2001:db8::/64")',
    ],
  ];
  for (const [title, cidrs, ...errors] of refused) {
    it(`are refused with ${title}`, () => {
      assert.deepEqual(errorsOf('ServiceCIDR', { metadata: { name: 'a' }, spec: { cidrs } }), errors);
    });
  }

  it('may gain the other family, and nothing else', () => {
    assert.deepEqual(change(['10.0.0.0/8'], '10.0.0.0/8', '2001:db8::/64'), []);
    assert.deepEqual(change(['10.0.0.0/8'], '11.0.0.0/8'), [
      `spec.cidrs[0]: Invalid value: "11.0.0.0/8": ${IMMUTABLE}`,
    ]);
    assert.deepEqual(change(['10.0.0.0/8', '2001:db8::/64'], '10.0.0.0/8'), [
      `spec.cidrs: Invalid value: ["10.0.0.0/8"]: ${IMMUTABLE}`,
    ]);
  });

  it('keep spec and labels in an update of the status', () => {
    const old = fresh('10.0.0.0/8');
    const conditions = [{ type: 'Ready', status: 'True', reason: 'R', message: '', lastTransitionTime: '' }];
    const { object } = updated(
      'ServiceCIDR',
      old,
      (changed) => {
        changed.spec = {};
        changed.status = { conditions };
        Object.assign(changed.metadata ?? {}, { labels: { a: 'b' } });
      },
      'status',
    );
    assert.deepEqual([object.spec, object.status, object.metadata?.labels], [old.spec, { conditions }, undefined]);
  });

  it('are shown with their ranges', () => {
    assert.deepEqual(cells('ServiceCIDR', fresh('10.0.0.0/8', '2001:db8::/64')), ['10.0.0.0/8,2001:db8::/64']);
  });
});

describe('IP addresses', () => {
  const parentRef = { resource: 'services', namespace: 'default', name: 'web' };
  const address = (name: string, spec: object = { parentRef }): Loose => ({ metadata: { name }, spec });

  it('are named by themselves, in canonical form', () => {
    assert.deepEqual(errorsOf('IPAddress', address('10.0.0.1')), []);
    assert.deepEqual(errorsOf('IPAddress', address('2001:db8::1')), []);
    assert.deepEqual(errorsOf('IPAddress', address('2001:db8:0::1')), [
      'metadata.name: Invalid value: "2001:db8:0::1": must be in canonical form ("2001:db8::1")',
    ]);
    assert.deepEqual(errorsOf('IPAddress', address('a')), [
      'metadata.name: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]);
  });

  it('belong to something, for good', () => {
    assert.deepEqual(errorsOf('IPAddress', address('10.0.0.1', {})), ['spec.parentRef: Required value']);
    assert.deepEqual(errorsOf('IPAddress', address('10.0.0.1', { parentRef: { group: 'A', namespace: 'a/b' } })), [
      `spec.parentRef.group: Invalid value: "A": ${SUBDOMAIN}`,
      'spec.parentRef.resource: Required value',
      'spec.parentRef.name: Required value',
      'spec.parentRef.namespace: Invalid value: "a/b": may not contain \'/\'',
    ]);
    const old = created<V1IPAddress>('IPAddress', address('10.0.0.1'));
    const { errors } = updated('IPAddress', old, ({ spec }) => Object.assign(spec.parentRef, { name: 'other' }));
    assert.deepEqual(errors, [
      `spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"default","Name":"other"}: ${IMMUTABLE}`,
    ]);
  });

  it('are shown with what they belong to', () => {
    assert.deepEqual(cells('IPAddress', address('10.0.0.1')), ['services/default/web']);
    assert.deepEqual(
      cells('IPAddress', address('10.0.0.1', { parentRef: { group: 'g.io', resource: 'Things', name: 'n' } })),
      ['things.g.io/n'],
    );
  });
});
