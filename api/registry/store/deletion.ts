/** Decides what a deletion does to an object: pure, as upstream's `BeforeDelete` and `deletionFinalizersForGarbageCollection`. */
import { rfc3339 } from '../../../base/clock.ts';
import type { V1DeleteOptions, V1ObjectMeta } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { badRequest, conflict, type FieldError, invalid } from '../../../openapi/status.ts';
import type { ResourceDeclaration, Strategy } from '../declaration.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

export type Deletion =
  /** Remove it from storage; what can end gracefully is first stored as `marked`, for those who watch. */
  | { kind: 'remove'; marked?: KubeObject }
  /** It stays for now: store this. */
  | { kind: 'mark'; object: KubeObject }
  /** Its deletion is under way already and this request changes nothing. */
  | { kind: 'unchanged' };

/** Refuses options that contradict each other, in upstream's words. */
export function checkDeleteOptions(options: V1DeleteOptions): void {
  const errors: FieldError[] = [];
  const { gracePeriodSeconds, orphanDependents, propagationPolicy } = options;
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    errors.push({
      type: 'FieldValueInvalid',
      field: 'propagationPolicy',
      message: `Invalid value: "${propagationPolicy}": orphanDependents and deletionPropagation cannot be both set`,
    });
  }
  if (propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy)) {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'propagationPolicy',
      message: `Unsupported value: "${propagationPolicy}": supported values: "Foreground", "Background", "Orphan", "nil"`,
    });
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  if (gracePeriodSeconds !== undefined && !Number.isSafeInteger(gracePeriodSeconds)) {
    throw badRequest('gracePeriodSeconds must be a whole number');
  }
}

/** Throws Conflict, about the kind as upstream does here, when the object is not the one the deleter means. */
export function checkPreconditions(
  options: V1DeleteOptions,
  metadata: V1ObjectMeta,
  revision: number,
  { group, kind, plural, strategy }: Pick<ResourceDeclaration, 'group' | 'kind' | 'plural' | 'strategy'>,
): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const first = strategy.preconditionsFirst === true;
  const refuse = (what: string, asked: string, is: string, perhaps: string) => {
    const why = first
      ? `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${is}`
      : `the ${what} in the precondition (${asked}) does not match the ${what} in record (${is}). ${perhaps}`;
    return conflict({ group, resource: first ? plural : kind }, metadata.name ?? '', why);
  };
  if (uid !== undefined && uid !== metadata.uid) {
    throw refuse('UID', uid, metadata.uid ?? '', 'The object might have been deleted and then recreated');
  }
  if (resourceVersion !== undefined && resourceVersion !== String(revision)) {
    throw refuse('ResourceVersion', resourceVersion, String(revision), 'The object might have been modified');
  }
}

/** What deleting `object` (a private copy, which may be changed) comes to at the time `now`. */
export function decideDeletion(
  object: KubeObject,
  strategy: Strategy<KubeObject>,
  options: V1DeleteOptions,
  now: number,
): Deletion {
  const metadata = object.metadata ?? {};
  const finalizers = finalizersFor(metadata.finalizers ?? [], options, strategy);
  const held = finalizers.length > 0 || strategy.held?.(object) === true;
  const grace = Math.max(options.gracePeriodSeconds ?? 0, 0);
  if (metadata.deletionTimestamp !== undefined) return decideAgain(object, finalizers, held, options, strategy);
  const period = strategy.gracePeriod
    ? strategy.gracePeriod(object, options.gracePeriodSeconds === undefined ? undefined : grace)
    : 0;
  if (!strategy.gracePeriod && !held) return { kind: 'remove' };
  mark(metadata, now, period, finalizers);
  if (metadata.generation !== undefined) metadata.generation += 1;
  strategy.beginDeletion?.(object);
  return period === 0 && !held ? { kind: 'remove', marked: object } : { kind: 'mark', object };
}

/** A second deletion can only shorten the grace period, never lengthen it. */
function decideAgain(
  object: KubeObject,
  finalizers: string[],
  held: boolean,
  options: V1DeleteOptions,
  strategy: Strategy<KubeObject>,
): Deletion {
  const metadata = object.metadata ?? {};
  const current = metadata.deletionGracePeriodSeconds ?? 0;
  const requested = options.gracePeriodSeconds;
  const period = !strategy.gracePeriod
    ? 0
    : requested === undefined
      ? current
      : Math.max(Math.min(requested, current), 0);
  if (period === 0 && current === 0 && !held) return { kind: 'remove' };
  const sameFinalizers = finalizers.join() === (metadata.finalizers ?? []).join();
  if (period >= current && sameFinalizers) return { kind: 'unchanged' };
  const started = Date.parse(metadata.deletionTimestamp ?? '') - current * 1000;
  mark(metadata, started, period, finalizers);
  return period === 0 && !held ? { kind: 'remove', marked: object } : { kind: 'mark', object };
}

function mark(metadata: V1ObjectMeta, started: number, periodSeconds: number, finalizers: string[]): void {
  metadata.deletionTimestamp = rfc3339(started + periodSeconds * 1000);
  metadata.deletionGracePeriodSeconds = periodSeconds;
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
}

function finalizersFor(present: string[], options: V1DeleteOptions, strategy: Strategy<KubeObject>): string[] {
  const policy = propagation(options, present, strategy);
  const others = present.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (policy === 'Orphan') return [...others, ORPHAN];
  if (policy === 'Foreground') return [...others, FOREGROUND];
  return others;
}

function propagation(
  options: V1DeleteOptions,
  present: string[],
  { noDependents, orphansByDefault }: Strategy<KubeObject>,
): string {
  if (noDependents) return 'Background';
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  if (present.includes(ORPHAN)) return 'Orphan';
  if (present.includes(FOREGROUND)) return 'Foreground';
  return orphansByDefault ? 'Orphan' : 'Background';
}
