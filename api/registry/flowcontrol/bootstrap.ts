/** Upstream's mandatory and suggested flow control objects. */
import type {
  FlowcontrolV1Subject,
  V1FlowSchema,
  V1FlowSchemaSpec,
  V1PolicyRulesWithSubjects,
  V1PriorityLevelConfiguration,
  V1PriorityLevelConfigurationSpec,
} from '../../../openapi/generated/types.ts';

type Rules = Omit<V1PolicyRulesWithSubjects, 'subjects'>;

const ANY = ['*'];
const EVERYTHING: Rules = {
  resourceRules: [{ verbs: ANY, apiGroups: ANY, resources: ANY, clusterScope: true, namespaces: ANY }],
  nonResourceRules: [{ verbs: ANY, nonResourceURLs: ANY }],
};
const KEEP = ['get', 'create', 'update'];
const LEASES: Rules = {
  resourceRules: [{ verbs: KEEP, apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ANY }],
};

const group = (name: string): FlowcontrolV1Subject => ({ kind: 'Group', group: { name } });
const user = (name: string): FlowcontrolV1Subject => ({ kind: 'User', user: { name } });
const account = (name: string): FlowcontrolV1Subject => ({
  kind: 'ServiceAccount',
  serviceAccount: { namespace: 'kube-system', name },
});
const EVERYBODY = [group('system:unauthenticated'), group('system:authenticated')];

function level(name: string, spec: V1PriorityLevelConfigurationSpec): V1PriorityLevelConfiguration {
  return { metadata: { name, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } }, spec };
}

function queued(name: string, shares: number, lendable: number, queues: number, handSize: number) {
  const limitResponse = { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } };
  const limited = { nominalConcurrencyShares: shares, lendablePercent: lendable, limitResponse };
  return level(name, { type: 'Limited', limited });
}

/** Those that must be as they are come first. */
export function priorityLevels(): V1PriorityLevelConfiguration[] {
  const rejecting = { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } };
  return [
    level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
    level('catch-all', { type: 'Limited', limited: rejecting }),
    queued('system', 30, 33, 64, 6),
    queued('node-high', 40, 25, 64, 6),
    queued('leader-election', 10, 0, 16, 4),
    queued('workload-high', 40, 50, 128, 6),
    queued('workload-low', 100, 90, 128, 6),
    queued('global-default', 20, 50, 128, 6),
  ];
}

/** `by` tells flows apart: `ByUser`, `ByNamespace`, or not at all. */
function schema(
  name: string,
  priorityLevel: string,
  matchingPrecedence: number,
  by: 'ByUser' | 'ByNamespace' | undefined,
  subjects: FlowcontrolV1Subject[],
  rules: Rules = EVERYTHING,
): V1FlowSchema {
  const spec: V1FlowSchemaSpec = {
    priorityLevelConfiguration: { name: priorityLevel },
    matchingPrecedence,
    ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
    rules: [{ subjects, ...rules }],
  };
  return { metadata: { name, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } }, spec };
}

/** Those that must be as they are come first. */
export function flowSchemas(): V1FlowSchema[] {
  const manager = user('system:kube-controller-manager');
  const scheduler = user('system:kube-scheduler');
  const probes: Rules = { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] };
  const nodes: Rules = {
    resourceRules: [
      { verbs: ANY, apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ANY },
      { verbs: ANY, apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ANY },
    ],
  };
  const endpoints: Rules = {
    resourceRules: [{ verbs: KEEP, apiGroups: [''], resources: ['endpoints'], namespaces: ANY }],
  };
  const endpointWriters = [manager, account('endpoint-controller'), account('endpointslicemirroring-controller')];
  return [
    schema('exempt', 'exempt', 1, undefined, [group('system:masters')]),
    schema('catch-all', 'catch-all', 10_000, 'ByUser', EVERYBODY),
    schema('probes', 'exempt', 2, undefined, EVERYBODY, probes),
    schema('system-leader-election', 'leader-election', 100, 'ByUser', [manager, scheduler, account('*')], LEASES),
    schema('endpoint-controller', 'workload-high', 150, 'ByUser', endpointWriters, endpoints),
    schema('workload-leader-election', 'leader-election', 200, 'ByUser', [account('*')], LEASES),
    schema('system-node-high', 'node-high', 400, 'ByUser', [group('system:nodes')], nodes),
    schema('system-nodes', 'system', 500, 'ByUser', [group('system:nodes')]),
    schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', [manager]),
    schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', [scheduler]),
    schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', [account('*')]),
    schema('service-accounts', 'workload-low', 9000, 'ByUser', [group('system:serviceaccounts')]),
    schema('global-default', 'global-default', 9900, 'ByUser', EVERYBODY),
  ];
}

/** Kinds whose two first objects nobody may change. */
export const MANDATORY: readonly string[] = ['exempt', 'catch-all'];
