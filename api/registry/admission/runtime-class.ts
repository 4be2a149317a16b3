/** Upstream's RuntimeClass: what a pod's runtime costs, and where there is such a runtime, comes from its class. */
import type { V1Pod, V1PodSpec, V1RuntimeClass, V1Toleration } from '../../../openapi/generated/types.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import { semanticEqual } from '../validation/equality.ts';
import { type Admission, type AdmissionRequest, isAbout, refusal } from './admission.ts';

const OTHER_OVERHEAD = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
const NO_OVERHEAD = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';

export function runtimeClass(cache: WatchCache): Admission {
  const isNewPod = (request: AdmissionRequest) => request.operation === 'create' && isAbout(request, 'pods');
  return {
    mutate(request) {
      const { spec } = (request.object ?? {}) as V1Pod;
      if (!isNewPod(request) || !spec) return;
      const found = classOf(cache, spec, request);
      if (!found) return;
      setOverhead(spec, found, request);
      setScheduling(spec, found, request);
    },
    validate(request) {
      const { spec } = (request.object ?? {}) as V1Pod;
      if (!isNewPod(request) || !spec) return;
      const overhead = classOf(cache, spec, request)?.overhead;
      if (overhead && !semanticEqual(overhead.podFixed, spec.overhead)) throw refusal(request, OTHER_OVERHEAD);
      if (!overhead && spec.overhead) throw refusal(request, NO_OVERHEAD);
    },
  };
}

function classOf(cache: WatchCache, spec: V1PodSpec, request: AdmissionRequest): V1RuntimeClass | undefined {
  const name = spec.runtimeClassName;
  if (name === undefined) return undefined;
  const found = cache.get(`/registry/runtimeclasses/${name}`)?.object as V1RuntimeClass | undefined;
  if (!found) throw refusal(request, `pod rejected: RuntimeClass "${name}" not found`);
  return found;
}

function setOverhead(spec: V1PodSpec, { overhead }: V1RuntimeClass, request: AdmissionRequest): void {
  if (!overhead) return;
  if (spec.overhead && !semanticEqual(overhead.podFixed, spec.overhead)) throw refusal(request, OTHER_OVERHEAD);
  if (overhead.podFixed) spec.overhead = { ...overhead.podFixed };
}

function setScheduling(spec: V1PodSpec, { scheduling }: V1RuntimeClass, request: AdmissionRequest): void {
  if (!scheduling) return;
  const { nodeSelector = {}, tolerations = [] } = scheduling;
  for (const [key, value] of Object.entries(nodeSelector)) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      const ofClass = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}`;
      throw refusal(request, `conflict: ${ofClass}; pod.spec.nodeSelector[${key}] = ${own}`);
    }
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  const merged = mergeTolerations(spec.tolerations ?? [], tolerations);
  if (merged.length > 0) spec.tolerations = merged;
}

/** All tolerations, without those that another one covers. */
function mergeTolerations(first: readonly V1Toleration[], second: readonly V1Toleration[]): V1Toleration[] {
  const all = [...first, ...second];
  const merged: V1Toleration[] = [];
  for (const [i, toleration] of all.entries()) {
    if (merged.some((other) => covers(other, toleration))) continue;
    const later = all.slice(i + 1);
    if (later.some((other) => !semanticEqual(other, toleration) && covers(other, toleration))) continue;
    merged.push({ ...toleration });
  }
  return merged;
}

/** Whether `large` tolerates all that `small` does, and as long. */
function covers(large: V1Toleration, small: V1Toleration): boolean {
  if (semanticEqual(large, small)) return true;
  const anyKey = !large.key && large.operator === 'Exists';
  if (!anyKey && (large.key ?? '') !== (small.key ?? '')) return false;
  if (large.effect && large.effect !== small.effect) return false;
  if (large.effect === 'NoExecute' && large.tolerationSeconds !== undefined) {
    const seconds = small.tolerationSeconds;
    if (seconds === undefined || seconds > large.tolerationSeconds) return false;
  }
  switch (large.operator) {
    case undefined:
    case '':
    case 'Equal':
      return small.operator === 'Equal' && (large.value ?? '') === (small.value ?? '');
    default:
      return large.operator === 'Exists';
  }
}
