/** What asks for a number of pods of one template: the two kinds differ in their selectors and in little else. */
import { REPLICA_SETS, REPLICATION_CONTROLLERS } from '../../client/resources.ts';
import type {
  V1PodTemplateSpec,
  V1ReplicaSet,
  V1ReplicaSetStatus,
  V1ReplicationController,
} from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';
import { type Requirement, requirementsOf } from '../../openapi/selectors.ts';

/** What ReplicationController and ReplicaSet have in common. */
export interface Replicated extends KubeObject {
  spec?: { replicas?: number; minReadySeconds?: number; template?: V1PodTemplateSpec };
  status?: V1ReplicaSetStatus;
}

export interface ReplicaKind<T extends Replicated> {
  ref: ResourceRef;
  /** The controller's name in logs. */
  name: string;
  /** Whose name its events carry. */
  component: string;
  /** What the labels of its pods meet; none for a selector that is empty or invalid, which selects nothing. */
  requirementsOf(owner: T): readonly Requirement[];
  /** Whether its status counts pods that are on their way out. */
  countsTerminating: boolean;
}

export const REPLICATION_CONTROLLER: ReplicaKind<V1ReplicationController> = {
  ref: REPLICATION_CONTROLLERS,
  name: 'replication',
  component: 'replication-controller',
  requirementsOf: (rc) => requirementsOf(rc.spec?.selector ?? {}),
  countsTerminating: false,
};

export const REPLICA_SET: ReplicaKind<V1ReplicaSet> = {
  ref: REPLICA_SETS,
  name: 'replicaset',
  component: 'replicaset-controller',
  requirementsOf: (rs) => selectorRequirements(rs.spec?.selector) ?? [],
  countsTerminating: true,
};

export function replicasOf(owner: Replicated): number {
  return owner.spec?.replicas ?? 1;
}
