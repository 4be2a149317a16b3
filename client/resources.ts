/** The resources that our own components speak of. */
import type { ResourceRef } from '../openapi/object.ts';

function core(resource: string, kind: string, namespaced = true): ResourceRef {
  return { group: '', version: 'v1', resource, kind, namespaced };
}

function inGroup(group: string, version: string) {
  return (resource: string, kind: string, namespaced = true): ResourceRef => {
    return { group, version, resource, kind, namespaced };
  };
}

const apps = inGroup('apps', 'v1');
const batch = inGroup('batch', 'v1');
const storage = inGroup('storage.k8s.io', 'v1');

export const CONFIG_MAPS = core('configmaps', 'ConfigMap');
export const ENDPOINTS = core('endpoints', 'Endpoints');
export const EVENTS = core('events', 'Event');
export const NAMESPACES = core('namespaces', 'Namespace', false);
export const NODES = core('nodes', 'Node', false);
export const PERSISTENT_VOLUMES = core('persistentvolumes', 'PersistentVolume', false);
export const PERSISTENT_VOLUME_CLAIMS = core('persistentvolumeclaims', 'PersistentVolumeClaim');
export const PODS = core('pods', 'Pod');
export const REPLICATION_CONTROLLERS = core('replicationcontrollers', 'ReplicationController');
export const RESOURCE_QUOTAS = core('resourcequotas', 'ResourceQuota');
export const SECRETS = core('secrets', 'Secret');
export const SERVICE_ACCOUNTS = core('serviceaccounts', 'ServiceAccount');
export const SERVICES = core('services', 'Service');

export const CONTROLLER_REVISIONS = apps('controllerrevisions', 'ControllerRevision');
export const DAEMON_SETS = apps('daemonsets', 'DaemonSet');
export const DEPLOYMENTS = apps('deployments', 'Deployment');
export const REPLICA_SETS = apps('replicasets', 'ReplicaSet');
export const STATEFUL_SETS = apps('statefulsets', 'StatefulSet');

export const CRON_JOBS = batch('cronjobs', 'CronJob');
export const JOBS = batch('jobs', 'Job');

export const CERTIFICATE_SIGNING_REQUESTS = inGroup('certificates.k8s.io', 'v1')(
  'certificatesigningrequests',
  'CertificateSigningRequest',
  false,
);
export const CLUSTER_ROLES = inGroup('rbac.authorization.k8s.io', 'v1')('clusterroles', 'ClusterRole', false);
export const CSI_NODES = storage('csinodes', 'CSINode', false);
export const ENDPOINT_SLICES = inGroup('discovery.k8s.io', 'v1')('endpointslices', 'EndpointSlice');
export const HORIZONTAL_POD_AUTOSCALERS = inGroup('autoscaling', 'v2')(
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);
export const LEASES = inGroup('coordination.k8s.io', 'v1')('leases', 'Lease');
export const POD_DISRUPTION_BUDGETS = inGroup('policy', 'v1')('poddisruptionbudgets', 'PodDisruptionBudget');
export const PRIORITY_CLASSES = inGroup('scheduling.k8s.io', 'v1')('priorityclasses', 'PriorityClass', false);
export const STORAGE_CLASSES = storage('storageclasses', 'StorageClass', false);
