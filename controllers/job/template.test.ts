import assert from 'node:assert/strict';
import { indexedJob, jobWith, podWith } from './fixtures.ts';
import { COMPLETION_INDEX, INDEX_FAILURE_COUNT, INDEX_IGNORED_FAILURE_COUNT } from './pods.ts';
import { indexedGenerateName, indexedTemplate, trackedTemplate } from './template.ts';

describe('pods of a job', () => {
  it('carry the finalizer beside those of the template', () => {
    const job = jobWith();
    job.spec!.template.metadata!.finalizers = ['a'];
    const { metadata, spec } = trackedTemplate(job);
    assert.deepEqual(metadata?.finalizers, ['a', 'batch.kubernetes.io/job-tracking']);
    assert.equal(spec, job.spec!.template.spec);
  });

  it('know their index by annotation, label, host name and environment', () => {
    const job = indexedJob(3);
    const own = { name: 'JOB_COMPLETION_INDEX', value: 'mine' };
    job.spec!.template.spec!.containers.push({ name: 'd', env: [own] });
    job.spec!.template.spec!.initContainers = [{ name: 'i', env: [{ name: 'A', value: 'b' }] }];
    const { metadata, spec } = indexedTemplate(job, trackedTemplate(job), 2, undefined);
    assert.deepEqual(metadata?.annotations, { [COMPLETION_INDEX]: '2' });
    assert.deepEqual(metadata?.labels, { job: 'work', [COMPLETION_INDEX]: '2' });
    assert.equal(spec?.hostname, 'work-2');
    const variable = {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
    };
    assert.deepEqual(
      spec?.containers.map(({ env }) => env),
      [[variable], [own]],
    );
    assert.deepEqual(spec?.initContainers?.[0]?.env, [{ name: 'A', value: 'b' }, variable]);
  });

  const counts: [title: string, replaced: Record<string, string> | undefined, exitCode: number, after: object][] = [
    ['0 for the first', undefined, 0, { [INDEX_FAILURE_COUNT]: '0' }],
    ['one more for the next', { [INDEX_FAILURE_COUNT]: '1' }, 1, { [INDEX_FAILURE_COUNT]: '2' }],
    [
      'ignored failures apart',
      { [INDEX_FAILURE_COUNT]: '1' },
      7,
      { [INDEX_FAILURE_COUNT]: '1', [INDEX_IGNORED_FAILURE_COUNT]: '1' },
    ],
    ['0 for what is no count', { [INDEX_FAILURE_COUNT]: '-5' }, 1, { [INDEX_FAILURE_COUNT]: '1' }],
  ];
  for (const [title, annotations, exitCode, after] of counts) {
    it(`remember the failures of their index: ${title}`, () => {
      const rules = [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } }];
      const job = indexedJob(3, { backoffLimitPerIndex: 3, podFailurePolicy: { rules } });
      const replaced = annotations && podWith('p', { index: 0, annotations, exitCode, phase: 'Failed' });
      const { metadata } = indexedTemplate(job, trackedTemplate(job), 0, replaced);
      assert.deepEqual(metadata?.annotations, { [COMPLETION_INDEX]: '0', ...after });
    });
  }

  it('have names with their index, cut to what the server takes', () => {
    assert.equal(indexedGenerateName(jobWith(), 12), 'work-12-');
    const long = { ...jobWith(), metadata: { name: 'x'.repeat(63) } };
    assert.equal(indexedGenerateName(long, 12), `${'x'.repeat(54)}-12-`);
  });
});
