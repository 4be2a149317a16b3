/**
 * Cron jobs, as upstream tries them. Nobody waits for a minute to come: a cron job is given a schedule whose last time
 * is just past, and a status that says that it was met before that. What it has to make up for is then due at once.
 */
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
  objectOf,
  suite,
  type Wire,
} from './harness.ts';
import { type Behaviour, JOB_MS, jobNamespace, jobStatus, podTemplate, RUNS, SUCCEEDS } from './jobs.ts';
import { findKubectls, KubectlRunner } from './kubectl.ts';

const needsNode = true;
const since = 33;
const MINUTE_MS = 60_000;
const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

suite('cron jobs', () => {
  const namespace = jobNamespace();
  const pathOf = (name: string, subresource?: string) => namespace.batch('cronjobs', name, subresource);
  const patch = async (name: string, change: object) => objectOf(await applyPatch(pathOf(name), MERGE_PATCH, change));

  /** A cron job that is suspended, and a way to make a time due: the minute that many minutes ago. */
  async function create(name: string, spec: object = {}, does: Behaviour = RUNS) {
    const body = {
      metadata: { name },
      spec: {
        schedule: '0 0 1 1 *',
        timeZone: 'Etc/UTC',
        suspend: true,
        jobTemplate: { spec: { template: podTemplate(does) } },
        ...spec,
      },
    };
    const made = objectOf(await fetchApi('POST', namespace.batch('cronjobs'), { body }), 201);
    const nowMs = Date.parse(String(made.metadata.creationTimestamp));
    const lastScheduleTime = time(nowMs - 20 * MINUTE_MS);
    objectOf(await applyPatch(pathOf(name, 'status'), MERGE_PATCH, { status: { lastScheduleTime } }));
    return async (minutesAgo: number): Promise<{ job: string; scheduled: string }> => {
      const minute = Math.floor(nowMs / MINUTE_MS) - minutesAgo;
      const schedule = `${new Date(minute * MINUTE_MS).getUTCMinutes()} * * * *`;
      await patch(name, { spec: { schedule } });
      // A new schedule counts from now on; any other change has what was missed made up for.
      await patch(name, { spec: { suspend: false }, metadata: { annotations: { due: `${minute}` } } });
      return { job: `${name}-${minute}`, scheduled: time(minute * MINUTE_MS) };
    };
  }

  const jobsOf = async (name: string): Promise<Wire[]> =>
    listOf(await fetchApi('GET', namespace.batch('jobs'))).items.filter(
      ({ metadata }) => metadata.ownerReferences?.[0]?.name === name,
    );
  const started = (name: string, active: readonly string[]): Promise<Wire> =>
    eventually(async () => {
      const cronJob = objectOf(await fetchApi('GET', pathOf(name)));
      const references = (at(cronJob, 'status.active') ?? []) as { name: string }[];
      assert.deepEqual(
        references.map((reference) => reference.name),
        active,
      );
      return cronJob;
    });
  const eventsOf = async (name: string, reason: string): Promise<string[]> => {
    const query = `fieldSelector=involvedObject.name%3D${name},reason%3D${reason}`;
    return listOf(await fetchApi('GET', `${namespace.path('events')}?${query}`)).items.map((item) =>
      String(item.message),
    );
  };

  behaves('start a job for the scheduled time, and know of it until it is over', { needsNode, since }, async () => {
    const due = await create('starts', {}, SUCCEEDS);
    const { job, scheduled } = await due(2);
    const cronJob = await started('starts', [job]);
    includes(cronJob.status, { lastScheduleTime: scheduled });
    const made = objectOf(await fetchApi('GET', namespace.batch('jobs', job)));
    includes(made.metadata, {
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': scheduled },
      ownerReferences: [{ kind: 'CronJob', name: 'starts', controller: true, uid: cronJob.metadata.uid }],
    });
    includes(at(cronJob, 'status.active'), [
      { apiVersion: 'batch/v1', kind: 'Job', namespace: namespace.name, uid: made.metadata.uid },
    ]);
    await jobStatus(namespace, job, { succeeded: 1, completionTime: /Z$/ });
    includes((await started('starts', [])).status, { lastSuccessfulTime: /Z$/, lastScheduleTime: scheduled });
    await eventually(async () => {
      assert.deepEqual(await eventsOf('starts', 'SuccessfulCreate'), [`Created job ${job}`]);
      assert.deepEqual(await eventsOf('starts', 'SawCompletedJob'), [`Saw completed job: ${job}, condition: Complete`]);
    });
  });

  behaviour('CronJob should schedule multiple jobs concurrently', { needsNode, since }, async () => {
    const due = await create('many', { concurrencyPolicy: 'Allow' });
    const first = await due(3);
    await started('many', [first.job]);
    const second = await due(2);
    await started('many', [first.job, second.job]);
    assert.equal((await jobsOf('many')).length, 2);
  });

  behaviour('CronJob should not schedule new jobs when ForbidConcurrent [Slow]', { needsNode, since }, async () => {
    const due = await create('single', { concurrencyPolicy: 'Forbid' });
    const first = await due(3);
    await started('single', [first.job]);
    await due(2);
    await eventually(async () => {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      assert.deepEqual(await eventsOf('single', 'JobAlreadyActive'), [message]);
    });
    assert.deepEqual(
      (await jobsOf('single')).map(({ metadata }) => metadata.name),
      [first.job],
    );
    includes((await started('single', [first.job])).status, { lastScheduleTime: first.scheduled });
  });

  behaviour('CronJob should replace jobs when ReplaceConcurrent', { needsNode, since }, async () => {
    const due = await create('newest', { concurrencyPolicy: 'Replace' });
    const first = await due(3);
    await started('newest', [first.job]);
    const second = await due(2);
    await started('newest', [second.job]);
    await eventually(async () =>
      assert.deepEqual(
        (await jobsOf('newest')).map(({ metadata }) => metadata.name),
        [second.job],
      ),
    );
  });

  behaviour('CronJob should not schedule jobs when suspended [Slow]', { needsNode, since }, async () => {
    await create('rests', { schedule: '* * * * *' });
    const due = await create('works');
    const { job } = await due(2);
    await started('works', [job]);
    await patch('rests', { metadata: { annotations: { look: 'again' } } });
    await patch('works', { spec: { suspend: true } });
    const next = await create('next');
    await started('next', [(await next(2)).job].slice(0, 1));
    assert.deepEqual(await jobsOf('rests'), []);
    assert.equal((await jobsOf('works')).length, 1);
    await patch('rests', { spec: { suspend: false } });
    await eventually(async () => assert.equal((await jobsOf('rests')).length, 1));
  });

  behaves('keep as many finished jobs as they are told to', { needsNode, since }, async () => {
    const due = await create('history', { successfulJobsHistoryLimit: 1 }, SUCCEEDS);
    const first = await due(3);
    await jobStatus(namespace, first.job, { completionTime: /Z$/ });
    const second = await due(2);
    await eventually(async () => {
      await jobStatus(namespace, second.job, { completionTime: /Z$/ });
      assert.deepEqual(
        (await jobsOf('history')).map(({ metadata }) => metadata.name),
        [second.job],
      );
    }, JOB_MS);
  });

  behaves('make up for no time that is past their deadline', { needsNode, since }, async () => {
    const due = await create('late', { startingDeadlineSeconds: 30 });
    await due(3);
    const other = await create('punctual');
    await started('punctual', [(await other(3)).job]);
    assert.deepEqual(await jobsOf('late'), []);
  });

  const [kubectl] = findKubectls().slice(-1);
  if (kubectl) {
    behaves('give their template to kubectl create job --from', { needsNode, since }, async () => {
      await create('model', {}, SUCCEEDS);
      const runner = new KubectlRunner(kubectl, namespace.name);
      try {
        const printed = await runner.ok(['create', 'job', '--from=cronjob/model', 'by-hand']);
        assert.equal(printed, 'job.batch/by-hand created\n');
        const waited = await runner.ok(['wait', '--for=condition=complete', 'job/by-hand', '--timeout=25s']);
        assert.equal(waited, 'job.batch/by-hand condition met\n');
      } finally {
        runner.dispose();
      }
      const job = objectOf(await fetchApi('GET', namespace.batch('jobs', 'by-hand')));
      assert.equal(job.metadata.annotations?.['cronjob.kubernetes.io/instantiate'], 'manual');
      await eventually(async () => {
        const cronJob = objectOf(await fetchApi('GET', pathOf('model')));
        includes(cronJob.status, { active: undefined, lastSuccessfulTime: at(job, 'status.completionTime') });
      });
    });
  }
});
