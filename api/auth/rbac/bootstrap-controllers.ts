/** Upstream's roles of controllers, by the names of their service accounts. */
import type { V1PolicyRule } from '../../../openapi/generated/types.ts';
import { EVENTS, READ, rule } from './policy.ts';

type Roles = Record<string, V1PolicyRule[]>;

const APPS = 'apps extensions';
const KEEP = 'create delete get list update watch';
const OWN = 'create delete get list patch update watch';
const PODS_OF_OWNER = rule('create delete list patch watch', 'core', 'pods');

function workloads(): Roles {
  const owner = (plural: string, groups: string, verbs = 'get list update watch') => [
    rule(verbs, groups, plural),
    rule('update', groups, `${plural}/status`),
    rule('update', groups, `${plural}/finalizers`),
  ];
  return {
    'cronjob-controller': [
      rule('get list update watch', 'batch', 'cronjobs'),
      rule(OWN, 'batch', 'jobs'),
      rule('update', 'batch', 'cronjobs/status'),
      rule('update', 'batch', 'cronjobs/finalizers'),
      rule('delete list watch', 'core', 'pods'),
      EVENTS,
    ],
    'daemon-set-controller': [
      ...owner('daemonsets', APPS, READ),
      rule('list watch', 'core', 'nodes'),
      PODS_OF_OWNER,
      rule('create', 'core', 'pods/binding'),
      rule(OWN, 'apps', 'controllerrevisions'),
      EVENTS,
    ],
    'deployment-controller': [
      ...owner('deployments', APPS),
      rule(OWN, APPS, 'replicasets'),
      rule('get list update watch', 'core', 'pods'),
      EVENTS,
    ],
    'job-controller': [...owner('jobs', 'batch', 'get list patch update watch'), PODS_OF_OWNER, EVENTS],
    'replicaset-controller': [...owner('replicasets', APPS), PODS_OF_OWNER, EVENTS],
    'replication-controller': [...owner('replicationcontrollers', 'core'), PODS_OF_OWNER, EVENTS],
    'statefulset-controller': [
      rule('list watch', 'core', 'pods'),
      ...owner('statefulsets', 'apps', READ),
      rule('create delete get patch update', 'core', 'pods'),
      rule(OWN, 'apps', 'controllerrevisions'),
      rule('create get list watch', 'core', 'persistentvolumeclaims'),
      rule('delete update', 'core', 'persistentvolumeclaims'),
      rule('update', 'core', 'pods/finalizers'),
      EVENTS,
    ],
    'ttl-after-finished-controller': [rule('delete get list watch', 'batch', 'jobs'), EVENTS],
    'disruption-controller': [
      rule(READ, APPS, 'deployments'),
      rule(READ, APPS, 'replicasets'),
      rule(READ, 'core', 'replicationcontrollers'),
      rule(READ, 'policy', 'poddisruptionbudgets'),
      rule(READ, 'apps', 'statefulsets'),
      rule('update', 'policy', 'poddisruptionbudgets/status'),
      rule('patch update', 'core', 'pods/status'),
      rule('get', '*', '*/scale'),
      EVENTS,
    ],
    'horizontal-pod-autoscaler': [
      rule(READ, 'autoscaling', 'horizontalpodautoscalers'),
      rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
      rule('get update', '*', '*/scale'),
      rule('list watch', 'core', 'pods'),
      rule('list watch', 'metrics.k8s.io', 'pods'),
      rule(READ, 'custom.metrics.k8s.io', '*'),
      rule(READ, 'external.metrics.k8s.io', '*'),
      EVENTS,
    ],
  };
}

function networking(): Roles {
  return {
    'endpoint-controller': [
      rule(READ, 'core', 'pods services'),
      rule(KEEP, 'core', 'endpoints'),
      rule('create', 'core', 'endpoints/restricted'),
      EVENTS,
    ],
    'endpointslice-controller': [
      rule(READ, 'core', 'nodes pods services'),
      rule('update', 'core', 'services/finalizers'),
      rule(KEEP, 'discovery.k8s.io', 'endpointslices'),
      EVENTS,
    ],
    'endpointslicemirroring-controller': [
      rule(READ, 'core', 'endpoints services'),
      rule('update', 'core', 'services/finalizers'),
      rule('update', 'core', 'endpoints/finalizers'),
      rule(KEEP, 'discovery.k8s.io', 'endpointslices'),
      EVENTS,
    ],
    'route-controller': [rule('list watch', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), EVENTS],
    'service-controller': [
      rule(READ, 'core', 'services'),
      rule('patch update', 'core', 'services/status'),
      rule('list watch', 'core', 'nodes'),
      EVENTS,
    ],
    'service-cidrs-controller': [
      rule('get list patch update watch', 'networking.k8s.io', 'servicecidrs'),
      rule('patch update', 'networking.k8s.io', 'servicecidrs/finalizers'),
      rule('patch update', 'networking.k8s.io', 'servicecidrs/status'),
      rule(READ, 'networking.k8s.io', 'ipaddresses'),
      EVENTS,
    ],
  };
}

