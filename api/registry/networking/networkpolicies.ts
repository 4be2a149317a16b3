import type { V1NetworkPolicy, V1NetworkPolicyPort } from '../../../openapi/generated/types.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { formatLabelSelector } from '../validation/label-selectors.ts';
import { validateNetworkPolicy } from './networkpolicy-validation.ts';

export function networkPolicies(describe: Describe): ResourceDeclaration {
  return declare<V1NetworkPolicy>({
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
    singular: 'networkpolicy',
    shortNames: ['netpol'],
    namespaced: true,
    definition: 'io.k8s.api.networking.v1.NetworkPolicy',
    columns: [
      nameColumn(describe),
      fieldColumn('Pod-Selector', describe, ['io.k8s.api.networking.v1.NetworkPolicySpec', 'podSelector'], ({ spec }) =>
        formatLabelSelector(spec?.podSelector),
      ),
      ageColumn(describe),
    ],
    strategy: {
      default: defaultNetworkPolicy,
      prepareForCreate: startGeneration,
      prepareForUpdate: countSpecChange,
      validate: validateNetworkPolicy,
    },
  });
}

function defaultNetworkPolicy(policy: V1NetworkPolicy): void {
  policy.spec ??= {};
  const { spec } = policy;
  const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])];
  const ports: V1NetworkPolicyPort[] = rules.flatMap((rule) => rule.ports ?? []);
  for (const port of ports) port.protocol ??= 'TCP';
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
}
