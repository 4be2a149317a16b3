import assert from 'node:assert/strict';
import { JOBS, PODS } from '../../client/resources.ts';
import type { V1Job, V1JobSpec, V1JobStatus, V1Pod } from '../../openapi/generated/types.ts';
import { conflict, forbidden, internalError } from '../../openapi/status.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { indexedJob, jobWith } from './fixtures.ts';
import { COMPLETION_INDEX, INDEX_FAILURE_COUNT, TRACKING_FINALIZER } from './pods.ts';

describe('job controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const job = () => cluster.api.peek<V1Job>(JOBS, 'work', 'default');
  const status = (): V1JobStatus => job()?.status ?? {};
  const change = (edit: (spec: V1JobSpec) => V1JobSpec) =>
    cluster.api.change<V1Job>(JOBS, 'work', 'default', (old) => ({ ...old, spec: edit(old.spec as V1JobSpec) }));
  const creations = () => cluster.api.writes.filter((write) => write === 'POST /api/v1/namespaces/default/pods').length;
  const active = () => cluster.live().filter(({ status: s }) => s?.phase !== 'Succeeded' && s?.phase !== 'Failed');
  const told = () => (status().conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is} ${reason ?? ''}`);
  const now = () => `${new Date(cluster.clock.now()).toISOString().slice(0, 19)}Z`;

  async function start(made: V1Job): Promise<void> {
    cluster.api.create(JOBS, 'default', made);
    await cluster.start(['job']);
  }

  /** Lets time pass until `check` holds. */
  async function eventually(what: string, check: () => unknown, seconds = 20): Promise<void> {
    for (let i = 0; i < seconds * 2 && !check(); i++) await cluster.clock.advance(500);
    assert.ok(check(), `${what}: ${JSON.stringify(status())}`);
  }

  /** As a kubelet would when the pod's container has ended. */
  function end(pod: V1Pod, exitCode = 0): void {
    const terminated = { exitCode, finishedAt: now() };
    cluster.changePod(pod.metadata?.name ?? '', (old) => ({
      ...old,
      status: {
        phase: exitCode === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [
          { name: 'c', image: 'i', imageID: '', ready: false, restartCount: 0, state: { terminated } },
        ],
      },
    }));
  }

  async function startWith(count: number, made: V1Job): Promise<V1Pod[]> {
    await start(made);
    await eventually(`${count} pods`, () => status().active === count);
    return cluster.live();
  }

  it('runs a job to its end', async () => {
    const [pod] = await startWith(1, jobWith());
    assert.match(pod!.metadata!.name!, /^work-[a-z0-9]{5}$/);
    assert.deepEqual(pod!.metadata!.finalizers, [TRACKING_FINALIZER]);
    assert.equal(pod!.metadata!.ownerReferences![0]!.kind, 'Job');
    assert.deepEqual(status(), {
      startTime: '2026-01-01T00:00:00Z',
      active: 1,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    cluster.run(pod!.metadata!.name!);
    await eventually('ready', () => status().ready === 1);
    end(pod!);
    await eventually('complete', () => status().completionTime);
    assert.deepEqual(told(), ['SuccessCriteriaMet=True CompletionsReached', 'Complete=True CompletionsReached']);
    assert.deepEqual([status().succeeded, status().active, status().ready], [1, undefined, 0]);
    assert.equal(cluster.pod(pod!.metadata!.name!)!.metadata!.finalizers, undefined);
    await cluster.until('event', () => cluster.events().includes('Normal Completed Job completed'));
  });

  it('writes nothing once all is said', async () => {
    await startWith(2, jobWith({ completions: 2, parallelism: 2 }));
    await cluster.clock.advance(5000);
    const before = cluster.api.writes.length;
    cluster.changePod(cluster.live()[0]!.metadata!.name!, (pod) => ({ ...pod, status: { phase: 'Pending' } }));
    await cluster.clock.advance(5000);
    assert.equal(cluster.api.writes.length, before);
  });

  it('replaces failed pods after 10 s, then 20 s, and gives up beyond the limit', async () => {
    const [first] = await startWith(1, jobWith({ backoffLimit: 1 }));
    end(first!, 1);
    await cluster.clock.advance(8000);
    assert.equal(creations(), 1);
    assert.equal(status().failed, 1);
    await eventually('replaced', () => active().length === 1, 5);
    end(active()[0]!, 1);
    await eventually('failed', () => told().length === 2);
    assert.deepEqual(told(), ['FailureTarget=True BackoffLimitExceeded', 'Failed=True BackoffLimitExceeded']);
    assert.equal(status().failed, 2);
    assert.equal(status().completionTime, undefined);
    const event = 'Warning BackoffLimitExceeded Job has reached the specified backoff limit';
    await cluster.until('event', () => cluster.events().includes(event));
    await cluster.clock.advance(700_000);
    assert.equal(creations(), 2, 'no pod after the end');
  });

  it('keeps telling of the pods that run while it waits', async () => {
    const pods = await startWith(2, jobWith({ completions: 2, parallelism: 2 }));
    cluster.run(pods[0]!.metadata!.name!);
    end(pods[1]!, 1);
    await eventually('counted', () => status().failed === 1, 5);
    assert.deepEqual([status().active, status().ready], [1, 1]);
  });

  it('stops the pods that are left when a job fails, and ends when they have', async () => {
    const pods = await startWith(3, jobWith({ completions: 3, parallelism: 3, backoffLimit: 0 }));
    for (const { metadata } of pods) cluster.run(metadata!.name!);
    await eventually('ready', () => status().ready === 3);
    end(pods[0]!, 1);
    await eventually('told', () => told().length > 0);
    assert.deepEqual(told(), ['FailureTarget=True BackoffLimitExceeded']);
    assert.deepEqual([status().active, status().ready, status().terminating], [undefined, 0, 2]);
    for (const { metadata } of pods.slice(1)) cluster.api.remove(PODS, metadata!.name!, 'default');
    await eventually('failed', () => told().length === 2);
    assert.deepEqual([status().failed, status().terminating], [3, 0]);
  });

  it('gives indexed pods their place, and counts by index', async () => {
    const pods = await startWith(2, indexedJob(4, { parallelism: 2 }));
    const byIndex = (index: number) =>
      active().find(({ metadata }) => metadata?.annotations?.[COMPLETION_INDEX] === `${index}`)!;
    assert.deepEqual(pods.map(({ metadata }) => metadata?.generateName).sort(), ['work-0-', 'work-1-']);
    end(byIndex(1));
    await eventually('next', () => byIndex(2));
    assert.equal(status().completedIndexes, '1');
    end(byIndex(0));
    end(byIndex(2));
    await eventually('last', () => byIndex(3));
    assert.equal(status().completedIndexes, '0-2');
    end(byIndex(3));
    await eventually('complete', () => status().completionTime);
    assert.deepEqual([status().completedIndexes, status().succeeded, creations()], ['0-3', 4, 4]);
  });

  it('grows and shrinks with parallelism and completions together', async () => {
    await startWith(2, indexedJob(2));
    change((spec) => ({ ...spec, completions: 4, parallelism: 4 }));
    await eventually('four', () => status().active === 4);
    change((spec) => ({ ...spec, completions: 1, parallelism: 1 }));
    await eventually('one', () => status().active === 1);
    assert.deepEqual(
      active().map(({ metadata }) => metadata?.annotations?.[COMPLETION_INDEX]),
      ['0'],
    );
  });

  it('tries each index again by itself, and remembers how often', async () => {
    await startWith(2, indexedJob(2, { backoffLimitPerIndex: 1, backoffLimit: 2 ** 31 - 1 }));
    const of = (index: number) =>
      active().find(({ metadata }) => metadata?.annotations?.[COMPLETION_INDEX] === `${index}`);
    end(of(0)!, 1);
    await eventually('again', () => of(0), 20);
    assert.equal(of(0)!.metadata!.annotations![INDEX_FAILURE_COUNT], '1');
    end(of(0)!, 1);
    await eventually('failed for good', () => status().failedIndexes === '0');
    assert.equal(told().length, 0);
    end(of(1)!);
    await eventually('ended', () => told().length === 2);
    assert.deepEqual(told(), ['FailureTarget=True FailedIndexes', 'Failed=True FailedIndexes']);
    assert.deepEqual([status().failed, status().succeeded, status().completedIndexes], [2, 1, '1']);
  });

  it('ends early when enough indexes have succeeded', async () => {
    const pods = await startWith(3, indexedJob(3, { successPolicy: { rules: [{ succeededCount: 1 }] } }));
    end(pods[0]!);
    await eventually('complete', () => status().completionTime);
    assert.deepEqual(told(), ['SuccessCriteriaMet=True SuccessPolicy', 'Complete=True SuccessPolicy']);
    assert.deepEqual([status().succeeded, status().failed], [1, undefined]);
    assert.equal(active().length, 0);
  });

  it('suspends and resumes, counting time anew', async () => {
    await start(jobWith({ suspend: true, activeDeadlineSeconds: 60 }));
    await eventually('suspended', () => told().includes('Suspended=True JobSuspended'));
    assert.deepEqual([status().startTime, creations()], [undefined, 0]);
    change((spec) => ({ ...spec, suspend: false }));
    await eventually('resumed', () => status().active === 1);
    assert.deepEqual(told(), ['Suspended=False JobResumed']);
    const first = status().startTime;
    await cluster.clock.advance(30_000);
    change((spec) => ({ ...spec, suspend: true }));
    await eventually('stopped', () => active().length === 0 && status().active === undefined);
    assert.deepEqual([told(), status().failed], [['Suspended=True JobSuspended'], undefined]);
    assert.equal(status().startTime, undefined);
    await cluster.clock.advance(60_000);
    change((spec) => ({ ...spec, suspend: false }));
    await eventually('runs again', () => status().active === 1);
    assert.notEqual(status().startTime, first);
    await cluster.clock.advance(50_000);
    assert.equal(told().length, 1);
    await eventually('too late', () => told().includes('Failed=True DeadlineExceeded'));
    assert.deepEqual(
      cluster.events().filter((event) => /Normal (Suspended|Resumed)/.test(event)),
      ['Normal Suspended Job suspended', 'Normal Resumed Job resumed'],
    );
  });

  it('hears of a deadline that is set later', async () => {
    await startWith(1, jobWith());
    await cluster.clock.advance(100_000);
    change((spec) => ({ ...spec, activeDeadlineSeconds: 120 }));
    await cluster.clock.advance(18_000);
    assert.equal(told().length, 0);
    await eventually('too late', () => told().includes('Failed=True DeadlineExceeded'), 5);
  });

  it('leaves jobs of other controllers alone', async () => {
    await start(jobWith({ managedBy: 'example.com/other' }));
    await cluster.clock.advance(10_000);
    assert.deepEqual([job()!.status, creations()], [undefined, 0]);
  });

  it('adopts matching orphans with the finalizer, and releases pods that match no more without it', async () => {
    cluster.api.create(PODS, 'default', { metadata: { name: 'orphan', labels: { job: 'work' } } });
    await startWith(1, jobWith());
    const orphan = () => cluster.pod('orphan')!.metadata!;
    assert.deepEqual([creations(), orphan().finalizers], [0, [TRACKING_FINALIZER]]);
    assert.equal(orphan().ownerReferences![0]!.uid, job()!.metadata!.uid);
    cluster.changePod('orphan', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }));
    await eventually('released', () => orphan().ownerReferences!.length === 0);
    assert.equal(orphan().finalizers, undefined);
    await eventually('another', () => creations() === 1);
  });

  it('lets pods go when their job is gone, and when they have lost it', async () => {
    const [first, second] = await startWith(2, jobWith({ completions: 2, parallelism: 2 }));
    const finalizers = (pod: V1Pod | undefined) => cluster.pod(pod!.metadata!.name!)?.metadata?.finalizers;
    cluster.changePod(first!.metadata!.name!, (pod) => {
      const { ownerReferences: _, ...metadata } = pod.metadata!;
      return { ...pod, metadata: { ...metadata, labels: {} } };
    });
    await cluster.until('orphan let go', () => finalizers(first) === undefined);
    cluster.api.remove(JOBS, 'work', 'default');
    await cluster.until('pod of no job let go', () => finalizers(second) === undefined);
  });

  it('lets a pod go that shows after the end', async () => {
    const [pod] = await startWith(1, jobWith());
    end(pod!);
    await eventually('complete', () => status().completionTime);
    const { ownerReferences = [] } = pod!.metadata!;
    cluster.api.create(PODS, 'default', {
      metadata: { name: 'late', labels: { job: 'work' }, ownerReferences, finalizers: [TRACKING_FINALIZER] },
    });
    await cluster.until('let go', () => !cluster.pod('late')!.metadata!.finalizers);
  });

  it('makes no pod twice while its copy is behind', async () => {
    const held: (() => void)[] = [];
    const watch = cluster.api.watch.bind(cluster.api);
    cluster.api.watch = async function* (call) {
      for await (const event of watch(call)) {
        if (call.path.endsWith('/pods')) await new Promise<void>((resolve) => held.push(resolve));
        yield event;
      }
    };
    await start(jobWith({ completions: 5, parallelism: 5 }));
    await cluster.until('five are made', () => creations() === 5);
    for (let i = 0; i < 3; i++) {
      change((spec) => ({ ...spec, ttlSecondsAfterFinished: i }));
      await cluster.clock.advance(2000);
    }
    assert.equal(creations(), 5);
    while (held.length > 0) {
      held.shift()?.();
      await cluster.clock.advance(1000);
    }
    assert.deepEqual([creations(), status().active], [5, 5]);
  });

  it('says why it cannot make pods, and makes them later', async () => {
    let refuse = true;
    cluster.api.intercept = (call) => {
      if (refuse && call.method === 'POST' && call.path.endsWith('/pods')) throw forbidden(PODS, '', 'exceeded quota');
    };
    await start(jobWith({ completions: 20, parallelism: 20 }));
    await cluster.until('event', () =>
      cluster.events().includes('Warning FailedCreate Error creating: exceeded quota'),
    );
    assert.ok(creations() < 3, `${creations()} attempts`);
    refuse = false;
    await eventually('all', () => status().active === 20, 60);
  });

  describe('counts each pod once', () => {
    const steps: [title: string, matches: (method: string, path: string) => boolean, lost: boolean][] = [
      ['the status that names it is refused', (method, path) => method === 'PUT' && path.endsWith('/status'), false],
      ['the answer to that is lost', (method, path) => method === 'PUT' && path.endsWith('/status'), true],
      ['the finalizer cannot be removed', (method, path) => method === 'PATCH' && path.includes('/pods/'), false],
      ['the answer to that is lost', (method, path) => method === 'PATCH' && path.includes('/pods/'), true],
    ];
    for (const nth of [1, 2]) {
      for (const [title, matches, lost] of steps) {
        it(`though ${title}, the ${nth === 1 ? 'first' : 'second'} time, and the controller starts anew`, async () => {
          const pods = await startWith(3, jobWith({ completions: 3, parallelism: 3, backoffLimit: 6 }));
          let seen = 0;
          let hit = false;
          const call = cluster.api.call.bind(cluster.api);
          cluster.api.call = async (one) => {
            const fails = matches(one.method, one.path) && ++seen === nth;
            if (fails && !lost) throw internalError('no');
            const answer = await call(one);
            if (!fails) return answer;
            hit = true;
            throw internalError('lost');
          };
          end(pods[0]!);
          end(pods[1]!, 1);
          await cluster.clock.advance(1200);
          assert.ok(hit || seen >= nth, 'the fault came up');
          await cluster.stop();
          await cluster.start(['job']);
          await eventually('counted', () => status().succeeded === 1 && status().failed === 1);
          assert.deepEqual(status().uncountedTerminatedPods, {});
          end(pods[2]!);
          await eventually('third try', () => active().length === 1, 40);
          end(active()[0]!);
          await eventually('complete', () => status().completionTime);
          assert.deepEqual([status().succeeded, status().failed, creations()], [3, 1, 4]);
        });
      }
    }

    it('though the server keeps no names of pods, as those before 1.22', async () => {
      const call = cluster.api.call.bind(cluster.api);
      cluster.api.call = async (one) => {
        if (one.method !== 'PUT') return call(one);
        const body = one.body as V1Job;
        const { uncountedTerminatedPods: _, ready: _ready, terminating: _terminating, ...known } = body.status ?? {};
        return call({ ...one, body: { ...body, status: known } });
      };
      const pods = await startWith(2, jobWith({ completions: 2, parallelism: 2 }));
      end(pods[0]!);
      end(pods[1]!, 1);
      await eventually('counted', () => status().succeeded === 1 && status().failed === 1);
      await eventually('again', () => active().length === 1);
      end(active()[0]!);
      await eventually('complete', () => status().completionTime);
      assert.deepEqual([status().succeeded, status().failed, creations()], [2, 1, 3]);
    });

    it('though its status conflicts with others', async () => {
      let conflicts = 3;
      cluster.api.intercept = (call) => {
        if (call.method === 'PUT' && call.path.endsWith('/status') && conflicts-- > 0) {
          throw conflict(JOBS, 'work', 'the object has been modified');
        }
      };
      await start(jobWith());
      await eventually('active', () => status().active === 1);
      end(active()[0]!);
      await eventually('complete', () => status().completionTime);
      assert.deepEqual([creations(), status().succeeded], [1, 1]);
    });
  });
});
