import type { V1Job, V1JobSpec } from '../../../openapi/generated/types.ts';
import { containerColumns } from '../apps/columns.ts';
import { nameWarnings } from '../apps/names.ts';
import { ageColumn, column, type Describe, fieldColumn, humanDuration, nameColumn } from '../core/columns.ts';
import { type Column, declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { formatLabelSelector } from '../validation/label-selectors.ts';
import { isConditionTrue } from './job-conditions.ts';
import { defaultJob } from './jobs-defaults.ts';
import { generateSelector } from './jobs-selector.ts';
import { validateJobStatus } from './jobs-status-validation.ts';
import { validateJobUpdate } from './jobs-update-validation.ts';
import { jobSpecWarnings, validateJob } from './jobs-validation.ts';

const SPEC = 'io.k8s.api.batch.v1.JobSpec';
const STATUS = 'io.k8s.api.batch.v1.JobStatus';

export function jobs(describe: Describe): ResourceDeclaration {
  return declare<V1Job>({
    group: 'batch',
    version: 'v1',
    kind: 'Job',
    plural: 'jobs',
    singular: 'job',
    categories: ['all'],
    namespaced: true,
    definition: 'io.k8s.api.batch.v1.Job',
    columns: columnsOf(describe),
    fields: ({ status }) => ({ 'status.successful': String(status?.succeeded ?? 0) }),
    fieldLabels: ['status.successful'],
    fieldLabelRefusal: (label) => `field label ${JSON.stringify(label)} not supported for batchv1.Job`,
    strategy: {
      default: defaultJob,
      prepareForCreate(job) {
        generateSelector(job);
        startGeneration(job);
        job.status = {};
      },
      prepareForUpdate(job, old) {
        job.status = old.status ?? {};
        countSpecChange(job, old);
      },
      validate: validateJob,
      validateUpdate: validateJobUpdate,
      warnings: (job, old) => [
        ...(old ? [] : nameWarnings(job.metadata?.name ?? '')),
        ...(old && old.metadata?.generation === job.metadata?.generation ? [] : jobSpecWarnings(job.spec, 'spec')),
      ],
      orphansByDefault: true,
    },
    status: {
      prepareForUpdate(job, old) {
        if (old.spec) job.spec = old.spec;
      },
      validateUpdate: validateJobStatus,
    },
  });
}

function columnsOf(describe: Describe): Column<V1Job>[] {
  return [
    nameColumn(describe),
    column('Status', 'Status of the job.', statusOf),
    fieldColumn('Completions', describe, [STATUS, 'succeeded'], completionsOf),
    column('Duration', 'Time required to complete the job.', durationOf),
    ageColumn(describe),
    ...containerColumns<V1Job>(({ spec }) => spec?.template),
    fieldColumn('Selector', describe, [SPEC, 'selector'], ({ spec }) => formatLabelSelector(spec?.selector), {
      priority: 1,
    }),
  ];
}

function statusOf({ metadata, status }: V1Job): string {
  const is = (type: string) => isConditionTrue(status, type);
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (metadata?.deletionTimestamp) return 'Terminating';
  if (is('Suspended')) return 'Suspended';
  return is('FailureTarget') ? 'FailureTarget' : 'Running';
}

/** `1/3`; `0/1 of 4` where any number of the pods may complete it. */
function completionsOf({ spec, status }: V1Job): string {
  const { completions, parallelism = 0 } = spec ?? ({} as V1JobSpec);
  const succeeded = status?.succeeded ?? 0;
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationOf({ status }: V1Job, now: number): string {
  if (!status?.startTime) return '';
  const end = status.completionTime ? Date.parse(status.completionTime) : now;
  return humanDuration(end - Date.parse(status.startTime));
}
