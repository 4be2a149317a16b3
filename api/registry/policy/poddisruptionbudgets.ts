import type {
  V1PodDisruptionBudget,
  V1PodDisruptionBudgetSpec,
  V1PodDisruptionBudgetStatus,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { validateConditions } from '../validation/conditions.ts';
import { invalidValue, notSupported } from '../validation/errors.ts';
import { validateLabelSelector, validateNonnegative } from '../validation/fields.ts';
import { validateNotMoreThan100Percent, validatePositiveIntOrPercent } from '../validation/int-or-percent.ts';
import { isPathSegmentName } from '../validation/names.ts';
import { podDisruptionBudgetsV1beta1, stripV1beta1Label } from './poddisruptionbudgets-v1beta1.ts';

const EVICTION_POLICIES = ['AlwaysAllow', 'IfHealthyBudget'];
const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;

export function podDisruptionBudgets(describe: Describe): ResourceDeclaration {
  return declare<V1PodDisruptionBudget>({
    group: 'policy',
    version: 'v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    singular: 'poddisruptionbudget',
    shortNames: ['pdb'],
    namespaced: true,
    definition: 'io.k8s.api.policy.v1.PodDisruptionBudget',
    alsoServed: [podDisruptionBudgetsV1beta1],
    columns: [
      nameColumn(describe),
      column('Min Available', 'The minimum number of pods that must be available.', ({ spec }) =>
        String(spec?.minAvailable ?? 'N/A'),
      ),
      column('Max Unavailable', 'The maximum number of pods that may be unavailable.', ({ spec }) =>
        String(spec?.maxUnavailable ?? 'N/A'),
      ),
      column(
        'Allowed Disruptions',
        'Calculated number of pods that may be disrupted at this time.',
        ({ status }) => status?.disruptionsAllowed ?? 0,
        { type: 'integer' },
      ),
      ageColumn(describe),
    ],
    strategy: {
      default(budget) {
        stripV1beta1Label(budget.spec?.selector);
      },
      prepareForCreate(budget) {
        budget.status = emptyStatus();
        startGeneration(budget);
      },
      prepareForUpdate(budget, old) {
        budget.status = old.status ?? emptyStatus();
        countSpecChange(budget, old);
      },
      validate: ({ spec = {} }) => validateSpec(spec),
      validateName: isPathSegmentName,
      unconditionalUpdate: false,
    },
    status: {
      prepareForUpdate(budget, old) {
        budget.spec = old.spec ?? {};
      },
      validateUpdate: ({ status = {} }) => validateStatus(status),
    },
  });
}

function emptyStatus(): V1PodDisruptionBudgetStatus {
  return { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
}

function validateSpec(spec: V1PodDisruptionBudgetSpec): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const amount = (value: number | string | undefined, field: string) =>
    value === undefined
      ? []
      : [...validatePositiveIntOrPercent(value, field), ...validateNotMoreThan100Percent(value, field)];
  const both = minAvailable !== undefined && maxUnavailable !== undefined;
  return [
    ...(both ? [invalidValue('spec', internalForm(spec), 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...amount(minAvailable, 'spec.minAvailable'),
    ...amount(maxUnavailable, 'spec.maxUnavailable'),
    ...(policy === undefined || EVICTION_POLICIES.includes(policy)
      ? []
      : [notSupported('spec.unhealthyPodEvictionPolicy', policy, EVICTION_POLICIES)]),
    ...validateLabelSelector(selector, 'spec.selector'),
  ];
}

/** How upstream's errors show it: its internal type has no names for JSON. */
function internalForm(spec: V1PodDisruptionBudgetSpec): object {
  return {
    MinAvailable: spec.minAvailable ?? null,
    Selector: spec.selector ?? null,
    MaxUnavailable: spec.maxUnavailable ?? null,
    UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
  };
}

function validateStatus(status: V1PodDisruptionBudgetStatus): FieldError[] {
  return [
    ...validateConditions(status.conditions, 'status.conditions'),
    ...COUNTS.flatMap((field) => validateNonnegative(status[field], `status.${field}`)),
  ];
}
