import assert from 'node:assert/strict';
import type { ResourceV1ResourceClaim, V1ResourceSlice } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, type Loose, updated } from '../test-support.ts';

const metadata = { name: 'x' };
const exactly = { deviceClassName: 'gpu' };
const claim = (devices: object) => ({ devices });
const slice = (change: object = {}) => ({
  driver: 'acme.io',
  nodeName: 'n',
  pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
  ...change,
});

describe('resource claims', () => {
  const fresh = () =>
    created<ResourceV1ResourceClaim>('ResourceClaim', {
      metadata,
      spec: claim({ requests: [{ name: 'r', exactly }] }),
    });

  it('want one device unless they say otherwise', () => {
    assert.deepEqual(fresh().spec.devices?.requests?.[0]?.exactly, {
      deviceClassName: 'gpu',
      allocationMode: 'ExactCount',
      count: 1,
    });
  });

  const cases: [string, object, string[]][] = [
    [
      'one way of asking',
      { requests: [{ name: 'r' }] },
      ['spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required'],
    ],
    [
      'a class',
      { requests: [{ name: 'r', exactly: {} }] },
      ['spec.devices.requests[0].exactly.deviceClassName: Required value'],
    ],
    [
      'all or a number',
      { requests: [{ name: 'r', exactly: { ...exactly, allocationMode: 'All', count: 2 } }] },
      [`spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`],
    ],
    [
      'names once',
      {
        requests: [
          { name: 'r', exactly },
          { name: 'r', exactly },
        ],
      },
      ['spec.devices.requests[1]: Duplicate value: "r"'],
    ],
    [
      'constraints of requests that there are',
      {
        requests: [{ name: 'r', firstAvailable: [{ name: 's', ...exactly }] }],
        constraints: [{ requests: ['r/s', 'r/t', 'a/b/c'], matchAttribute: 'x' }],
      },
      [
        `spec.devices.constraints[0].requests[1]: Invalid value: "r/t": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
        `spec.devices.constraints[0].requests[2]: Invalid value: "a/b/c": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
        'spec.devices.constraints[0].matchAttribute: Invalid value: "x": a fully qualified name must be a domain and a name separated by a slash',
      ],
    ],
    [
      'parameters that are an object',
      { config: [{ opaque: { driver: 'acme.io', parameters: [1] } }] },
      ['spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object'],
    ],
    [
      'no more than 32',
      { requests: Array.from({ length: 33 }, (_, i) => ({ name: `r${i}`, exactly })) },
      ['spec.devices.requests: Too many: 33: must have at most 32 items'],
    ],
  ];
  for (const [title, devices, expected] of cases) {
    it(`are checked: ${title}`, () =>
      assert.deepEqual(errorsOf('ResourceClaim', { metadata, spec: claim(devices) }), expected));
  }

  it('never change, and are given devices through their status', () => {
    const changed = updated('ResourceClaim', fresh(), (object) => Object.assign(object.spec, { devices: {} }));
    assert.match(changed.errors[0] ?? '', /^spec: Invalid value: .*: field is immutable$/);
    const results = [{ request: 'r', driver: 'acme.io', pool: 'p', device: 'd' }];
    const reservedFor = [{ resource: 'pods', name: 'p', uid: 'u' }];
    const status = { allocation: { devices: { results } }, reservedFor };
    const given = updated('ResourceClaim', fresh(), (object) => Object.assign(object, { status }), 'status');
    assert.deepEqual(given.errors, []);
    const state = declarationOf('ResourceClaim').columns[1];
    assert.deepEqual([state?.value(fresh(), 0), state?.value(given.object, 0)], ['pending', 'allocated,reserved']);
    const reserved = updated(
      'ResourceClaim',
      fresh(),
      (object) => Object.assign(object, { status: { reservedFor } }),
      'status',
    );
    assert.deepEqual(reserved.errors, [
      'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
    ]);
  });

  it('have only the devices that they were given', () => {
    const status = { devices: [{ driver: 'acme.io', pool: 'p', device: 'd' }] };
    const { errors } = updated('ResourceClaim', fresh(), (object) => Object.assign(object, { status }), 'status');
    assert.deepEqual(errors, [
      'status.devices[0]: Invalid value: "acme.io/p/d": must be an allocated device in the claim',
    ]);
  });
});

describe('resource slices', () => {
  const device = (change: object) => slice({ devices: [{ name: 'd', ...change }] });
  const cases: [string, Loose, string[]][] = [
    ['a slice', device({ attributes: { model: { string: 'x' } }, capacity: { memory: { value: '1Gi' } } }), []],
    [
      'a place',
      slice({ nodeName: undefined }),
      [
        'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
      ],
    ],
    [
      'one place',
      slice({ allNodes: true }),
      [
        'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
      ],
    ],
    [
      'a value each',
      device({ attributes: { a: {}, b: { version: '1' } } }),
      [
        'spec.devices[0].attributes[a]: Invalid value: "": exactly one value must be specified',
        'spec.devices[0].attributes[b].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0',
      ],
    ],
    [
      'taints with an effect',
      device({ taints: [{ key: 'a', effect: 'x' }] }),
      ['spec.devices[0].taints[0].effect: Unsupported value: "x": supported values: "NoExecute", "NoSchedule", "None"'],
    ],
    [
      'policies of shared devices',
      device({ capacity: { m: { value: '1', requestPolicy: { default: '1' } } } }),
      ['spec.devices[0].capacity[m].requestPolicy: Forbidden: allowMultipleAllocations must be true'],
    ],
    [
      'policies that fit',
      device({
        allowMultipleAllocations: true,
        capacity: { m: { value: '4', requestPolicy: { default: '3', validValues: ['1', '2', '8'] } } },
      }),
      [
        'spec.devices[0].capacity[m].requestPolicy.validValues[2]: Invalid value: "8": option is larger than capacity value: 4',
        'spec.devices[0].capacity[m].requestPolicy.validValues: Invalid value: "3": default value is not valid according to the requestPolicy',
      ],
    ],
    [
      'both conditions or none',
      device({ bindingConditions: ['a'] }),
      [
        'spec.devices[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
      ],
    ],
  ];
  for (const [title, spec, expected] of cases) {
    it(`are checked: ${title}`, () => assert.deepEqual(errorsOf('ResourceSlice', { metadata, spec }), expected));
  }

  it('say since when a device is tainted', () => {
    const spec = device({ taints: [{ key: 'a', effect: 'None' }] });
    const { spec: own } = created<V1ResourceSlice>('ResourceSlice', { metadata, spec });
    assert.equal(own.devices?.[0]?.taints?.[0]?.timeAdded, '2026-01-01T00:00:00Z');
  });

  it('are selected by node and driver', () => {
    const object = { metadata, spec: slice() } as unknown as V1ResourceSlice;
    assert.deepEqual(declarationOf('ResourceSlice').fields?.(object), {
      'spec.nodeName': 'n',
      'spec.driver': 'acme.io',
    });
  });
});

describe('device classes', () => {
  it('name extended resources that are nobody else’s', () => {
    const errors = errorsOf('DeviceClass', { metadata, spec: { extendedResourceName: 'cpu' } });
    assert.deepEqual(errors, [
      'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
    ]);
  });
});
