import type { V1Pod, V1PodCondition } from '../../../openapi/generated/types.ts';
import { qosClassOf } from '../../../openapi/quota/qos.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import type { Describe } from './columns.ts';
import { podColumns } from './pod-columns.ts';
import { defaultPod } from './pod-defaults.ts';
import { podEphemeralContainers, podResize } from './pod-parts.ts';
import { validatePod } from './pod-validation/pod.ts';
import { validatePodStatusUpdate, validatePodUpdate } from './pod-validation/update.ts';

export function pods(describe: Describe): ResourceDeclaration {
  return declare<V1Pod>({
    group: '',
    version: 'v1',
    kind: 'Pod',
    plural: 'pods',
    singular: 'pod',
    shortNames: ['po'],
    categories: ['all'],
    namespaced: true,
    definition: 'io.k8s.api.core.v1.Pod',
    columns: podColumns(describe),
    fields: fieldsOf,
    fieldLabels: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.podIPs',
      'status.nominatedNodeName',
    ],
    strategy: {
      default: defaultPod,
      prepareForCreate(pod) {
        startGeneration(pod);
        pod.status = { phase: 'Pending', qosClass: qosClassOf(pod) };
        addSchedulingGatedCondition(pod);
      },
      prepareForUpdate(pod, old) {
        pod.status = old.status ?? {};
        countSpecChange(pod, old);
      },
      validate: validatePod,
      validateUpdate: validatePodUpdate,
      gracePeriod: gracePeriodOf,
      returnsDeleted: true,
    },
    status: {
      prepareForUpdate: preparePodStatus,
      validateUpdate: validatePodStatusUpdate,
    },
    parts: { ephemeralcontainers: podEphemeralContainers, resize: podResize },
  });
}

function fieldsOf({ spec, status }: V1Pod): Record<string, string> {
  const podIP = status?.podIPs?.[0]?.ip ?? status?.podIP ?? '';
  return {
    'spec.nodeName': spec?.nodeName ?? '',
    'spec.restartPolicy': spec?.restartPolicy ?? '',
    'spec.schedulerName': spec?.schedulerName ?? '',
    'spec.serviceAccountName': spec?.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec?.hostNetwork ?? false),
    'status.phase': status?.phase ?? '',
    'status.podIP': podIP,
    'status.podIPs': podIP,
    'status.nominatedNodeName': status?.nominatedNodeName ?? '',
  };
}

/** Seconds; 0 when no kubelet has the pod, or when it has ended already. */
export function gracePeriodOf(pod: V1Pod, requested: number | undefined): number {
  const { spec, status } = pod;
  if (!spec?.nodeName || status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0;
  const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}

function addSchedulingGatedCondition(pod: V1Pod): void {
  if (!pod.spec?.schedulingGates?.length || !pod.status) return;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  };
  pod.status.conditions = [condition];
}

/** A kubelet writes the status and nothing else; what it forgets stays. */
function preparePodStatus(pod: V1Pod, old: V1Pod): void {
  if (old.spec) pod.spec = old.spec;
  pod.status ??= {};
  if (pod.metadata) {
    const { deletionTimestamp, ownerReferences } = old.metadata ?? {};
    Object.assign(pod.metadata, { deletionTimestamp, ownerReferences });
    if (deletionTimestamp === undefined) delete pod.metadata.deletionTimestamp;
    if (ownerReferences === undefined) delete pod.metadata.ownerReferences;
  }
  const before = old.status ?? {};
  if (!pod.status.qosClass && before.qosClass) pod.status.qosClass = before.qosClass;
  if (!pod.status.observedGeneration && before.observedGeneration) {
    pod.status.observedGeneration = before.observedGeneration;
  }
  keepConditionGenerations(pod.status.conditions ?? [], before.conditions ?? []);
  syncPodIps(pod);
}

function keepConditionGenerations(conditions: V1PodCondition[], before: readonly V1PodCondition[]): void {
  for (const condition of conditions) {
    const generation = before.find(({ type }) => type === condition.type)?.observedGeneration;
    if (!condition.observedGeneration && generation) condition.observedGeneration = generation;
  }
}

/** `podIP` is the first of `podIPs`, whichever of both the writer knew. */
function syncPodIps({ status }: V1Pod): void {
  if (!status) return;
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  else if (!status.podIP && status.podIPs?.[0]) status.podIP = status.podIPs[0].ip;
}
