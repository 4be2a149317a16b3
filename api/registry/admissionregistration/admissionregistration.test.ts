import assert from 'node:assert/strict';
import type {
  V1MutatingWebhookConfiguration,
  V1ValidatingAdmissionPolicy,
  V1ValidatingWebhookConfiguration,
} from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, type Loose, updated } from '../test-support.ts';
import { validateMatchConditions } from './expressions.ts';

const metadata = { name: 'x' };
const clientConfig = { service: { name: 'n', namespace: 'ns' } };
const webhook = (change: object = {}) => ({
  name: 'a.b.c',
  clientConfig,
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  ...change,
});
const rule = (change: object = {}) => ({
  operations: ['CREATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['pods'],
  ...change,
});

describe('webhook configurations', () => {
  it('are filled in', () => {
    const object = { metadata, webhooks: [webhook({ rules: [rule()] })] };
    const { webhooks } = created<V1MutatingWebhookConfiguration>('MutatingWebhookConfiguration', object);
    assert.deepEqual(webhooks?.[0], {
      name: 'a.b.c',
      clientConfig: { service: { name: 'n', namespace: 'ns', port: 443 } },
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      rules: [{ ...rule(), scope: '*' }],
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      reinvocationPolicy: 'Never',
    });
  });

  it('count changes of their webhooks', () => {
    const kind = 'ValidatingWebhookConfiguration';
    const old = created<V1ValidatingWebhookConfiguration>(kind, { metadata, webhooks: [webhook()] });
    assert.equal(old.metadata?.generation, 1);
    const relabelled = updated(kind, old, (object) => Object.assign(object.metadata ?? {}, { labels: { a: 'b' } }));
    assert.equal(relabelled.object.metadata?.generation, 1);
    const changed = updated(kind, old, (object) => Object.assign(object, { webhooks: [] }));
    assert.equal(changed.object.metadata?.generation, 2);
  });

  const cases: [string, object, string[]][] = [
    ['nothing is wrong', {}, []],
    [
      'names have three parts',
      { name: 'a.b' },
      ['webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by dots'],
    ],
    [
      'side effects are said',
      { sideEffects: undefined },
      ['webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun'],
    ],
    [
      'and there are none',
      { sideEffects: 'Some' },
      ['webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"'],
    ],
    [
      'thirty seconds at most',
      { timeoutSeconds: 31 },
      ['webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds'],
    ],
    [
      'one place',
      { clientConfig: {} },
      ['webhooks[0].clientConfig: Required value: exactly one of url or service is required'],
    ],
    [
      'URLs are of one form',
      { clientConfig: { url: 'http://u@/x?y#z' } },
      [
        `webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
        'webhooks[0].clientConfig.url: Invalid value: "": host must be provided; desired format: https://host[/path]',
        'webhooks[0].clientConfig.url: Invalid value: "u": user information is not permitted in the URL',
        'webhooks[0].clientConfig.url: Invalid value: "z": fragments are not permitted in the URL',
        'webhooks[0].clientConfig.url: Invalid value: "y": query parameters are not permitted in the URL',
      ],
    ],
    [
      'versions that we speak',
      { admissionReviewVersions: ['v9', 'v9'] },
      [
        'webhooks[0].admissionReviewVersions[1]: Invalid value: "v9": duplicate version',
        'webhooks[0].admissionReviewVersions: Invalid value: ["v9","v9"]: must include at least one of v1, v1beta1',
      ],
    ],
    [
      'wildcards stand alone',
      { rules: [rule({ operations: ['*', 'CREATE'], resources: ['pods/*', 'pods/log', '*', 'nodes'] })] },
      [
        `webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
        `webhooks[0].rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
        `webhooks[0].rules[0].resources: Invalid value: ["pods/*","pods/log","*","nodes"]: if '*' is present, must not specify other resources without subresources`,
      ],
    ],
  ];
  for (const [title, change, expected] of cases) {
    it(`are checked: ${title}`, () => {
      const object = { metadata, webhooks: [webhook(change)] };
      assert.deepEqual(errorsOf('ValidatingWebhookConfiguration', object), expected);
    });
  }

  it('are shown with the number of their webhooks', () => {
    const [, count] = declarationOf('MutatingWebhookConfiguration').columns;
    assert.deepEqual(
      [count?.name, count?.type, count?.value({ webhooks: [{}, {}] } as object, 0)],
      ['Webhooks', 'integer', 2],
    );
  });

  it('name each webhook once', () => {
    const errors = errorsOf('ValidatingWebhookConfiguration', { metadata, webhooks: [webhook(), webhook()] });
    assert.deepEqual(errors, ['webhooks[1].name: Duplicate value: "a.b.c"']);
  });
});

describe('validateMatchConditions', () => {
  const compile = (expression: string, variables: readonly string[]) =>
    variables.includes(expression) ? undefined : `undeclared reference to '${expression}'`;

  it('compiles expressions with what they may use', () => {
    const conditions = [
      { name: 'a', expression: 'object' },
      { name: 'b', expression: 'params' },
    ];
    assert.deepEqual(validateMatchConditions(conditions, 'f', compile), [
      {
        type: 'FieldValueInvalid',
        field: 'f[1].expression',
        message: `Invalid value: "params": undeclared reference to 'params'`,
      },
    ]);
    assert.deepEqual(validateMatchConditions(conditions, 'f', compile, ['params']), []);
  });

  it('wants names and expressions, each name once', () => {
    const conditions = [
      { name: '', expression: ' ' },
      { name: 'a', expression: 'x' },
      { name: 'a', expression: 'x' },
    ];
    assert.deepEqual(
      validateMatchConditions(conditions, 'f', undefined).map(({ field, type }) => `${field} ${type}`),
      ['f[0].expression FieldValueRequired', 'f[0].name FieldValueRequired', 'f[2].name FieldValueDuplicate'],
    );
  });
});

describe('admission policies', () => {
  const matchConstraints = { resourceRules: [rule()] };
  const policy = (change: object = {}) => ({ matchConstraints, validations: [{ expression: 'true' }], ...change });

  it('are filled in', () => {
    const { spec } = created<V1ValidatingAdmissionPolicy>('ValidatingAdmissionPolicy', { metadata, spec: policy() });
    assert.deepEqual([spec?.failurePolicy, spec?.matchConstraints?.matchPolicy], ['Fail', 'Equivalent']);
    assert.equal(spec?.matchConstraints?.resourceRules?.[0]?.scope, '*');
  });

  const cases: [string, string, Loose, string[]][] = [
    ['a policy', 'ValidatingAdmissionPolicy', policy(), []],
    [
      'a policy that says nothing',
      'ValidatingAdmissionPolicy',
      {},
      [
        'spec.matchConstraints: Required value',
        'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
        'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
      ],
    ],
    [
      'variables without names that CEL takes',
      'ValidatingAdmissionPolicy',
      policy({ variables: [{ name: 'in', expression: '' }] }),
      [
        'spec.variables[0].name: Invalid value: "in": name is not a valid CEL identifier',
        'spec.variables[0].expression: Required value: expression is not specified',
      ],
    ],
    [
      'bad parameters',
      'ValidatingAdmissionPolicy',
      policy({ paramKind: { apiVersion: 'a/b/c', kind: '' } }),
      [
        'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
        'spec.paramKind.kind: Required value',
      ],
    ],
    [
      'a binding that denies and warns',
      'ValidatingAdmissionPolicyBinding',
      {
        policyName: 'p',
        validationActions: ['Deny', 'Warn', 'Deny', 'X'],
        paramRef: { parameterNotFoundAction: 'Deny' },
      },
      [
        'spec.paramRef: Required value: one of name or selector must be specified',
        'spec.validationActions[2]: Duplicate value: "Deny"',
        'spec.validationActions[3]: Unsupported value: "X": supported values: "Audit", "Deny", "Warn"',
        'spec.validationActions: Invalid value: ["Deny","Warn","Deny","X"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ],
    ],
    [
      'a mutation without its patch',
      'MutatingAdmissionPolicy',
      { matchConstraints, mutations: [{ patchType: 'JSONPatch' }, { patchType: 'x' }] },
      [
        'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
        'spec.mutations[1].patchType: Unsupported value: "x": supported values: "ApplyConfiguration", "JSONPatch"',
      ],
    ],
    ['a binding without its policy', 'MutatingAdmissionPolicyBinding', {}, ['spec.policyName: Required value']],
  ];
  for (const [title, kind, spec, expected] of cases) {
    it(`are checked: ${title}`, () => assert.deepEqual(errorsOf(kind, { metadata, spec }), expected));
  }
});
