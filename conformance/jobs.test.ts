/** Jobs, as upstream tries them: run to their end, by number or by index, and ended early by their policies. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  mutate,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  type Wire,
} from './harness.ts';
import {
  COMPLETION_INDEX,
  createJob,
  ends,
  FAILS_ONCE,
  jobEnd,
  jobNamespace,
  jobStatus,
  podsOf,
  RUNS,
  runningPodsOf,
  SUCCEEDS,
} from './jobs.ts';

const needsNode = true;
const since = 33;
const COMPLETED = ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached'];
const indexed = (completions: number, more: object = {}) => ({
  completionMode: 'Indexed',
  completions,
  parallelism: completions,
  ...more,
});

suite('jobs: pods', () => {
  const namespace = jobNamespace();

  behaves('run until as many have succeeded as are asked for', { needsNode, since }, async () => {
    await createJob(namespace, 'four', SUCCEEDS, { completions: 4, parallelism: 2 });
    const job = await jobEnd(namespace, 'four', COMPLETED);
    includes(job.status, { succeeded: 4, failed: undefined, startTime: /Z$/, completionTime: /Z$/ });
    const pods = await podsOf(namespace, 'four');
    assert.equal(pods.length, 4);
    for (const { metadata } of pods) {
      assert.match(metadata.name, /^four-[a-z0-9]{5}$/);
      assert.equal(metadata.finalizers, undefined, 'counted pods are let go');
    }
  });

  behaviour(
    'Job should run a job to completion when tasks sometimes fail and are locally restarted',
    { needsNode, since },
    async () => {
      await createJob(namespace, 'again', FAILS_ONCE, { completions: 2, parallelism: 2 }, 'OnFailure');
      includes((await jobEnd(namespace, 'again', COMPLETED)).status, { succeeded: 2, failed: undefined });
      for (const pod of await podsOf(namespace, 'again')) {
        assert.equal(at(pod, 'status.containerStatuses.0.restartCount'), 1);
      }
    },
  );

  behaviour('Job should adopt matching orphans and release non-matching pods', { needsNode }, async () => {
    const job = await createJob(namespace, 'keeps', RUNS, { parallelism: 2, completions: 2 });
    const [pod] = await runningPodsOf(namespace, 'keeps', 2);
    const path = namespace.path('pods', pod?.metadata.name);
    const owners = async () => objectOf(await fetchApi('GET', path)).metadata.ownerReferences ?? [];
    objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { ownerReferences: null } }));
    await eventually(async () =>
      assert.deepEqual(
        (await owners()).map(({ uid }) => uid),
        [job.metadata.uid],
      ),
    );
    const { labels = {} } = objectOf(await fetchApi('GET', path)).metadata;
    const none = Object.fromEntries(Object.keys(labels).map((key) => [key, null]));
    objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { labels: none } }));
    await eventually(async () => assert.deepEqual(await owners(), []));
    await jobStatus(namespace, 'keeps', { active: 2 });
  });

  behaviour('Job should delete a job', { needsNode }, async () => {
    await createJob(namespace, 'doomed', RUNS, { parallelism: 2, completions: 2 });
    await runningPodsOf(namespace, 'doomed', 2);
    const query = '?propagationPolicy=Foreground';
    assert.equal((await fetchApi('DELETE', `${namespace.batch('jobs', 'doomed')}${query}`)).status, 200);
    await eventually(async () => statusOf(await fetchApi('GET', namespace.batch('jobs', 'doomed')), { code: 404 }));
    assert.deepEqual(await podsOf(namespace, 'doomed'), []);
  });

  behaves('are let go when their job is deleted without them', { needsNode }, async () => {
    await createJob(namespace, 'leaves', RUNS);
    const [pod] = await runningPodsOf(namespace, 'leaves', 1);
    await fetchApi('DELETE', `${namespace.batch('jobs', 'leaves')}?propagationPolicy=Orphan`);
    await eventually(async () => {
      const { metadata } = objectOf(await fetchApi('GET', namespace.path('pods', pod?.metadata.name)));
      assert.deepEqual([metadata.ownerReferences ?? [], metadata.finalizers ?? []], [[], []]);
    });
  });

  behaves('that fail are made again up to a limit', { needsNode, since }, async () => {
    await createJob(namespace, 'fails', ends(1), { backoffLimit: 0, completions: 2, parallelism: 1 });
    const job = await jobEnd(namespace, 'fails', ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']);
    includes(job.status, { failed: 1, succeeded: undefined, completionTime: undefined });
    includes(at(job, 'status.conditions.1'), { message: 'Job has reached the specified backoff limit' });
    await eventually(async () => {
      const query = 'fieldSelector=involvedObject.name%3Dfails,reason%3DBackoffLimitExceeded';
      assert.equal(listOf(await fetchApi('GET', `${namespace.path('events')}?${query}`)).items.length, 1);
    });
  });

  behaves('are stopped when the job is active for too long', { needsNode, since }, async () => {
    await createJob(namespace, 'late', RUNS, { activeDeadlineSeconds: 2 });
    const job = await jobEnd(namespace, 'late', ['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded']);
    includes(at(job, 'status.conditions.1'), { message: 'Job was active longer than specified deadline' });
  });

  behaves('are stopped while the job is suspended', { needsNode, since }, async () => {
    await createJob(namespace, 'pauses', RUNS);
    await runningPodsOf(namespace, 'pauses', 1);
    const path = namespace.batch('jobs', 'pauses');
    objectOf(await applyPatch(path, MERGE_PATCH, { spec: { suspend: true } }));
    const suspended = await jobStatus(namespace, 'pauses', { active: undefined, terminating: 0 });
    includes(at(suspended, 'status.conditions.0'), { type: 'Suspended', status: 'True', reason: 'JobSuspended' });
    await eventually(async () => assert.deepEqual(await podsOf(namespace, 'pauses'), []));
    objectOf(await applyPatch(path, MERGE_PATCH, { spec: { suspend: false } }));
    const resumed = await jobStatus(namespace, 'pauses', { active: 1 });
    includes(at(resumed, 'status.conditions.0'), { type: 'Suspended', status: 'False', reason: 'JobResumed' });
    assert.ok(at(resumed, 'status.startTime'));
  });

  behaves('of a job that others manage are not made', { needsNode, since }, async () => {
    await createJob(namespace, 'foreign', SUCCEEDS, { managedBy: 'example.com/other' });
    await createJob(namespace, 'own', SUCCEEDS, { managedBy: 'kubernetes.io/job-controller' });
    await jobEnd(namespace, 'own', COMPLETED);
    assert.deepEqual(await podsOf(namespace, 'foreign'), []);
    const job = objectOf(await fetchApi('GET', namespace.batch('jobs', 'foreign')));
    assert.equal(at(job, 'status.startTime'), undefined);
  });
});

suite('jobs: indexes', () => {
  const namespace = jobNamespace();

  behaviour(
    'Job should create pods for an Indexed job with completion indexes and specified hostname',
    { needsNode, since },
    async () => {
      const says = { ...SUCCEEDS, script: 'echo $JOB_COMPLETION_INDEX $(hostname)' };
      await createJob(namespace, 'each', says, indexed(4, { parallelism: 2 }));
      const job = await jobEnd(namespace, 'each', COMPLETED);
      includes(job.status, { succeeded: 4, completedIndexes: '0-3' });
      const pods = await podsOf(namespace, 'each');
      const indexes = pods.map(({ metadata }) => metadata.annotations?.[COMPLETION_INDEX]);
      assert.deepEqual(indexes.toSorted(), ['0', '1', '2', '3']);
      for (const pod of pods) await assertPlaced(pod);
    },
  );

  async function assertPlaced(pod: Wire): Promise<void> {
    const index = pod.metadata.annotations?.[COMPLETION_INDEX];
    assert.match(pod.metadata.name, new RegExp(`^each-${index}-[a-z0-9]{5}$`));
    assert.equal(pod.metadata.labels?.[COMPLETION_INDEX], index);
    assert.equal(at(pod, 'spec.hostname'), `each-${index}`);
    includes(at(pod, 'spec.containers.0.env'), [
      {
        name: 'JOB_COMPLETION_INDEX',
        valueFrom: { fieldRef: { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } },
      },
    ]);
    const log = await fetchApi('GET', namespace.path('pods', pod.metadata.name, 'log'));
    // A simulated container runs no shell.
    if (/^\d+ \S+\n$/.test(log.text)) assert.equal(log.text, `${index} each-${index}\n`);
  }

  behaviour(
    'Job should execute all indexes despite some failing when using backoffLimitPerIndex',
    { needsNode, since },
    async () => {
      await createJob(namespace, 'some', ends([1, 0, 1, 0]), indexed(4, { backoffLimitPerIndex: 1 }));
      const job = await jobEnd(namespace, 'some', ['FailureTarget FailedIndexes', 'Failed FailedIndexes']);
      includes(job.status, { failedIndexes: '0,2', completedIndexes: '1,3', failed: 4, succeeded: 2 });
    },
  );

  behaviour(
    'Job should terminate job execution when the number of failed indexes exceeds maxFailedIndexes',
    { needsNode, since },
    async () => {
      const limits = { backoffLimitPerIndex: 0, maxFailedIndexes: 0 };
      await createJob(namespace, 'enough', ends([1, 0, 0], 2), indexed(3, { parallelism: 1, ...limits }));
      const reason = 'MaxFailedIndexesExceeded';
      const job = await jobEnd(namespace, 'enough', [`FailureTarget ${reason}`, `Failed ${reason}`]);
      includes(job.status, { failedIndexes: '0', completedIndexes: undefined, failed: 1 });
      const message = 'Job has exceeded the specified maximal number of failed indexes';
      includes(at(job, 'status.conditions.1'), { message });
    },
  );

  behaviour(
    'Job should mark indexes as failed when the FailIndex action is matched in podFailurePolicy',
    { needsNode, since },
    async () => {
      const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [42] } }];
      const policy = { backoffLimitPerIndex: 3, podFailurePolicy: { rules } };
      await createJob(namespace, 'marked', ends([42, 0]), indexed(2, policy));
      const job = await jobEnd(namespace, 'marked', ['FailureTarget FailedIndexes', 'Failed FailedIndexes']);
      includes(job.status, { failedIndexes: '0', completedIndexes: '1', failed: 1, succeeded: 1 });
      includes(at(job, 'status.conditions.1'), { message: 'Job has failed indexes' });
    },
  );

  behaves('may become fewer and more while the job runs', { needsNode, since }, async () => {
    await createJob(namespace, 'elastic', RUNS, indexed(2));
    const scale = async (count: number) => {
      const spec = { completions: count, parallelism: count };
      objectOf(await applyPatch(namespace.batch('jobs', 'elastic'), MERGE_PATCH, { spec }));
      await jobStatus(namespace, 'elastic', { active: count, terminating: 0 });
    };
    await jobStatus(namespace, 'elastic', { active: 2 });
    await scale(3);
    await scale(1);
    const [left, ...others] = await podsOf(namespace, 'elastic');
    assert.deepEqual([left?.metadata.annotations?.[COMPLETION_INDEX], others.length], ['0', 0]);
  });
});

suite('jobs: policies', () => {
  const namespace = jobNamespace();

  behaviour(
    'Job should allow to use the pod failure policy on exit code to fail the job early',
    { needsNode, since },
    async () => {
      const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }];
      await createJob(namespace, 'early', ends(1), { podFailurePolicy: { rules } });
      const job = await jobEnd(namespace, 'early', ['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy']);
      const [pod] = await podsOf(namespace, 'early');
      const name = `${namespace.name}/${pod?.metadata.name}`;
      const message = `Container main for pod ${name} failed with exit code 1 matching FailJob rule at index 0`;
      includes(at(job, 'status.conditions.1'), { message });
      assert.equal(at(job, 'status.failed'), 1);
    },
  );

  behaviour(
    'Job should allow to use a pod failure policy to ignore failure matching on DisruptionTarget condition',
    { needsNode, since },
    async () => {
      const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }];
      const spec = indexed(1, { backoffLimit: 0, podFailurePolicy: { rules } });
      await createJob(namespace, 'disrupted', ends(0, 3), spec);
      const [pod] = await runningPodsOf(namespace, 'disrupted', 1);
      const name = pod?.metadata.name;
      // Without a moment to end well, it fails.
      const deleteOptions = { gracePeriodSeconds: 0 };
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, deleteOptions };
      assert.equal((await fetchApi('POST', namespace.path('pods', name, 'eviction'), { body })).status, 201);
      await eventually(async () => statusOf(await fetchApi('GET', namespace.path('pods', name)), { code: 404 }));
      includes((await jobEnd(namespace, 'disrupted', COMPLETED)).status, { succeeded: 1, failed: undefined });
      const [other] = await podsOf(namespace, 'disrupted');
      assert.notEqual(other?.metadata.uid, pod?.metadata.uid);
    },
  );

  const success = (rules: object[]) => ({ successPolicy: { rules } });
  const BY_POLICY = ['SuccessCriteriaMet SuccessPolicy', 'Complete SuccessPolicy'];

  behaviour('Job with successPolicy should succeeded when all indexes succeeded', { needsNode, since }, async () => {
    await createJob(namespace, 'all', SUCCEEDS, indexed(2, success([{ succeededIndexes: '0-1' }])));
    const job = await jobEnd(namespace, 'all', BY_POLICY);
    includes(job.status, { succeeded: 2, completedIndexes: '0,1' });
    includes(at(job, 'status.conditions.0'), { message: 'Matched rules at index 0' });
  });

  behaviour(
    'Job with successPolicy succeededIndexes rule should succeeded even when some indexes remain pending',
    { needsNode, since },
    async () => {
      const rules = success([{ succeededIndexes: '0' }]);
      await createJob(namespace, 'first', ends([0, 1]), indexed(2, { parallelism: 1, ...rules }));
      includes((await jobEnd(namespace, 'first', BY_POLICY)).status, { succeeded: 1, completedIndexes: '0' });
    },
  );

  behaviour(
    'Job with successPolicy succeededCount rule should succeeded even when some indexes remain pending',
    { needsNode, since },
    async () => {
      const rules = success([{ succeededCount: 1 }]);
      await createJob(namespace, 'one', ends([0, 1]), indexed(2, { parallelism: 1, ...rules }));
      includes((await jobEnd(namespace, 'one', BY_POLICY)).status, { succeeded: 1, completedIndexes: '0' });
    },
  );
});

suite('jobs: operations', () => {
  const namespace = jobNamespace();

  behaviour('Job should apply changes to a job status', { needsNode }, async () => {
    await createJob(namespace, 'told', RUNS, { parallelism: 2, completions: 2 });
    await runningPodsOf(namespace, 'told', 2);
    const path = namespace.batch('jobs', 'told', 'status');
    const start = '2026-01-01T00:00:00Z';
    const condition = { type: 'CustomConditionType', status: 'True', lastTransitionTime: start, lastProbeTime: start };
    const patch = { metadata: { annotations: { patchedstatus: 'true' } }, status: { conditions: [condition] } };
    const patched = objectOf(await applyPatch(path, MERGE_PATCH, patch));
    includes(patched, { metadata: { annotations: { patchedstatus: 'true' } } });
    includes(at(patched, 'status.conditions.0'), { type: 'CustomConditionType' });
    const updated = await mutate(path, (job) => {
      const status = job.status as { conditions: object[] };
      status.conditions.push({ ...condition, type: 'StatusUpdated' });
    });
    assert.ok(JSON.stringify(updated.status).includes('StatusUpdated'));
    const read = objectOf(await fetchApi('GET', path));
    assert.equal(read.metadata.uid, patched.metadata.uid);
    await jobStatus(namespace, 'told', { active: 2 });
  });

  behaviour('Job should manage the lifecycle of a job', { needsNode, since }, async () => {
    const path = namespace.batch('jobs', 'lives');
    await createJob(namespace, 'lives', SUCCEEDS, { suspend: true, completions: 2, parallelism: 2, backoffLimit: 6 });
    await eventually(async () => {
      const { status } = objectOf(await fetchApi('GET', path));
      includes(status, { conditions: [{ type: 'Suspended', status: 'True', message: 'Job suspended' }] });
    });
    const patched = objectOf(await applyPatch(path, STRATEGIC_PATCH, { metadata: { labels: { lives: 'patched' } } }));
    assert.equal(patched.metadata.labels?.lives, 'patched');
    await mutate(path, (job) => {
      job.metadata.annotations = { updated: 'true' };
      job.spec = { ...(job.spec as object), suspend: false };
    });
    const job = await jobEnd(namespace, 'lives', COMPLETED);
    assert.deepEqual([job.metadata.annotations, at(job, 'status.succeeded')], [{ updated: 'true' }, 2]);
    const everywhere = listOf(await fetchApi('GET', '/apis/batch/v1/jobs?labelSelector=lives%3Dpatched')).items;
    assert.deepEqual(
      everywhere.map(({ metadata }) => metadata.uid),
      [job.metadata.uid],
    );
    const query = '?labelSelector=lives%3Dpatched&propagationPolicy=Background';
    assert.equal((await fetchApi('DELETE', `${namespace.batch('jobs')}${query}`)).status, 200);
    await eventually(async () => statusOf(await fetchApi('GET', path), { code: 404 }));
    await eventually(async () => assert.deepEqual(await podsOf(namespace, 'lives'), []));
  });
});
