/** Upstream's default cluster roles: for people, for components, for bootstrapping nodes. */
import type { V1ClusterRole } from '../../../openapi/generated/types.ts';
import { aggregate, clusterRole, EVENTS, READ, READ_WRITE, rule, urls, WRITE } from './policy.ts';

const NAMESPACED_VIEW =
  'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status';
const NAMESPACED_STATUS =
  'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status';
const APPS_VIEW =
  'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status';
const EXTENSIONS_VIEW =
  'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale';
const POD_TUNNELS = 'pods/attach pods/exec pods/portforward pods/proxy';
const NAMESPACED_EDIT =
  'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy';
const APPS_EDIT =
  'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale';
const EXTENSIONS_EDIT =
  'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale';

function userRoles(): V1ClusterRole[] {
  return [
    clusterRole('cluster-admin', [rule('*', '*', '*'), urls('*', '*')]),
    clusterRole('system:discovery', [
      urls('get', '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'),
    ]),
    clusterRole('system:monitoring', [
      urls('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'),
    ]),
    clusterRole('system:basic-user', [
      rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
      rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
    ]),
    clusterRole('system:public-info-viewer', [urls('get', '/healthz /livez /readyz /version /version/')]),
    aggregate('admin'),
    aggregate('edit', 'admin'),
    aggregate('view', 'edit'),
    clusterRole(
      'system:aggregate-to-admin',
      [
        rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
        rule(READ_WRITE, 'rbac.authorization.k8s.io', 'rolebindings roles'),
      ],
      'admin',
    ),
    clusterRole(
      'system:aggregate-to-edit',
      [
        rule(READ, 'core', `${POD_TUNNELS} secrets services/proxy`),
        rule('impersonate', 'core', 'serviceaccounts'),
        rule(WRITE, 'core', `pods ${POD_TUNNELS}`),
        rule('create', 'core', 'pods/eviction'),
        rule(WRITE, 'core', NAMESPACED_EDIT),
        rule('create', 'core', 'serviceaccounts/token'),
        rule(WRITE, 'apps', APPS_EDIT),
        rule(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
        rule(WRITE, 'batch', 'cronjobs jobs'),
        rule(WRITE, 'extensions', EXTENSIONS_EDIT),
        rule(WRITE, 'policy', 'poddisruptionbudgets'),
        rule(WRITE, 'networking.k8s.io', 'ingresses networkpolicies'),
        rule(READ_WRITE, 'coordination.k8s.io', 'leases'),
        rule(WRITE, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
      ],
      'edit',
    ),
    clusterRole(
      'system:aggregate-to-view',
      [
        rule(READ, 'core', NAMESPACED_VIEW),
        rule(READ, 'core', NAMESPACED_STATUS),
        rule(READ, 'core', 'namespaces'),
        rule(READ, 'discovery.k8s.io', 'endpointslices'),
        rule(READ, 'apps', APPS_VIEW),
        rule(READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
        rule(READ, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
        rule(READ, 'extensions', EXTENSIONS_VIEW),
        rule(READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
        rule(READ, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
        rule(READ, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
      ],
      'view',
    ),
  ];
}

function nodeRoles(): V1ClusterRole[] {
  const kubeletPaths = 'configz healthz log metrics pods proxy stats';
  return [
    clusterRole('system:node', [
      rule('create', 'authentication.k8s.io', 'tokenreviews'),
      rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
      rule(READ, 'core', 'services'),
      rule('create get list watch', 'core', 'nodes'),
      rule('patch update', 'core', 'nodes/status'),
      rule('patch update', 'core', 'nodes'),
      EVENTS,
      rule(READ, 'core', 'pods'),
      rule('create delete', 'core', 'pods'),
      rule('patch update', 'core', 'pods/status'),
      rule('create', 'core', 'pods/eviction'),
      rule(READ, 'core', 'configmaps secrets'),
      rule('get', 'core', 'persistentvolumeclaims persistentvolumes'),
      rule('get', 'core', 'endpoints'),
      rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
      rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
      rule('get', 'storage.k8s.io', 'volumeattachments'),
      rule('create', 'core', 'serviceaccounts/token'),
      rule('get patch update', 'core', 'persistentvolumeclaims/status'),
      rule(READ, 'storage.k8s.io', 'csidrivers'),
      rule('create delete get patch update', 'storage.k8s.io', 'csinodes'),
      rule(READ, 'node.k8s.io', 'runtimeclasses'),
      rule('get', 'resource.k8s.io', 'resourceclaims'),
      rule('deletecollection', 'resource.k8s.io', 'resourceslices'),
      rule('create delete get list patch update watch', 'resource.k8s.io', 'resourceslices'),
      rule('get', 'core', 'serviceaccounts'),
    ]),
    clusterRole('system:node-problem-detector', [
      rule('get', 'core', 'nodes'),
      rule('patch', 'core', 'nodes/status'),
      EVENTS,
    ]),
    clusterRole('system:node-proxier', [
      rule('list watch', 'core', 'endpoints services'),
      rule(READ, 'core', 'nodes'),
      EVENTS,
      rule('list watch', 'discovery.k8s.io', 'endpointslices'),
      rule('list watch', 'networking.k8s.io', 'servicecidrs'),
    ]),
    // Not upstream's: one identity that plays simulated nodes by the thousand.
    clusterRole('system:kube-node-simulator', [
      rule('create get list watch', 'core', 'nodes'),
      rule('patch', 'core', 'nodes/status'),
      rule('delete get list watch', 'core', 'pods'),
      rule('patch', 'core', 'pods/status'),
      rule('create get update', 'coordination.k8s.io', 'leases'),
    ]),
    // As metrics-server brings them, which asks kubelets itself; ours asks through the API server.
    clusterRole('system:metrics-server', [rule('get list', 'core', 'nodes'), rule('get', 'core', 'nodes/proxy')]),
    clusterRole('system:aggregated-metrics-reader', [rule(READ, 'metrics.k8s.io', 'nodes pods')], 'view'),
    clusterRole('system:kubelet-api-admin', [
      rule(READ, 'core', 'nodes'),
      rule('proxy', 'core', 'nodes'),
      rule('*', 'core', kubeletPaths.replace(/\w+/g, 'nodes/$&')),
    ]),
    clusterRole('system:node-bootstrapper', [
      rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
    ]),
  ];
}

const leaderElection = (component: string) => [
  rule('create', 'coordination.k8s.io', 'leases'),
  rule('get list watch', 'coordination.k8s.io', 'leases'),
  rule('get update', 'coordination.k8s.io', 'leases', component),
];

const delegation = () => [
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
];

function componentRoles(): V1ClusterRole[] {
  return [
    clusterRole('system:auth-delegator', delegation()),
    clusterRole('system:kube-aggregator', [rule(READ, 'core', 'endpoints services')]),
    clusterRole('system:kube-controller-manager', [
      EVENTS,
      ...leaderElection('kube-controller-manager'),
      rule('create', 'core', 'secrets serviceaccounts'),
      rule('delete', 'core', 'secrets'),
      rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
      rule('update', 'core', 'secrets serviceaccounts'),
      ...delegation(),
      rule('list watch', '*', '*'),
      rule('create', 'core', 'serviceaccounts/token'),
    ]),
    clusterRole('system:kube-dns', [rule('list watch', 'core', 'endpoints services')]),
    clusterRole('system:kube-scheduler', [
      EVENTS,
      ...leaderElection('kube-scheduler'),
      rule(READ, 'core', 'nodes'),
      rule('delete get list watch', 'core', 'pods'),
      rule('create', 'core', 'bindings pods/binding'),
      rule('patch update', 'core', 'pods/status'),
      rule(READ, 'core', 'replicationcontrollers services'),
      rule(READ, 'apps extensions', 'replicasets'),
      rule(READ, 'apps', 'statefulsets'),
      rule(READ, 'policy', 'poddisruptionbudgets'),
      rule(READ, 'core', 'persistentvolumeclaims persistentvolumes'),
      ...delegation(),
      rule(READ, 'storage.k8s.io', 'csinodes'),
      rule(READ, 'core', 'namespaces'),
      rule(READ, 'storage.k8s.io', 'csidrivers'),
      rule(READ, 'storage.k8s.io', 'csistoragecapacities'),
      rule(READ, 'storage.k8s.io', 'volumeattachments'),
      rule(READ, 'resource.k8s.io', 'deviceclasses'),
      rule(READ, 'resource.k8s.io', 'resourceslices'),
      rule('get list patch update watch', 'resource.k8s.io', 'resourceclaims'),
      rule('get list patch update watch', 'resource.k8s.io', 'resourceclaims/status'),
      rule('update', 'core', 'pods/finalizers'),
    ]),
    clusterRole('system:volume-scheduler', [
      rule('get list patch update watch', 'core', 'persistentvolumes'),
      rule(READ, 'storage.k8s.io', 'storageclasses'),
      rule('get list patch update watch', 'core', 'persistentvolumeclaims'),
    ]),
    clusterRole('system:heapster', [
      rule(READ, 'core', 'events namespaces nodes pods'),
      rule(READ, 'extensions', 'deployments'),
    ]),
    clusterRole('system:persistent-volume-provisioner', [
      rule('create delete get list watch', 'core', 'persistentvolumes'),
      rule('get list update watch', 'core', 'persistentvolumeclaims'),
      rule(READ, 'storage.k8s.io', 'storageclasses'),
      rule('watch', 'core', 'events'),
      EVENTS,
    ]),
    clusterRole('system:service-account-issuer-discovery', [
      urls(
        'get',
        '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      ),
    ]),
  ];
}

function certificateRoles(): V1ClusterRole[] {
  const requests = 'system:certificates.k8s.io:certificatesigningrequests';
  const client = (name: string) =>
    clusterRole(`${requests}:${name}`, [rule('create', 'certificates.k8s.io', `certificatesigningrequests/${name}`)]);
  const approver = (signer: string) =>
    clusterRole(`system:certificates.k8s.io:${signer}-approver`, [
      rule('approve', 'certificates.k8s.io', 'signers', `kubernetes.io/${signer}`),
    ]);
  return [
    client('nodeclient'),
    client('selfnodeclient'),
    approver('kube-apiserver-client'),
    approver('kube-apiserver-client-kubelet'),
    approver('kubelet-serving'),
    approver('legacy-unknown'),
  ];
}

/** All of them but those of controllers. */
export function bootstrapRoles(): V1ClusterRole[] {
  return [...userRoles(), ...nodeRoles(), ...componentRoles(), ...certificateRoles()];
}
