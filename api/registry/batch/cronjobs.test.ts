import assert from 'node:assert/strict';
import type { V1CronJob } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, updated } from '../test-support.ts';

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };
const cronJob = (spec: object = {}, name = 'a') => ({
  metadata: { name },
  spec: { schedule: '@daily', jobTemplate: { spec: { template } }, ...spec },
});
const fresh = (spec: object = {}) => created<V1CronJob>('CronJob', cronJob(spec));
const NEGATIVE = 'must be greater than or equal to 0';

describe('cron jobs', () => {
  it('let jobs run side by side, and remember three that succeeded and one that failed', () => {
    const { metadata, spec, status } = fresh();
    const { concurrencyPolicy, suspend, successfulJobsHistoryLimit, failedJobsHistoryLimit } = spec;
    assert.deepEqual([concurrencyPolicy, suspend], ['Allow', false]);
    assert.deepEqual([successfulJobsHistoryLimit, failedJobsHistoryLimit], [3, 1]);
    assert.deepEqual(spec.jobTemplate.metadata, {});
    assert.equal(spec.jobTemplate.spec?.template.spec?.dnsPolicy, 'ClusterFirst');
    assert.equal(spec.jobTemplate.spec?.completions, undefined);
    assert.deepEqual([metadata?.generation, status], [1, {}]);
  });

  it('count changes of the spec, and keep the status', () => {
    const { object, errors } = updated('CronJob', fresh(), (changed) => {
      changed.spec.suspend = true;
      changed.status = { lastScheduleTime: '2026-01-01T00:00:00Z' };
    });
    assert.deepEqual([errors, object.metadata?.generation, object.status], [[], 2, {}]);
  });

  it('keep the spec from writers of the status', () => {
    const status = { lastScheduleTime: '2026-01-01T00:00:00Z' };
    const change = (changed: V1CronJob) => Object.assign(changed, { spec: { schedule: '' }, status });
    const { object, errors } = updated('CronJob', fresh(), change, 'status');
    assert.deepEqual([errors, object.spec.schedule, object.status], [[], '@daily', status]);
  });

  it('take their jobs along when they are deleted', () => {
    assert.notEqual(declarationOf('CronJob').strategy.orphansByDefault, true);
  });

  it('show when they run', () => {
    const now = Date.parse('2026-01-01T00:05:00Z');
    const status = { active: [{}], lastScheduleTime: '2026-01-01T00:04:00Z' };
    const object = { ...fresh({ timeZone: 'Etc/UTC' }), status };
    const cells = declarationOf('CronJob').columns.map(({ name, value }) => [name, value(object, now)]);
    assert.deepEqual(cells, [
      ['Name', 'a'],
      ['Schedule', '@daily'],
      ['Timezone', 'Etc/UTC'],
      ['Suspend', 'False'],
      ['Active', 1],
      ['Last Schedule', '60s'],
      ['Age', '<unknown>'],
      ['Containers', 'c'],
      ['Images', 'i'],
      ['Selector', '<none>'],
    ]);
  });

  it('warn of a zone in the schedule that was there before', () => {
    const { warnings } = declarationOf('CronJob').strategy;
    const object = fresh({ schedule: 'TZ=UTC 0 0 * * *' });
    assert.deepEqual(warnings?.(object, object), [
      'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
    ]);
    assert.deepEqual(warnings?.(fresh(), fresh()), []);
  });

  const REFUSED: [what: string, object: ReturnType<typeof cronJob>, errors: string[]][] = [
    ['nothing wrong', cronJob({ timeZone: 'Europe/Berlin' }), []],
    ['no schedule', cronJob({ schedule: undefined }), ['spec.schedule: Required value']],
    [
      'a schedule that is none',
      cronJob({ schedule: 'daily' }),
      ['spec.schedule: Invalid value: "daily": expected exactly 5 fields, found 1: [daily]'],
    ],
    [
      'a zone in the schedule',
      cronJob({ schedule: 'CRON_TZ=UTC 0 0 * * *' }),
      [
        'spec.schedule: Invalid value: "CRON_TZ=UTC 0 0 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [
      'policies and numbers out of range',
      cronJob({
        concurrencyPolicy: 'Maybe',
        startingDeadlineSeconds: -1,
        successfulJobsHistoryLimit: -2,
        failedJobsHistoryLimit: -3,
      }),
      [
        `spec.startingDeadlineSeconds: Invalid value: -1: ${NEGATIVE}`,
        'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
        `spec.successfulJobsHistoryLimit: Invalid value: -2: ${NEGATIVE}`,
        `spec.failedJobsHistoryLimit: Invalid value: -3: ${NEGATIVE}`,
      ],
    ],
    [
      'a selector',
      cronJob({ jobTemplate: { spec: { template, manualSelector: true, selector: { matchLabels: { a: 'b' } } } } }),
      [
        'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
        'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
      ],
    ],
    [
      'jobs that would not end',
      cronJob({ jobTemplate: { spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } } } }),
      ['spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'a name that leaves no room for the jobs',
      cronJob({}, 'a'.repeat(53)),
      [`metadata.name: Invalid value: "${'a'.repeat(53)}": must be no more than 52 characters`],
    ],
  ];
  for (const [what, object, errors] of REFUSED) {
    it(`are looked through: ${what}`, () => assert.deepEqual(errorsOf('CronJob', object), errors));
  }
});
