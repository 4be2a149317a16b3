import assert from 'node:assert/strict';
import type { V1Job } from '../../../openapi/generated/types.ts';
import { created, declarationOf, type Loose } from '../test-support.ts';

const pod = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] };
const NEGATIVE = 'must be greater than or equal to 0';

/** A new job; the store has given it its uid by the time it is prepared. */
function fresh(spec: object = {}, rest: Loose = {}): V1Job {
  const object = {
    ...rest,
    metadata: { name: 'a', uid: 'u', ...rest.metadata },
    spec: { template: { spec: pod }, ...spec },
  };
  const job = created<V1Job>('Job', object);
  Object.assign(job.metadata ?? {}, { uid: 'u' });
  return job;
}

function errorsOf(spec: object, rest: Loose = {}): string[] {
  const errors = declarationOf('Job').strategy.validate?.(fresh(spec, rest)) ?? [];
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

const GENERATED = {
  'batch.kubernetes.io/controller-uid': 'u',
  'batch.kubernetes.io/job-name': 'a',
  'controller-uid': 'u',
  'job-name': 'a',
};

describe('jobs', () => {
  it('have words of their own for fields that select none', () => {
    const refusal = declarationOf('Job').fieldLabelRefusal?.('a"b');
    assert.equal(refusal, 'field label "a\\"b" not supported for batchv1.Job');
  });

  it('run one pod, and try six times more', () => {
    const { spec, status, metadata } = fresh();
    const { template: _, selector: _selector, ...rest } = spec ?? { template: {} };
    assert.deepEqual(rest, {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
      manualSelector: false,
    });
    assert.deepEqual([status, metadata?.generation], [{}, 1]);
  });

  it('run as many pods as it takes when only their number at a time is given', () => {
    assert.deepEqual(
      [fresh({ parallelism: 3 }).spec?.completions, fresh({ completions: 3 }).spec?.parallelism],
      [undefined, 1],
    );
  });

  it('try for ever where each index has a limit of its own', () => {
    assert.equal(
      fresh({ completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 1 }).spec?.backoffLimit,
      2147483647,
    );
  });

  it('replace failed pods only, where it matters how they failed', () => {
    const podFailurePolicy = { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] };
    const { spec } = fresh({ podFailurePolicy });
    assert.equal(spec?.podReplacementPolicy, 'Failed');
    assert.equal(spec?.podFailurePolicy?.rules[0]?.onPodConditions?.[0]?.status, 'True');
  });

  it('find their pods by labels that the server makes', () => {
    const { spec, metadata } = fresh();
    assert.deepEqual(spec?.template.metadata?.labels, GENERATED);
    assert.deepEqual(spec?.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } });
    assert.deepEqual(metadata?.labels, GENERATED);
  });

  it('share the labels of their template unless they have their own', () => {
    const template = { metadata: { labels: { x: 'y' } }, spec: pod };
    assert.deepEqual(fresh({ template }).metadata?.labels, { ...GENERATED, x: 'y' });
    const own = fresh({ template }, { metadata: { labels: { x: 'y' } } });
    assert.deepEqual(own.metadata?.labels, { x: 'y' });
    assert.deepEqual(own.spec?.template.metadata?.labels, { ...GENERATED, x: 'y' });
  });

  it('leave selector and labels alone when they are told to', () => {
    const labels = { a: 'b' };
    const { spec } = fresh({
      manualSelector: true,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: pod },
    });
    assert.deepEqual([spec?.selector, spec?.template.metadata?.labels], [{ matchLabels: labels }, labels]);
  });

  it('leave their pods behind unless told otherwise', () => {
    assert.equal(declarationOf('Job').strategy.orphansByDefault, true);
  });

  it('are selected by how many pods succeeded', () => {
    const { fields } = declarationOf('Job');
    assert.deepEqual(fields?.({ ...fresh(), status: { succeeded: 2 } } as V1Job), { 'status.successful': '2' });
  });

  const conditions = (...types: string[]) => types.map((type) => ({ type, status: 'True' }));
  const STATUSES: [shown: string, job: Partial<V1Job>][] = [
    ['Running', {}],
    ['Complete', { status: { conditions: conditions('SuccessCriteriaMet', 'Complete') } }],
    ['Failed', { status: { conditions: conditions('FailureTarget', 'Failed') } }],
    ['FailureTarget', { status: { conditions: conditions('FailureTarget') } }],
    ['Suspended', { status: { conditions: conditions('Suspended') } }],
    ['Terminating', { metadata: { deletionTimestamp: 'x' }, status: { conditions: conditions('Suspended') } }],
  ];
  for (const [shown, job] of STATUSES) {
    it(`show that they are ${shown}`, () => {
      const column = declarationOf('Job').columns.find(({ name }) => name === 'Status');
      assert.equal(column?.value({ ...fresh(), ...job }, 0), shown);
    });
  }

  it('show how far they are', () => {
    const cells = (job: V1Job) =>
      declarationOf('Job')
        .columns.filter(({ name }) => ['Completions', 'Duration', 'Selector'].includes(name))
        .map(({ value }) => value(job, Date.parse('2026-01-01T00:01:00Z')));
    const running = { ...fresh(), status: { succeeded: 1, startTime: '2026-01-01T00:00:00Z' } };
    assert.deepEqual(cells(running), ['1/1', '60s', 'batch.kubernetes.io/controller-uid=u']);
    const done = {
      ...fresh({ parallelism: 3 }),
      status: { ...running.status, completionTime: '2026-01-01T00:00:05Z' },
    };
    assert.deepEqual(cells(done), ['1/1 of 3', '5s', 'batch.kubernetes.io/controller-uid=u']);
  });

  it('warn when their status may grow too large', () => {
    const job = fresh({ completionMode: 'Indexed', completions: 100_001, parallelism: 10_001 });
    const [warning = ''] = declarationOf('Job').strategy.warnings?.(job) ?? [];
    assert.match(warning, /^spec: In Indexed Jobs with a number of completions higher than 10\^5/);
    assert.deepEqual(declarationOf('Job').strategy.warnings?.(fresh()), []);
  });
});

