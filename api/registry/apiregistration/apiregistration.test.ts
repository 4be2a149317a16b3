import assert from 'node:assert/strict';
import type { V1APIService } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, updated } from '../test-support.ts';
import { localApiServices } from './local-apiservices.ts';

const spec = (change: object = {}) => ({
  group: 'g.io',
  version: 'v1',
  groupPriorityMinimum: 10,
  versionPriority: 20,
  ...change,
});

describe('API services', () => {
  it('of this server are always available', () => {
    const service = created<V1APIService>('APIService', { metadata: { name: 'v1.g.io' }, spec: spec() });
    assert.deepEqual(service.status?.conditions, [
      {
        type: 'Available',
        status: 'True',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        reason: 'Local',
        message: 'Local APIServices are always available',
      },
    ]);
    const elsewhere = { metadata: { name: 'v1.g.io' }, spec: spec({ service: { namespace: 'n', name: 's' } }) };
    const remote = created<V1APIService>('APIService', elsewhere);
    assert.deepEqual([remote.status, remote.spec?.service?.port], [{}, 443]);
    const shown = (object: V1APIService) =>
      declarationOf('APIService')
        .columns.slice(1, 3)
        .map(({ value }) => value(object, 0));
    assert.deepEqual(
      [shown(service), shown(remote)],
      [
        ['Local', 'True'],
        ['n/s', 'Unknown'],
      ],
    );
  });

  it('are called after their version and group', () => {
    assert.deepEqual(errorsOf('APIService', { metadata: { name: 'x' }, spec: spec() }), [
      'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.g.io"',
    ]);
    assert.deepEqual(errorsOf('APIService', { metadata: {}, spec: spec() }), [
      'metadata.name: Required value: name or generateName is required',
    ]);
  });

  it('have conditions that are true, false or unknown', () => {
    const status = { conditions: [{ type: 'Available', status: 'Maybe' }] };
    const old = created<V1APIService>('APIService', { metadata: { name: 'v1.g.io' }, spec: spec() });
    const { errors } = updated('APIService', old, (object) => Object.assign(object, { status }), 'status');
    assert.deepEqual(errors, [
      'status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
    ]);
  });

  it('trust somebody, when they are elsewhere, and have priorities in range', () => {
    const change = { groupPriorityMinimum: 0, versionPriority: 1001, caBundle: 'eA==', insecureSkipTLSVerify: true };
    const object = { metadata: { name: 'v1.g.io' }, spec: spec({ ...change, service: { name: 's' } }) };
    assert.deepEqual(errorsOf('APIService', object), [
      'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
      'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
      'spec.service.namespace: Required value',
      'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
    ]);
  });

  it('stand for every version that is served, but their own group', () => {
    const versions = [
      { group: '', version: 'v1' },
      { group: '', version: 'v1' },
      { group: 'apps', version: 'v1' },
      { group: 'acme.io', version: 'v1beta1' },
      { group: 'apiregistration.k8s.io', version: 'v1' },
    ];
    assert.deepEqual(
      localApiServices(versions).map(({ metadata, spec: own }) => [
        metadata?.name,
        Object.values(metadata?.labels ?? {})[0],
        own?.groupPriorityMinimum,
        own?.versionPriority,
      ]),
      [
        ['v1.', 'onstart', 18000, 1],
        ['v1.apps', 'onstart', 17800, 15],
        ['v1beta1.acme.io', 'true', 1000, 100],
      ],
    );
  });
});
