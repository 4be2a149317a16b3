/** Who a pod of a StatefulSet is: its ordinal, its name, the labels and volumes that go with them. Pure. */
import type { V1Pod, V1PodTemplateSpec, V1StatefulSet, V1Volume } from '../../openapi/generated/types.ts';
import { REVISION_HASH_LABEL } from '../history/revision.ts';
import { podFromTemplate } from '../runtime/pod-control.ts';

const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index';
const ORDINAL_MAX = 2 ** 31 - 1;

export function replicasOf(set: V1StatefulSet): number {
  return set.spec?.replicas ?? 1;
}

/** The first ordinal. */
export function startOf(set: V1StatefulSet): number {
  return set.spec?.ordinals?.start ?? 0;
}

export function isInRange(set: V1StatefulSet, ordinal: number): boolean {
  return ordinal >= startOf(set) && ordinal < startOf(set) + replicasOf(set);
}

/** The ordinal in a pod's name; -1 when the name has none. */
export function ordinalOf(pod: V1Pod): number {
  const name = pod.metadata?.name ?? '';
  const dash = name.lastIndexOf('-');
  if (dash < 0 || !endsInDigits(name, dash + 1)) return -1;
  const ordinal = Number(name.slice(dash + 1));
  return ordinal <= ORDINAL_MAX ? ordinal : -1;
}

/** Whether the name is one that `set` gives. */
export function isMemberOf(set: V1StatefulSet, pod: V1Pod): boolean {
  const name = pod.metadata?.name ?? '';
  const owner = set.metadata?.name ?? '';
  return name.startsWith(owner) && name[owner.length] === '-' && endsInDigits(name, owner.length + 1);
}

/** Whether there are digits from `begin` on, and nothing else. Sets of ten thousand pods ask this of each. */
function endsInDigits(name: string, begin: number): boolean {
  for (let i = begin; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < ZERO || code > NINE) return false;
  }
  return begin < name.length;
}

const ZERO = 48;
const NINE = 57;

export function podName(set: V1StatefulSet, ordinal: number): string {
  return `${set.metadata?.name}-${ordinal}`;
}

export function claimName(set: V1StatefulSet, template: string | undefined, ordinal: number): string {
  return `${template}-${set.metadata?.name}-${ordinal}`;
}

/** The revision a pod was made from; empty when it carries none. */
export function revisionOf(pod: V1Pod): string {
  return pod.metadata?.labels?.[REVISION_HASH_LABEL] ?? '';
}

/** The pod of an ordinal as `template` has it. `set` must carry its kind; `revision` is the name of the template's. */
export function newPod(
  set: V1StatefulSet,
  template: V1PodTemplateSpec | undefined,
  ordinal: number,
  revision: string,
): V1Pod {
  const pod = podFromTemplate(template, set);
  const name = podName(set, ordinal);
  const labels = { ...pod.metadata?.labels, ...identityLabels(set, ordinal), [REVISION_HASH_LABEL]: revision };
  const spec = { containers: [], ...pod.spec, hostname: name };
  if (set.spec?.serviceName) spec.subdomain = set.spec.serviceName;
  return withVolumes({ ...pod, metadata: { ...pod.metadata, name, labels }, spec }, set, ordinal);
}

function identityLabels(set: V1StatefulSet, ordinal: number): Record<string, string> {
  return { [POD_NAME_LABEL]: podName(set, ordinal), [POD_INDEX_LABEL]: String(ordinal) };
}

export function identityMatches(set: V1StatefulSet, pod: V1Pod): boolean {
  return isMemberOf(set, pod) && pod.metadata?.labels?.[POD_NAME_LABEL] === pod.metadata?.name;
}

/** Whether the pod has the volumes of all claims. */
export function storageMatches(set: V1StatefulSet, pod: V1Pod): boolean {
  const templates = set.spec?.volumeClaimTemplates ?? [];
  if (templates.length === 0) return true;
  const ordinal = ordinalOf(pod);
  return templates.every(({ metadata }) => {
    const volume = pod.spec?.volumes?.find(({ name }) => name === metadata?.name);
    return volume?.persistentVolumeClaim?.claimName === claimName(set, metadata?.name, ordinal);
  });
}

/** The pod with the labels and volumes that its ordinal asks for. */
export function corrected(set: V1StatefulSet, pod: V1Pod): V1Pod {
  const ordinal = ordinalOf(pod);
  const labels = { ...pod.metadata?.labels, ...identityLabels(set, ordinal) };
  return withVolumes({ ...pod, metadata: { ...pod.metadata, labels } }, set, ordinal);
}

/** A volume for each claim, in the place of one of the same name; the others follow. */
function withVolumes(pod: V1Pod, set: V1StatefulSet, ordinal: number): V1Pod {
  const templates = set.spec?.volumeClaimTemplates ?? [];
  if (templates.length === 0) return pod;
  const ours: V1Volume[] = templates.map(({ metadata }) => ({
    name: metadata?.name ?? '',
    persistentVolumeClaim: { claimName: claimName(set, metadata?.name, ordinal) },
  }));
  const names = new Set(ours.map(({ name }) => name));
  const others = (pod.spec?.volumes ?? []).filter(({ name }) => !names.has(name));
  return { ...pod, spec: { containers: [], ...pod.spec, volumes: [...ours, ...others] } };
}
