/** The pods a DaemonSet makes. Pure. */
import type { V1DaemonSet, V1Pod, V1PodTemplateSpec } from '../../openapi/generated/types.ts';
import { REVISION_HASH_LABEL } from '../history/revision.ts';
import { daemonTolerations } from './placement.ts';

const GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation';
const GENERATION_LABEL = 'pod-template-generation';

/** The template of all pods of a revision. */
export function daemonTemplate(set: V1DaemonSet, hash: string): V1PodTemplateSpec {
  const template = set.spec?.template;
  const generation = templateGeneration(set);
  const labels = {
    ...template?.metadata?.labels,
    ...(generation === undefined ? {} : { [GENERATION_LABEL]: generation }),
    [REVISION_HASH_LABEL]: hash,
  };
  const spec = { containers: [], ...template?.spec, tolerations: daemonTolerations(template?.spec) };
  return { ...template, metadata: { ...template?.metadata, labels }, spec };
}

/** The template of the pod for one node, which the scheduler is to put there. */
export function templateFor(template: V1PodTemplateSpec, node: string): V1PodTemplateSpec {
  const affinity = template.spec?.affinity;
  const requiredDuringSchedulingIgnoredDuringExecution = {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
  };
  const nodeAffinity = { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution };
  return { ...template, spec: { containers: [], ...template.spec, affinity: { ...affinity, nodeAffinity } } };
}

/** Whether a pod is of the revision `hash`, or of the template's generation as older versions counted it. */
export function isUpdated(pod: V1Pod, hash: string, generation: string | undefined): boolean {
  const labels = pod.metadata?.labels;
  if (hash !== '' && labels?.[REVISION_HASH_LABEL] === hash) return true;
  return generation !== undefined && labels?.[GENERATION_LABEL] === generation;
}

/** How often the template was changed, as older versions count; `undefined` when it is not told. */
export function templateGeneration(set: V1DaemonSet): string | undefined {
  const text = set.metadata?.annotations?.[GENERATION_ANNOTATION];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? String(Number(text)) : undefined;
}
