/** Defaults of stateful sets. */
import type { V1PersistentVolumeClaim, V1StatefulSet, V1StatefulSetSpec } from '../../../openapi/generated/types.ts';
import { defaultClaimSpec } from '../core/persistentvolumeclaims.ts';
import { defaultPodTemplate } from '../core/pod-defaults.ts';
import { canonicalizeResources } from '../validation/quantities.ts';

/** Changes the set in place. Idempotent. */
export function defaultStatefulSet(set: V1StatefulSet): void {
  set.spec ??= {} as V1StatefulSetSpec;
  set.status ??= { replicas: 0 };
  const { spec } = set;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  spec.volumeClaimTemplates?.forEach(defaultClaimTemplate);
  spec.podManagementPolicy ||= 'OrderedReady';
  defaultUpdateStrategy(spec);
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
}

/** A `RollingUpdate` that names no parameters gets them only where the type was left out as well. */
function defaultUpdateStrategy(spec: V1StatefulSetSpec): void {
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type !== 'RollingUpdate' || !strategy.rollingUpdate) return;
  strategy.rollingUpdate.partition ??= 0;
  strategy.rollingUpdate.maxUnavailable ??= 1;
}

function defaultClaimTemplate(claim: V1PersistentVolumeClaim): void {
  claim.apiVersion = 'v1';
  claim.kind = 'PersistentVolumeClaim';
  claim.metadata ??= {};
  claim.spec ??= {};
  defaultClaimSpec(claim.spec);
  claim.status ??= {};
  claim.status.phase ||= 'Pending';
  canonicalizeResources(claim.status.capacity);
}