const indexed = { completionMode: 'Indexed', completions: 3 };
const rules = (...list: object[]) => ({ podFailurePolicy: { rules: list } });
const success = (...list: object[]) => ({ ...indexed, successPolicy: { rules: list } });

const REFUSED: [what: string, spec: object, errors: string[]][] = [
  ['nothing wrong', {}, []],
  [
    'negative numbers',
    { parallelism: -1, completions: -1, backoffLimit: -1, activeDeadlineSeconds: -1, ttlSecondsAfterFinished: -1 },
    ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'].map(
      (field) => `spec.${field}: Invalid value: -1: ${NEGATIVE}`,
    ),
  ],
  [
    'pods that would not end',
    { template: { spec: { ...pod, restartPolicy: 'Always' } } },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    'labels that are not the job’s',
    { template: { metadata: { labels: { 'job-name': 'x' } }, spec: pod } },
    [
      'spec.template.metadata.labels[job-name]: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"a","controller-uid":"u","job-name":"x"}: must be \'a\'',
    ],
  ],
  [
    'a selector of one’s own',
    { selector: { matchLabels: { x: 'y' } } },
    [
      'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"u","x":"y"}}: `selector` not auto-generated',
      'spec.template.metadata.labels: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"a","controller-uid":"u","job-name":"a"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'a manual selector that is missing',
    { manualSelector: true },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
    ],
  ],
  [
    'who manages it',
    { managedBy: 'me' },
    ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
  [
    'a manager with a long name',
    { managedBy: `a.io/${'b'.repeat(60)}` },
    ['spec.managedBy: Too long: may not be more than 63 bytes'],
  ],
  [
    'a mode that does not exist',
    { completionMode: 'X' },
    ['spec.completionMode: Unsupported value: "X": supported values: "NonIndexed", "Indexed"'],
  ],
  [
    'indexes without a number',
    { completionMode: 'Indexed', parallelism: 100_001 },
    [
      'spec.completions: Required value: when completion mode is Indexed',
      'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
    ],
  ],
  [
    'limits of indexes without indexes',
    { backoffLimitPerIndex: 1, maxFailedIndexes: 1 },
    [
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
      'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
    ],
  ],
  [
    'more failures than indexes',
    { ...indexed, maxFailedIndexes: 4 },
    [
      'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
      'spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions',
    ],
  ],
  [
    'too much of everything',
    { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001, backoffLimitPerIndex: 1 },
    [
      'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
      'spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
    ],
  ],
  [
    'how pods are replaced',
    { podReplacementPolicy: 'Never' },
    ['spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"'],
  ],
  [
    'how pods are replaced where they may fail in several ways',
    {
      ...rules({ action: 'Count', onExitCodes: { operator: 'In', values: [1] } }),
      podReplacementPolicy: 'TerminatingOrFailed',
    },
    ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
  ],
  [
    'failures of pods that are restarted',
    {
      ...rules({ action: 'Count', onExitCodes: { operator: 'In', values: [1] } }),
      template: { spec: { ...pod, restartPolicy: 'OnFailure' } },
    },
    [
      'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
    ],
  ],
  [
    'rules of failures',
    rules(
      {},
      { action: 'X', onExitCodes: { operator: '', values: [] }, onPodConditions: [{ type: '', status: 'Y' }] },
      { action: 'FailIndex', onExitCodes: { operator: 'In', containerName: 'x', values: [2, 0, 2] } },
    ),
    [
      'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      'spec.podFailurePolicy.rules[1].action: Unsupported value: "X": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
      'spec.podFailurePolicy.rules[1].onExitCodes.operator: Required value: valid values: ["In" "NotIn"]',
      'spec.podFailurePolicy.rules[1].onExitCodes.values: Invalid value: null: at least one value is required',
      'spec.podFailurePolicy.rules[1].onPodConditions[0].type: Invalid value: "": name part must be non-empty',
      "spec.podFailurePolicy.rules[1].onPodConditions[0].type: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'spec.podFailurePolicy.rules[1].onPodConditions[0].status: Unsupported value: "Y": supported values: "False", "True", "Unknown"',
      'spec.podFailurePolicy.rules[1]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported',
      'spec.podFailurePolicy.rules[2].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
      'spec.podFailurePolicy.rules[2].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
      'spec.podFailurePolicy.rules[2].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
      'spec.podFailurePolicy.rules[2].onExitCodes.values[2]: Duplicate value: 2',
      'spec.podFailurePolicy.rules[2].onExitCodes.values: Invalid value: [2,0,2]: must be ordered',
    ],
  ],
  [
    'success without indexes',
    { successPolicy: { rules: [{ succeededCount: 1 }] } },
    [
      'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
    ],
  ],
  [
    'rules of success',
    success({}, { succeededIndexes: '0,2', succeededCount: 3 }, { succeededIndexes: '2-1' }, { succeededCount: 4 }),
    [
      'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
      'spec.successPolicy.rules[1].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
      'spec.successPolicy.rules[2].succeededIndexes: Invalid value: "2-1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1',
      'spec.successPolicy.rules[3].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of specified completions)',
    ],
  ],
  [
    'success without a rule',
    success(),
    [
      'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
    ],
  ],
];

describe('validation of jobs', () => {
  for (const [what, spec, errors] of REFUSED) {
    it(`looks at ${what}`, () => assert.deepEqual(errorsOf(spec), errors));
  }

  it('looks at names that are too long for the pods of all indexes', () => {
    const name = 'a'.repeat(62);
    assert.deepEqual(errorsOf(indexed, { metadata: { name } }), [
      `metadata.name: Invalid value: "${name}": will not able to create pod with invalid DNS label: ${name}-2`,
    ]);
  });
});
