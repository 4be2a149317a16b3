import type { V1CronJob, V1CronJobSpec } from '../../../openapi/generated/types.ts';
import { containerColumns } from '../apps/columns.ts';
import { nameWarnings } from '../apps/names.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn, translateTimestampSince } from '../core/columns.ts';
import { type Column, declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { formatLabelSelector } from '../validation/label-selectors.ts';
import { validateCronJob } from './cronjobs-validation.ts';
import { defaultJobTemplate } from './jobs-defaults.ts';
import { jobSpecWarnings } from './jobs-validation.ts';

const SPEC = 'io.k8s.api.batch.v1.CronJobSpec';
const STATUS = 'io.k8s.api.batch.v1.CronJobStatus';

export function cronJobs(describe: Describe): ResourceDeclaration {
  return declare<V1CronJob>({
    group: 'batch',
    version: 'v1',
    kind: 'CronJob',
    plural: 'cronjobs',
    singular: 'cronjob',
    shortNames: ['cj'],
    categories: ['all'],
    namespaced: true,
    definition: 'io.k8s.api.batch.v1.CronJob',
    columns: columnsOf(describe),
    strategy: {
      default: defaultCronJob,
      prepareForCreate(cronJob) {
        startGeneration(cronJob);
        cronJob.status = {};
      },
      prepareForUpdate(cronJob, old) {
        cronJob.status = old.status ?? {};
        countSpecChange(cronJob, old);
      },
      validate: validateCronJob,
      warnings: warningsOf,
    },
    status: {
      prepareForUpdate(cronJob, old) {
        cronJob.spec = old.spec;
      },
    },
  });
}

function columnsOf(describe: Describe): Column<V1CronJob>[] {
  const suspend = ({ spec }: V1CronJob) => (spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False');
  return [
    nameColumn(describe),
    fieldColumn('Schedule', describe, [SPEC, 'schedule'], ({ spec }) => spec?.schedule ?? ''),
    fieldColumn('Timezone', describe, [SPEC, 'timeZone'], ({ spec }) => spec?.timeZone ?? '<none>'),
    fieldColumn('Suspend', describe, [SPEC, 'suspend'], suspend, { type: 'boolean' }),
    fieldColumn('Active', describe, [STATUS, 'active'], ({ status }) => status?.active?.length ?? 0, {
      type: 'integer',
    }),
    fieldColumn('Last Schedule', describe, [STATUS, 'lastScheduleTime'], ({ status }, now) =>
      status?.lastScheduleTime ? translateTimestampSince(status.lastScheduleTime, now) : '<none>',
    ),
    ageColumn(describe),
    ...containerColumns<V1CronJob>(({ spec }) => spec?.jobTemplate?.spec?.template),
    fieldColumn(
      'Selector',
      describe,
      ['io.k8s.api.batch.v1.JobSpec', 'selector'],
      ({ spec }) => formatLabelSelector(spec?.jobTemplate?.spec?.selector),
      { priority: 1 },
    ),
  ];
}

function defaultCronJob(cronJob: V1CronJob): void {
  cronJob.spec ??= {} as V1CronJobSpec;
  cronJob.status ??= {};
  const { spec } = cronJob;
  spec.schedule ??= '';
  spec.jobTemplate ??= {};
  spec.jobTemplate.metadata ??= {};
  spec.jobTemplate.spec ??= { template: {} };
  defaultJobTemplate(spec.jobTemplate.spec);
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
}

function warningsOf({ metadata, spec }: V1CronJob, old?: V1CronJob): string[] {
  const isChanged = old?.metadata?.generation !== metadata?.generation;
  const warnings = old ? [] : nameWarnings(metadata?.name ?? '');
  if (!old || isChanged) warnings.push(...jobSpecWarnings(spec.jobTemplate.spec, 'spec.jobTemplate.spec'));
  if (old && spec.schedule.includes('TZ')) {
    const where = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';
    // The path is upstream's slip.
    warnings.push(`cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see ${where}`);
  }
  return warnings;
}
