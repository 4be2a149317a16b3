/**
 * Validation of a job's status. Since others than the job controller may manage jobs, what it means to be finished is
 * held here. A rule about fields that an update leaves as they were is not looked at: it may have been broken before,
 * or by a change of the spec that the controller has not caught up with.
 */
import type { V1Job, V1JobSpec, V1JobStatus } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { semanticEqual } from '../validation/equality.ts';
import { duplicate, invalidValue, required } from '../validation/errors.ts';
import { validateNonnegative } from '../validation/fields.ts';
import { invalidGoValue, invalidOmitted } from '../validation/go-values.ts';
import { isConditionTrue, isFinished } from './job-conditions.ts';
import { firstOverlap, parseIndexes } from './job-indexes.ts';

/** A status, new and stored, and what differs. */
interface Change {
  spec: V1JobSpec;
  status: V1JobStatus;
  old: V1JobStatus;
  /** Whether a field differs, absent and zero being two things. */
  changed(field: keyof V1JobStatus): boolean;
  /** Whether a condition became true or ceased to be. */
  turned(type: string): boolean;
}

type Check = (change: Change) => FieldError[];

const CONDITIONS = 'status.conditions';
const TERMINAL = ['Failed', 'Complete', 'FailureTarget'];

/** The status that a controller writes. */
export function validateJobStatus(job: V1Job, { status: old = {} }: V1Job): FieldError[] {
  const { status = {}, spec = {} as V1JobSpec } = job;
  const change: Change = {
    spec,
    status,
    old,
    changed: (field) => !isSame(status[field], old[field]),
    turned: (type) => isConditionTrue(status, type) !== isConditionTrue(old, type),
  };
  return CHECKS.flatMap((check) => check(change));
}

function isSame(a: unknown, b: unknown): boolean {
  return typeof a === 'object' || typeof b === 'object' ? semanticEqual(a, b) : a === b;
}

