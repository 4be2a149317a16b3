/** Upstream's Priority: a pod's priority is that of its class, and one class at most is the default. */
import type { V1Pod, V1PriorityClass } from '../../../openapi/generated/types.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import { systemPriorityClasses } from '../scheduling/priorityclasses.ts';
import { type Admission, type AdmissionRequest, isAbout, refusal } from './admission.ts';

const PREFIX = '/registry/priorityclasses/';
/** Without any class. */
const NO_CLASS: V1PriorityClass = { value: 0, preemptionPolicy: 'PreemptLowerPriority' };

export function podPriority(cache: WatchCache): Admission {
  return {
    mutate(request) {
      if (!isAbout(request, 'pods')) return;
      if (request.operation === 'create') admitNew(cache, request);
      else if (request.operation === 'update') keep(request.object as V1Pod, request.old as V1Pod);
    },
    validate(request) {
      if (request.operation === 'delete' || !isAbout(request, 'priorityclasses.scheduling.k8s.io')) return;
      const { metadata, globalDefault } = request.object as V1PriorityClass;
      const found = globalDefault ? defaultClass(cache) : undefined;
      if (!found || (request.operation === 'update' && found.metadata?.name === metadata?.name)) return;
      const why = `PriorityClass ${found.metadata?.name} is already marked as default. Only one default can exist`;
      throw refusal(request, why);
    },
  };
}

/** Of the default classes the lowest: two may have come at once. */
function defaultClass(cache: WatchCache): V1PriorityClass | undefined {
  const all = cache.directory(PREFIX).map(({ object }) => object as V1PriorityClass);
  const defaults = all.filter(({ globalDefault }) => globalDefault);
  return defaults.sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
}

function classNamed(cache: WatchCache, name: string): V1PriorityClass | undefined {
  const stored = cache.get(PREFIX + name)?.object as V1PriorityClass | undefined;
  // The system's own are there also before the server has stored them.
  return stored ?? systemPriorityClasses().find(({ metadata }) => metadata?.name === name);
}

function admitNew(cache: WatchCache, request: AdmissionRequest): void {
  const { spec } = request.object as V1Pod;
  if (!spec) return;
  const name = spec.priorityClassName;
  const found = name ? classNamed(cache, name) : (defaultClass(cache) ?? NO_CLASS);
  if (!found) throw refusal(request, `no PriorityClass with name ${name} was found`);
  if (!name && found.metadata?.name) spec.priorityClassName = found.metadata.name;
  const { value = 0, preemptionPolicy = 'PreemptLowerPriority' } = found;
  const must = (what: string, given: unknown, computed: unknown) => {
    const computing = `priority admission controller computed ${computed} from the given PriorityClass name`;
    return refusal(request, `the ${what} (${given}) must not be provided in pod spec; ${computing}`);
  };
  if (spec.priority !== undefined && spec.priority !== value) {
    throw must('integer value of priority', spec.priority, value);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    throw must('string value of PreemptionPolicy', spec.preemptionPolicy, preemptionPolicy);
  }
  spec.priority = value;
  spec.preemptionPolicy = preemptionPolicy;
}

/** An update that leaves out what admission once wrote means no change of it. */
function keep({ spec }: V1Pod, { spec: old }: V1Pod): void {
  if (!spec || !old) return;
  if (spec.priority === undefined && old.priority !== undefined) spec.priority = old.priority;
  if (spec.preemptionPolicy === undefined && old.preemptionPolicy !== undefined) {
    spec.preemptionPolicy = old.preemptionPolicy;
  }
}
