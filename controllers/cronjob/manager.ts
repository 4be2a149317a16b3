/** Starts the jobs of cron jobs when their time has come, and keeps books on them. */
import { messageOf } from '../../base/errors.ts';
import type { ResourceClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import { CRON_JOBS, JOBS } from '../../client/resources.ts';
import type { WorkQueue } from '../../client/work-queue.ts';
import type { V1CronJob, V1CronJobStatus, V1Job, V1ObjectReference } from '../../openapi/generated/types.ts';
import { type KubeObject, keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { BY_CONTROLLER } from '../runtime/informers.ts';
import { isNamespaceTerminating } from '../runtime/pod-control.ts';
import { controllerOfObject } from '../runtime/pods.ts';
import { endOf, isListed, jobNameOf, jobOf, referenceOf, reviewJobs, surplusHistory, withoutActive } from './jobs.ts';
import { parseSchedule, type Schedule } from './schedule.ts';
import { hasOffsets } from './time-zone.ts';
import { nextDelayMs, recentOf } from './times.ts';

/** One look at a cron job: what it knows, and what its status will be. */
interface Look {
  cronJob: V1CronJob;
  status: V1CronJobStatus;
  nowMs: number;
}

export class CronJobManager {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #cronJobs: Informer<V1CronJob>;
  readonly #jobs: Informer<V1Job>;
  readonly #cronJobCalls: ResourceClient<V1CronJob>;
  readonly #jobCalls: ResourceClient<V1Job>;
  readonly #recorder: EventRecorder;
  /** Cron jobs whose schedule has changed: it is not for times before that. */
  readonly #rescheduled = new Set<string>();

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#queue = queue;
    this.#cronJobs = context.informers.of<V1CronJob>(CRON_JOBS);
    this.#jobs = context.informers.of<V1Job>(JOBS);
    this.#cronJobCalls = context.client.resource<V1CronJob>(CRON_JOBS);
    this.#jobCalls = context.client.resource<V1Job>(JOBS);
    this.#recorder = context.recorder('cronjob-controller');
  }

  watch(): void {
    this.#cronJobs.addHandler({
      added: (cronJob) => this.#queue.add(keyOf(cronJob)),
      updated: (cronJob, old) => {
        const isSame = cronJob.spec.schedule === old.spec.schedule && cronJob.spec.timeZone === old.spec.timeZone;
        if (!isSame) this.#rescheduled.add(keyOf(cronJob));
        this.#queue.add(keyOf(cronJob));
      },
      deleted: (cronJob) => this.#queue.add(keyOf(cronJob)),
    });
    this.#jobs.addHandler({
      added: (job) => this.#ownerChanged(job),
      updated: (job, old) => {
        if (controllerOfObject(old)?.uid !== controllerOfObject(job)?.uid) this.#ownerChanged(old);
        this.#ownerChanged(job);
      },
      deleted: (job) => this.#ownerChanged(job),
    });
  }

  /** One look at a cron job; asks for the next when its next time comes. */
  async reconcile(key: string): Promise<ReconcileResult> {
    const rescheduled = this.#rescheduled.delete(key);
    const cached = this.#cronJobs.get(key);
    if (!cached) return undefined;
    try {
      const delayMs = await this.#lookAt(typed(CRON_JOBS, cached), rescheduled);
      return delayMs === undefined ? undefined : { requeueAfterMs: delayMs };
    } catch (error) {
      if (rescheduled) this.#rescheduled.add(key);
      throw error;
    }
  }

  async #lookAt(cronJob: V1CronJob, rescheduled: boolean): Promise<number | undefined> {
    const look = { cronJob, status: cronJob.status ?? {}, nowMs: this.#context.clock.now() };
    const jobs = this.#jobs.byIndex(BY_CONTROLLER, cronJob.metadata?.uid ?? '');
    try {
      await this.#cleanUp(look, jobs);
      await this.#review(look, jobs);
      return await this.#schedule(look, rescheduled);
    } finally {
      // What was done is written, also when something failed after it.
      if (!isSame(look.status, look.cronJob.status ?? {})) {
        await this.#cronJobCalls.updateStatus({ ...look.cronJob, status: look.status });
      }
    }
  }

  #ownerChanged(job: V1Job): void {
    const owner = controllerOfObject(job);
    if (owner?.kind !== CRON_JOBS.kind) return;
    const cronJob = this.#cronJobs.get(`${job.metadata?.namespace}/${owner.name}`);
    if (cronJob?.metadata?.uid === owner.uid) this.#queue.add(keyOf(cronJob));
  }

  /** Deletes finished jobs beyond what the history may hold. */
  async #cleanUp(look: Look, jobs: readonly V1Job[]): Promise<void> {
    const settled = jobs.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
    for (const job of surplusHistory(look.cronJob, settled)) await this.#deleteJob(look, job);
  }

  /** Brings the status up to what has become of the jobs. */
  async #review(look: Look, jobs: readonly V1Job[]): Promise<void> {
    let review = reviewJobs(look.status, jobs);
    if (review.unexpected.length > 0) {
      // The copy may lack what was written when the job was made.
      await this.#refresh(look);
      review = reviewJobs(look.status, jobs);
      for (const { metadata } of review.unexpected) {
        const message = `Saw a job that the controller did not create or forgot: ${metadata?.name}`;
        this.#tell(look, 'Warning', 'UnexpectedJob', message);
      }
    }
    for (const job of review.ended) {
      const message = `Saw completed job: ${job.metadata?.name}, condition: ${endOf(job)}`;
      this.#tell(look, 'Normal', 'SawCompletedJob', message);
    }
    look.status = review.status;
    for (const reference of review.missing) await this.#forgetIfMissing(look, reference);
  }

  async #refresh(look: Look): Promise<void> {
    const { name = '', namespace, uid } = look.cronJob.metadata ?? {};
    const fresh = await this.#cronJobCalls.get(name, namespace);
    if (fresh.metadata?.uid !== uid) throw new Error(`original CronJob ${namespace}/${name} is gone`);
    look.cronJob = typed(CRON_JOBS, fresh);
    look.status = fresh.status ?? {};
  }

  async #forgetIfMissing(look: Look, { name = '', namespace, uid }: V1ObjectReference): Promise<void> {
    try {
      await this.#jobCalls.get(name, namespace);
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
      this.#tell(look, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
      look.status = withoutActive(look.status, uid);
    }
  }

  /** Starts the job that is due, if one is. Resolves with the milliseconds until the next one. */
  async #schedule(look: Look, rescheduled: boolean): Promise<number | undefined> {
    const { cronJob, nowMs } = look;
    const { timeZone, suspend } = cronJob.spec;
    if (cronJob.metadata?.deletionTimestamp !== undefined) return undefined;
    if (timeZone !== undefined && !hasOffsets(timeZone)) {
      const message = `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`;
      this.#tell(look, 'Warning', 'UnknownTimeZone', message);
      return undefined;
    }
    if (suspend) return undefined;
    const schedule = await this.#parse(look, rescheduled);
    if (!schedule) return undefined;
    const dueMs = rescheduled ? undefined : this.#dueMs(look, schedule);
    if (dueMs === null) return undefined;
    if (dueMs !== undefined && !(await this.#start(look, dueMs))) return undefined;
    return nextDelayMs({ ...look.cronJob, status: look.status }, schedule, nowMs);
  }

  async #parse(look: Look, rescheduled: boolean): Promise<Schedule | undefined> {
    const { schedule, timeZone } = look.cronJob.spec;
    const quoted = JSON.stringify(schedule);
    if (schedule.includes('TZ')) {
      const where = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/';
      const message = `CRON_TZ or TZ used in schedule ${quoted} is not officially supported, see ${where} for more details`;
      this.#tell(look, 'Warning', 'UnsupportedSchedule', message);
    }
    try {
      return await parseSchedule(schedule, timeZone);
    } catch (error) {
      if (rescheduled) {
        this.#tell(look, 'Warning', 'UnParseableCronJobSchedule', `unparseable schedule for cronjob: ${schedule}`);
      } else {
        this.#tell(look, 'Warning', 'UnparseableSchedule', `unparseable schedule: ${quoted} : ${messageOf(error)}`);
      }
      return undefined;
    }
  }

  /** The scheduled time to start a job for; `undefined` when none is due, `null` when none ever will be. */
  #dueMs(look: Look, schedule: Schedule): number | undefined | null {
    const { cronJob, status, nowMs } = look;
    const { startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec;
    const recent = this.#recent(look, schedule);
    if (!recent) return null;
    const { mostRecentMs, missed } = recent;
    if (mostRecentMs === undefined) return undefined;
    if (missed === 'many') {
      const advice = 'Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      this.#tell(look, 'Warning', 'TooManyMissedTimes', `too many missed start times. ${advice}`);
    }
    if (startingDeadlineSeconds !== undefined && mostRecentMs + startingDeadlineSeconds * 1000 < nowMs) {
      const time = new Date(mostRecentMs).toUTCString().replace('GMT', '+0000');
      this.#tell(look, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${time}`);
      return undefined;
    }
    const name = jobNameOf(cronJob, mostRecentMs);
    const isStarted = status.active?.some((reference) => reference.name === name) === true;
    if (isStarted || Date.parse(status.lastScheduleTime ?? '') === mostRecentMs) return undefined;
    if (concurrencyPolicy === 'Forbid' && (status.active ?? []).length > 0) {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      this.#tell(look, 'Normal', 'JobAlreadyActive', message);
      return undefined;
    }
    return mostRecentMs;
  }

  #recent(look: Look, schedule: Schedule) {
    const { cronJob, status, nowMs } = look;
    try {
      return recentOf({ ...cronJob, status }, schedule, nowMs, true);
    } catch (error) {
      const message = `invalid schedule: ${cronJob.spec.schedule} : ${messageOf(error)}`;
      this.#tell(look, 'Warning', 'InvalidSchedule', message);
      return undefined;
    }
  }

  /** False when somebody else has made the job, or the status knows it already. */
  async #start(look: Look, dueMs: number): Promise<boolean> {
    if (look.cronJob.spec.concurrencyPolicy === 'Replace') await this.#replaceActive(look);
    const job = await this.#create(look, jobOf(look.cronJob, dueMs));
    if (!job) return false;
    const lastScheduleTime = `${new Date(dueMs).toISOString().slice(0, 19)}Z`;
    look.status = { ...look.status, active: [...(look.status.active ?? []), referenceOf(job)], lastScheduleTime };
    return true;
  }

  async #replaceActive(look: Look): Promise<void> {
    for (const { name = '', namespace } of look.status.active ?? []) {
      let job: V1Job;
      try {
        job = await this.#jobCalls.get(name, namespace);
      } catch (error) {
        this.#tell(look, 'Warning', 'FailedGet', `Get job: ${messageOf(error)}`);
        throw error;
      }
      if (!(await this.#deleteJob(look, job))) throw new Error(`could not replace job ${namespace}/${name}`);
    }
  }

  async #create(look: Look, job: V1Job): Promise<V1Job | undefined> {
    try {
      const made = await this.#jobCalls.create(job);
      this.#tell(look, 'Normal', 'SuccessfulCreate', `Created job ${made.metadata?.name}`);
      return made;
    } catch (error) {
      if (isStatus(error, 'AlreadyExists')) return this.#existing(look, job);
      if (!isNamespaceTerminating(error)) {
        this.#tell(look, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`);
      }
      throw error;
    }
  }

  /** The job of that name, if it is ours and the status lacks it: it was made and then not written down. */
  async #existing(look: Look, { metadata }: V1Job): Promise<V1Job | undefined> {
    const job = await this.#jobCalls.get(metadata?.name ?? '', metadata?.namespace);
    const isOurs = controllerOfObject(job)?.uid === look.cronJob.metadata?.uid;
    return isOurs && !isListed(look.status, job.metadata?.uid) ? job : undefined;
  }

  /** False when it could not be deleted, which is told. */
  async #deleteJob(look: Look, { metadata }: V1Job): Promise<boolean> {
    const { name = '', namespace, uid } = metadata ?? {};
    try {
      await this.#jobCalls.delete(name, namespace, { propagationPolicy: 'Background' });
      this.#tell(look, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
    } catch (error) {
      // The copy may be behind.
      if (!isStatus(error, 'NotFound')) {
        this.#tell(look, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`);
        return false;
      }
    }
    look.status = withoutActive(look.status, uid);
    return true;
  }

  #tell({ cronJob }: { cronJob: KubeObject }, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#recorder.event(cronJob, type, reason, message);
  }
}

function isSame(a: V1CronJobStatus, b: V1CronJobStatus): boolean {
  return (
    a === b ||
    (a.lastScheduleTime === b.lastScheduleTime &&
      a.lastSuccessfulTime === b.lastSuccessfulTime &&
      JSON.stringify(a.active ?? []) === JSON.stringify(b.active ?? []))
  );
}