/** In upstream's order. */
const CHECKS: Check[] = [
  ({ status }) =>
    (['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((field) =>
      validateNonnegative(status[field], `status.${field}`),
    ),
  validateUncounted,
  validateTerminalConditions,
  validateCompletionTime,
  validateCriteria,
  validateFinished,
  validateIndexes,
  ({ status, changed }) =>
    status.ready !== undefined && status.ready > (status.active ?? 0) && (changed('ready') || changed('active'))
      ? [invalidValue('status.ready', status.ready, 'cannot set more ready pods than active')]
      : [],
  validateSuccessCriteria,
  validateTransitions,
];

function validateUncounted({ status }: Change): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (status.uncountedTerminatedPods?.[list] ?? []).flatMap((uid, i) => {
      const field = `status.uncountedTerminatedPods.${list}[${i}]`;
      if (uid === '') return [invalidValue(field, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(field, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

function validateTerminalConditions({ status, turned }: Change): FieldError[] {
  if (!isConditionTrue(status, 'Complete')) return [];
  const errors: FieldError[] = [];
  if (isConditionTrue(status, 'Failed') && (turned('Complete') || turned('Failed'))) {
    errors.push(invalidOmitted(CONDITIONS, 'cannot set Complete=True and Failed=true conditions'));
  }
  if (isConditionTrue(status, 'FailureTarget') && (turned('Complete') || turned('FailureTarget'))) {
    errors.push(invalidOmitted(CONDITIONS, 'cannot set Complete=True and FailureTarget=true conditions'));
  }
  return errors;
}

function validateCompletionTime({ status, changed, turned }: Change): FieldError[] {
  const { completionTime, startTime } = status;
  const field = 'status.completionTime';
  const isComplete = isConditionTrue(status, 'Complete');
  const errors: FieldError[] = [];
  if (turned('Complete') || changed('completionTime')) {
    if (completionTime && !isComplete) {
      const detail = 'cannot set completionTime when there is no Complete=True condition';
      errors.push(invalidValue(field, completionTime, detail));
    }
    if (!completionTime && isComplete) errors.push(required(field, 'completionTime is required for Complete jobs'));
  }
  const isEarly = startTime && completionTime && Date.parse(completionTime) < Date.parse(startTime);
  if (isEarly && (changed('startTime') || changed('completionTime'))) {
    errors.push(invalidValue(field, completionTime, 'must be equal to or after `startTime`'));
  }
  return errors;
}

function validateCriteria({ status, changed, turned }: Change): FieldError[] {
  const is = (type: string) => isConditionTrue(status, type);
  const errors: FieldError[] = [];
  if (is('Failed') && !is('FailureTarget') && (turned('Failed') || changed('failedIndexes'))) {
    const detail = 'cannot set Failed=True condition without the FailureTarget=true condition';
    errors.push(invalidOmitted(CONDITIONS, detail));
  }
  if (is('Complete') && !is('SuccessCriteriaMet') && (turned('Complete') || turned('SuccessCriteriaMet'))) {
    const detail = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition';
    errors.push(invalidOmitted(CONDITIONS, detail));
  }
  return errors;
}

function validateFinished({ status, old, changed }: Change): FieldError[] {
  if (!isFinished(status)) return [];
  const isNews = !isFinished(old);
  const { active = 0, startTime, uncountedTerminatedPods: uncounted, terminating = 0 } = status;
  const errors: FieldError[] = [];
  if (active > 0 && (isNews || changed('active'))) {
    errors.push(invalidValue('status.active', active, 'active>0 is invalid for finished job'));
  }
  if (!startTime && (isNews || changed('startTime'))) {
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  }
  const left = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  if (left > 0 && (isNews || changed('uncountedTerminatedPods'))) {
    const value = { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null };
    errors.push(invalidGoValue('status.uncountedTerminatedPods', value, 'must be empty for finished job'));
  }
  if (terminating > 0 && (isNews || changed('terminating'))) {
    errors.push(invalidValue('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  }
  return errors;
}

function validateIndexes({ spec, status, changed }: Change): FieldError[] {
  const { completedIndexes = '', failedIndexes } = status;
  const { completions, completionMode, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const parse = (field: 'completedIndexes' | 'failedIndexes', text: string) => {
    const { error } = parseIndexes(text, completions ?? 0);
    if (error !== undefined) errors.push(invalidValue(`status.${field}`, text, `error parsing ${field}: ${error}`));
  };
  const refuse = (field: 'completedIndexes' | 'failedIndexes', text: string, detail: string) => {
    errors.push(invalidValue(`status.${field}`, text, detail));
  };
  if (changed('completedIndexes')) {
    if (completions !== undefined) parse('completedIndexes', completedIndexes);
    if (completedIndexes !== '' && completionMode !== 'Indexed') {
      const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode';
      refuse('completedIndexes', completedIndexes, detail);
    }
  }
  if (failedIndexes === undefined) return errors;
  if (changed('failedIndexes')) {
    if (backoffLimitPerIndex === undefined) {
      refuse('failedIndexes', failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
    } else if (completions !== undefined) parse('failedIndexes', failedIndexes);
  }
  if (completions !== undefined && (changed('failedIndexes') || changed('completedIndexes'))) {
    const overlap = firstOverlap(completedIndexes, failedIndexes, completions);
    const detail = `failedIndexes and completedIndexes overlap at index: ${overlap}`;
    if (overlap !== undefined) refuse('failedIndexes', failedIndexes, detail);
  }
  return errors;
}

function validateSuccessCriteria({ spec, status }: Change): FieldError[] {
  const is = (type: string) => isConditionTrue(status, type);
  const errors: FieldError[] = [];
  if (is('SuccessCriteriaMet')) {
    for (const other of ['Failed', 'FailureTarget']) {
      if (!is(other)) continue;
      errors.push(invalidOmitted(CONDITIONS, `cannot set SuccessCriteriaMet=True and ${other}=true conditions`));
    }
  } else if (spec.successPolicy && is('Complete')) {
    const detail = 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True';
    errors.push(invalidOmitted(CONDITIONS, detail));
  }
  return errors;
}

/** What may not be taken back. */
function validateTransitions({ spec, status, old, changed }: Change): FieldError[] {
  const errors = TERMINAL.filter((type) => isConditionTrue(old, type) && !isConditionTrue(status, type)).map((type) =>
    invalidOmitted(CONDITIONS, `cannot disable the terminal ${type}=True condition`),
  );
  const decreases = (field: 'failed' | 'succeeded') => {
    if ((status[field] ?? 0) >= (old[field] ?? 0)) return;
    errors.push(invalidValue(`status.${field}`, status[field] ?? 0, `cannot decrease the ${field} counter`));
  };
  decreases('failed');
  // An indexed job that has as many pods as indexes may have been scaled down.
  if (spec.completionMode !== 'Indexed' || spec.completions !== spec.parallelism) decreases('succeeded');
  if (status.completionTime && old.completionTime && changed('completionTime')) {
    errors.push(invalidValue('status.completionTime', status.completionTime, 'field is immutable'));
  }
  if (old.startTime && changed('startTime') && !spec.suspend) {
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'));
  }
  const wasMet = isConditionTrue(old, 'SuccessCriteriaMet');
  const isMet = isConditionTrue(status, 'SuccessCriteriaMet');
  if (wasMet && !isMet) {
    errors.push(invalidOmitted(CONDITIONS, 'cannot disable the SuccessCriteriaMet=True condition'));
  }
  if (isConditionTrue(old, 'Complete') && !wasMet && isMet) {
    const detail = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    errors.push(invalidOmitted(CONDITIONS, detail));
  }
  return errors;
}
