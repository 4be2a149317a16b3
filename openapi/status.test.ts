import assert from 'node:assert/strict';
import * as status from './status.ts';

const PODS = { group: '', resource: 'pods' };
const DEPLOYMENTS = { group: 'apps', resource: 'deployments' };

describe('status', () => {
  const cases: [string, status.StatusError, number, string, string, object | undefined][] = [
    ['notFound', status.notFound(PODS, 'web'), 404, 'NotFound', 'pods "web" not found', { name: 'web', kind: 'pods' }],
    [
      'notFound of a group',
      status.notFound(DEPLOYMENTS, 'web'),
      404,
      'NotFound',
      'deployments.apps "web" not found',
      { name: 'web', group: 'apps', kind: 'deployments' },
    ],
    ['pageNotFound', status.pageNotFound(), 404, 'NotFound', 'the server could not find the requested resource', {}],
    [
      'alreadyExists',
      status.alreadyExists(PODS, 'web'),
      409,
      'AlreadyExists',
      'pods "web" already exists',
      { name: 'web', kind: 'pods' },
    ],
    [
      'conflict',
      status.conflict(PODS, 'web', status.OBJECT_MODIFIED),
      409,
      'Conflict',
      'Operation cannot be fulfilled on pods "web": the object has been modified; please apply your changes to the latest version and try again',
      { name: 'web', kind: 'pods' },
    ],
    ['badRequest', status.badRequest('no'), 400, 'BadRequest', 'no', undefined],
    ['unauthorized', status.unauthorized(), 401, 'Unauthorized', 'Unauthorized', undefined],
    ['forbidden', status.forbidden(PODS, 'web', 'no'), 403, 'Forbidden', 'no', { name: 'web', kind: 'pods' }],
    [
      'methodNotAllowed',
      status.methodNotAllowed(PODS, 'patch'),
      405,
      'MethodNotAllowed',
      'patch is not supported on resources of kind "pods"',
      { kind: 'pods' },
    ],
    [
      'notAcceptable',
      status.notAcceptable(['application/json', 'application/yaml']),
      406,
      'NotAcceptable',
      'only the following media types are accepted: application/json, application/yaml',
      undefined,
    ],
    [
      'unsupportedMediaType',
      status.unsupportedMediaType(['application/json']),
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json',
      undefined,
    ],
    [
      'requestTooLarge',
      status.requestTooLarge(3145728),
      413,
      'RequestEntityTooLarge',
      'Request entity too large: limit is 3145728',
      undefined,
    ],
    ['expired', status.expired('too old'), 410, 'Expired', 'too old', undefined],
    ['gone', status.gone('gone'), 410, 'Gone', 'gone', undefined],
    ['timeout', status.timeout('slow', 2), 504, 'Timeout', 'Timeout: slow', { retryAfterSeconds: 2 }],
    ['serviceUnavailable', status.serviceUnavailable('later'), 503, 'ServiceUnavailable', 'later', undefined],
    [
      'tooManyRequests',
      status.tooManyRequests('slow down', 5),
      429,
      'TooManyRequests',
      'slow down',
      { retryAfterSeconds: 5 },
    ],
    [
      'internalError',
      status.internalError('oops'),
      500,
      'InternalError',
      'Internal error occurred: oops',
      { causes: [{ message: 'oops' }] },
    ],
  ];
  for (const [name, error, code, reason, message, details] of cases) {
    it(`${name} has upstream's code, reason, words and details`, () => {
      assert.deepEqual(error.status, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message,
        reason,
        ...(details ? { details } : {}),
        code,
      });
      assert.equal(error.message, message);
      assert.equal(error.code, code);
      assert.equal(error.reason, reason);
    });
  }

  it('invalid joins its errors once each and lists all as causes', () => {
    const required = { type: 'FieldValueRequired', field: 'spec.containers', message: 'Required value' } as const;
    const name = { type: 'FieldValueInvalid', field: 'metadata.name', message: 'Invalid value: "A"' } as const;
    const one = status.invalid({ group: '', kind: 'Pod' }, 'web', [required, required]);
    assert.equal(one.message, 'Pod "web" is invalid: spec.containers: Required value');
    assert.equal(one.status.details?.causes?.length, 2);
    const two = status.invalid({ group: 'apps', kind: 'Deployment' }, 'web', [required, name]);
    assert.equal(
      two.message,
      'Deployment.apps "web" is invalid: [spec.containers: Required value, metadata.name: Invalid value: "A"]',
    );
    assert.deepEqual(two.status.details, {
      name: 'web',
      group: 'apps',
      kind: 'Deployment',
      causes: [
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' },
        { reason: 'FieldValueInvalid', message: 'Invalid value: "A"', field: 'metadata.name' },
      ],
    });
    assert.equal(two.code, 422);
  });

  it('isStatus tells API errors from others, and reasons from each other', () => {
    assert.equal(status.isStatus(status.notFound(PODS, 'web')), true);
    assert.equal(status.isStatus(status.notFound(PODS, 'web'), 'NotFound'), true);
    assert.equal(status.isStatus(status.notFound(PODS, 'web'), 'Conflict'), false);
    assert.equal(status.isStatus(new Error('NotFound'), 'NotFound'), false);
  });

  it('success has neither reason nor code', () => {
    assert.deepEqual(status.success({ name: 'web' }), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'web' },
    });
  });
});
