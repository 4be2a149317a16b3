import assert from 'node:assert/strict';
import { CRON_JOBS, JOBS } from '../../client/resources.ts';
import type { V1CronJob, V1CronJobSpec, V1CronJobStatus, V1Job } from '../../openapi/generated/types.ts';
import { conflict, forbidden, internalError } from '../../openapi/status.ts';
import { controllerReference } from '../runtime/claim.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';

const MINUTE = 60_000;
/** The first minute of the tests' clock. */
const MINUTES = Date.UTC(2026, 0, 1) / MINUTE;
const UTC: Partial<V1CronJobSpec> = { timeZone: 'UTC' };

describe('cron job controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const cronJob = () => cluster.api.peek<V1CronJob>(CRON_JOBS, 'c', 'default')!;
  const status = (): V1CronJobStatus => cronJob().status ?? {};
  const jobs = () => cluster.api.all<V1Job>(JOBS, 'default');
  const names = () => jobs().map(({ metadata }) => Number(metadata?.name?.slice(2)) - MINUTES);
  const active = () => (status().active ?? []).map(({ name }) => Number(name?.slice(2)) - MINUTES);
  const told = (reason: string) => cluster.events().filter((event) => event.split(' ')[1] === reason);
  const change = (spec: Partial<V1CronJobSpec>) =>
    cluster.api.change<V1CronJob>(CRON_JOBS, 'c', 'default', (old) => ({ ...old, spec: { ...old.spec, ...spec } }));

  async function start(spec: Partial<V1CronJobSpec> = {}): Promise<void> {
    cluster.api.create<V1CronJob>(CRON_JOBS, 'default', {
      metadata: { name: 'c' },
      spec: {
        schedule: '*/10 * * * *',
        concurrencyPolicy: 'Allow',
        jobTemplate: { spec: { template: {} } },
        ...UTC,
        ...spec,
      },
    });
    await cluster.start(['cronjob']);
    await ready();
  }

  /** The library that reads schedules is loaded at first need. */
  async function ready(): Promise<void> {
    await import('croner');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  async function advance(minutes: number): Promise<void> {
    await cluster.clock.advance(minutes * MINUTE);
    await ready();
  }

  function end(minute: number, type = 'Complete'): void {
    const completionTime = `${new Date(cluster.clock.now()).toISOString().slice(0, 19)}Z`;
    cluster.api.change<V1Job>(JOBS, `c-${MINUTES + minute}`, 'default', (job) => ({
      ...job,
      status: {
        startTime: job.metadata?.creationTimestamp ?? '',
        conditions: [{ type, status: 'True' }],
        ...(type === 'Complete' ? { completionTime } : {}),
      },
    }));
  }

  it('starts a job when its time has come, and knows it', async () => {
    await start();
    assert.deepEqual(names(), []);
    await advance(10.1);
    assert.deepEqual([names(), active()], [[10], [10]]);
    assert.equal(status().lastScheduleTime, '2026-01-01T00:10:00Z');
    const [reference] = status().active ?? [];
    assert.deepEqual([reference?.kind, reference?.uid], ['Job', jobs()[0]!.metadata!.uid]);
    await cluster.until('event', () => told('SuccessfulCreate').length === 1);
    assert.match(told('SuccessfulCreate')[0]!, /Created job c-\d+$/);
    await advance(10);
    assert.deepEqual(
      [names(), active()],
      [
        [10, 20],
        [10, 20],
      ],
    );
  });

  it('strikes off jobs that are over', async () => {
    await start();
    await advance(10.1);
    await advance(1);
    end(10);
    await cluster.until('struck off', () => status().active === undefined);
    assert.equal(status().lastSuccessfulTime, '2026-01-01T00:11:06Z');
    await cluster.until('event', () => told('SawCompletedJob').length === 1);
    assert.match(told('SawCompletedJob')[0]!, /^Normal SawCompletedJob Saw completed job: c-\d+, condition: Complete$/);
  });

  it('starts none while one is active where that is forbidden', async () => {
    await start({ concurrencyPolicy: 'Forbid' });
    await advance(20.1);
    assert.deepEqual(names(), [10]);
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    await cluster.until('event', () => told('JobAlreadyActive').includes(`Normal JobAlreadyActive ${message}`));
    end(10);
    await cluster.until('the next as soon as it may', () => names().length === 2);
    assert.deepEqual(names(), [10, 20]);
  });

  it('replaces the active one', async () => {
    await start({ concurrencyPolicy: 'Replace' });
    await advance(20.1);
    assert.deepEqual([names(), active()], [[20], [20]]);
    const deletion = cluster.api.calls.find(({ method }) => method === 'DELETE');
    const { propagationPolicy } = (deletion?.body ?? {}) as { propagationPolicy?: string };
    assert.equal(propagationPolicy, 'Background');
    await cluster.until('event', () => told('SuccessfulDelete').length === 1);
  });

  it('starts none while it is suspended, and the last missed one after', async () => {
    await start({ suspend: true });
    await advance(35);
    assert.deepEqual(names(), []);
    change({ suspend: false });
    await cluster.until('made up for', () => names().length === 1);
    assert.deepEqual(names(), [30]);
  });

  it('makes up for no time that is too late', async () => {
    await start({ suspend: true, startingDeadlineSeconds: 60 });
    await advance(35);
    change({ suspend: false });
    await advance(1);
    assert.deepEqual(names(), []);
    await advance(4.1);
    assert.deepEqual(names(), [40]);
  });

  it('tells of too many missed times', async () => {
    await start({ schedule: '* * * * *', suspend: true });
    await advance(200);
    change({ suspend: false });
    const advice = 'Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    const event = `Warning TooManyMissedTimes too many missed start times. ${advice}`;
    await cluster.until('event', () => told('TooManyMissedTimes').includes(event));
    assert.deepEqual(names(), [200]);
  });

  it('does not apply a new schedule to times before it', async () => {
    await start({ schedule: '0 12 * * *' });
    await advance(35);
    change({ schedule: '*/10 * * * *' });
    await advance(1);
    assert.deepEqual(names(), []);
    await advance(4.1);
    assert.deepEqual(names(), [40]);
  });

  it('keeps as many finished jobs as it is to', async () => {
    await start({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 });
    await advance(10.1);
    end(10);
    await advance(10);
    end(20, 'Failed');
    await cluster.until('failed one gone', () => !names().includes(20));
    await advance(10);
    assert.deepEqual(names(), [10, 30]);
    end(30);
    await cluster.until('oldest gone', () => names().length === 1);
    assert.deepEqual(names(), [30]);
  });

  it('forgets jobs that somebody has deleted, and tells of those it did not make', async () => {
    await start();
    await advance(10.1);
    cluster.api.remove(JOBS, `c-${MINUTES + 10}`, 'default');
    await cluster.until('forgotten', () => status().active === undefined);
    await cluster.until('event', () => told('MissingJob').length === 1);
    cluster.api.create<V1Job>(JOBS, 'default', {
      metadata: { name: 'manual', ownerReferences: [controllerReference(cronJob())] },
    });
    const event = 'Warning UnexpectedJob Saw a job that the controller did not create or forgot: manual';
    await cluster.until('event', () => told('UnexpectedJob').includes(event));
    assert.equal(status().active, undefined);
  });

  it('takes a job for its own that it made and then did not write down', async () => {
    await start();
    cluster.api.intercept = (call) => {
      if (call.method !== 'PUT') return;
      cluster.api.intercept = undefined;
      throw internalError('no');
    };
    await advance(10.1);
    await cluster.until('written down', () => active().length === 1);
    assert.deepEqual([names(), active()], [[10], [10]]);
    assert.equal(told('UnexpectedJob').length <= 1, true);
  });

  it('tries again when its status conflicts', async () => {
    await start();
    let conflicts = 2;
    cluster.api.intercept = (call) => {
      if (call.method === 'PUT' && conflicts-- > 0) throw conflict(CRON_JOBS, 'c', 'the object has been modified');
    };
    await advance(10.1);
    await cluster.until('written', () => active().length === 1);
    assert.deepEqual(names(), [10]);
  });

  it('says why it cannot make a job, and makes it later', async () => {
    await start();
    cluster.api.intercept = (call) => {
      if (call.method === 'POST' && call.path.endsWith('/jobs')) throw forbidden(JOBS, '', 'exceeded quota');
    };
    await cluster.clock.advance(10.01 * MINUTE);
    await cluster.until('event', () => told('FailedCreate').length > 0);
    assert.equal(told('FailedCreate')[0], 'Warning FailedCreate Error creating job: exceeded quota');
    cluster.api.intercept = undefined;
    await advance(1);
    assert.deepEqual(names(), [10]);
  });

  const refused: [title: string, spec: Partial<V1CronJobSpec>, event: string][] = [
    [
      'a schedule without a time',
      { schedule: '0 0 31 2 *' },
      'Warning InvalidSchedule invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second',
    ],
    [
      'a schedule it cannot read',
      { schedule: '@often' },
      'Warning UnparseableSchedule unparseable schedule: "@often" : unrecognized descriptor: @often',
    ],
    [
      'a zone it does not know',
      { timeZone: 'Mars/Base' },
      'Warning UnknownTimeZone invalid timeZone: "Mars/Base": unknown time zone Mars/Base',
    ],
  ];
  for (const [title, spec, event] of refused) {
    it(`tells of ${title}`, async () => {
      await start(spec);
      await cluster.until('event', () => cluster.events().includes(event));
      await advance(60);
      assert.deepEqual(names(), []);
    });
  }

  it('leaves a cron job alone that is being deleted', async () => {
    await start();
    cluster.api.change<V1CronJob>(CRON_JOBS, 'c', 'default', (old) => ({
      ...old,
      metadata: { ...old.metadata, finalizers: ['x'] },
    }));
    await cluster.client.resource<V1CronJob>(CRON_JOBS).delete('c', 'default');
    await advance(30);
    assert.deepEqual(names(), []);
  });
});
