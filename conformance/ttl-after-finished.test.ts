/** Jobs that go by themselves some time after they have finished. */
import assert from 'node:assert/strict';
import { applyPatch, behaves, eventually, fetchApi, MERGE_PATCH, objectOf, statusOf, suite } from './harness.ts';
import { createJob, ends, JOB_MS, jobNamespace, jobStatus, podsOf, SUCCEEDS } from './jobs.ts';

const needsNode = true;

suite('jobs that are not kept', () => {
  const namespace = jobNamespace();
  const gone = (name: string) =>
    eventually(async () => {
      statusOf(await fetchApi('GET', namespace.batch('jobs', name)), { code: 404 });
      assert.deepEqual(await podsOf(namespace, name), []);
    }, JOB_MS);

  behaves('go with their pods when their time is up, however they ended', { needsNode }, async () => {
    await createJob(namespace, 'good', SUCCEEDS, { ttlSecondsAfterFinished: 1 });
    await createJob(namespace, 'bad', ends(1), { ttlSecondsAfterFinished: 1, backoffLimit: 0 });
    await gone('good');
    await gone('bad');
  });

  behaves('stay until somebody says when they are to go', { needsNode }, async () => {
    await createJob(namespace, 'kept', SUCCEEDS);
    await jobStatus(namespace, 'kept', { succeeded: 1, completionTime: /Z$/ });
    const patch = { spec: { ttlSecondsAfterFinished: 0 } };
    objectOf(await applyPatch(namespace.batch('jobs', 'kept'), MERGE_PATCH, patch));
    await gone('kept');
  });
});