function storage(): Roles {
  return {
    'attachdetach-controller': [
      rule('list watch', 'core', 'persistentvolumeclaims persistentvolumes'),
      rule(READ, 'core', 'nodes'),
      rule('patch update', 'core', 'nodes/status'),
      rule('list watch', 'core', 'pods'),
      EVENTS,
      rule('create delete get list watch', 'storage.k8s.io', 'volumeattachments'),
      rule(READ, 'storage.k8s.io', 'csidrivers'),
      rule(READ, 'storage.k8s.io', 'csinodes'),
    ],
    'ephemeral-volume-controller': [
      rule(READ, 'core', 'pods'),
      rule('update', 'core', 'pods/finalizers'),
      rule('create get list watch', 'core', 'persistentvolumeclaims'),
      EVENTS,
    ],
    'expand-controller': [
      rule('get list patch update watch', 'core', 'persistentvolumes'),
      rule('patch update', 'core', 'persistentvolumeclaims/status'),
      rule(READ, 'core', 'persistentvolumeclaims'),
      EVENTS,
      rule('get', 'core', 'services'),
    ],
    'persistent-volume-binder': [
      rule(KEEP, 'core', 'persistentvolumes'),
      rule('update', 'core', 'persistentvolumes/status'),
      rule('get list update watch', 'core', 'persistentvolumeclaims'),
      rule('update', 'core', 'persistentvolumeclaims/status'),
      rule('create delete get list watch', 'core', 'pods'),
      rule(READ, 'storage.k8s.io', 'storageclasses'),
      rule('list watch', 'core', 'nodes'),
      EVENTS,
      rule('watch', 'core', 'events'),
      rule('get', 'core', 'services'),
    ],
    'pv-protection-controller': [rule('get list update watch', 'core', 'persistentvolumes'), EVENTS],
    'pvc-protection-controller': [
      rule('get list update watch', 'core', 'persistentvolumeclaims'),
      rule(READ, 'core', 'pods'),
      EVENTS,
    ],
    'volumeattributesclass-protection-controller': [
      rule(READ, 'core', 'persistentvolumeclaims'),
      rule(READ, 'core', 'persistentvolumes'),
      rule('get list update watch', 'storage.k8s.io', 'volumeattributesclasses'),
      EVENTS,
    ],
    'resource-claim-controller': [
      rule(READ, 'core', 'pods'),
      rule('update', 'core', 'pods/finalizers'),
      rule('create delete get list watch', 'resource.k8s.io', 'resourceclaims'),
      rule('patch update', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
      rule('patch update', 'core', 'pods/status'),
      EVENTS,
    ],
  };
}

function cluster(): Roles {
  const signers = ['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'];
  return {
    'certificate-controller': [
      rule('delete get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
      rule('update', 'certificates.k8s.io', 'certificatesigningrequests/approval certificatesigningrequests/status'),
      rule('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
      rule('sign', 'certificates.k8s.io', 'signers', signers.map((name) => `kubernetes.io/${name}`).join(' ')),
      rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
      EVENTS,
    ],
    'clusterrole-aggregation-controller': [
      rule('escalate get list patch update watch', 'rbac.authorization.k8s.io', 'clusterroles'),
    ],
    'generic-garbage-collector': [rule('delete get list patch update watch', '*', '*'), EVENTS],
    'legacy-service-account-token-cleaner': [
      rule('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
      rule('delete patch', 'core', 'secrets'),
    ],
    'namespace-controller': [
      rule('delete get list watch', 'core', 'namespaces'),
      rule('update', 'core', 'namespaces/finalize namespaces/status'),
      rule('delete deletecollection get list watch', '*', '*'),
    ],
    'node-controller': [
      rule('delete get list patch update watch', 'core', 'nodes'),
      rule('patch update', 'core', 'nodes/status'),
      rule('patch update', 'core', 'pods/status'),
      rule('delete get list watch', 'core', 'pods'),
      EVENTS,
    ],
    'pod-garbage-collector': [
      rule('delete list watch', 'core', 'pods'),
      rule(READ, 'core', 'nodes'),
      rule('patch', 'core', 'pods/status'),
    ],
    'resourcequota-controller': [rule('list watch', '*', '*'), rule('update', 'core', 'resourcequotas/status'), EVENTS],
    'root-ca-cert-publisher': [rule('create update', 'core', 'configmaps'), EVENTS],
    'selinux-warning-controller': [
      EVENTS,
      rule(READ, 'core', 'persistentvolumes'),
      rule(READ, 'core', 'persistentvolumeclaims'),
      rule(READ, 'core', 'pods'),
      rule(READ, 'storage.k8s.io', 'csidrivers'),
    ],
    'service-account-controller': [rule('create', 'core', 'serviceaccounts'), EVENTS],
    'ttl-controller': [rule('list patch update watch', 'core', 'nodes'), EVENTS],
    'validatingadmissionpolicy-status-controller': [
      rule(READ, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
      rule('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
      EVENTS,
    ],
  };
}

/** Rules by service account of kube-system. Each has a role and a binding called `system:controller:ACCOUNT`. */
export function controllerRules(): Roles {
  return { ...workloads(), ...networking(), ...storage(), ...cluster() };
}
