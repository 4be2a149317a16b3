/**
 * PodDisruptionBudgets of policy/v1beta1. The shape is v1's, but an empty selector selected nothing there and selects
 * everything in v1; each version writes the other's meaning with a label that no pod has.
 */
import type { V1LabelSelector, V1PodDisruptionBudget } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import type { ServedVersion } from '../declaration.ts';

const LABEL = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match';

export const podDisruptionBudgetsV1beta1: ServedVersion<V1PodDisruptionBudget> = {
  version: 'v1beta1',
  definition: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  deprecation:
    'policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, unavailable in v1.25+; use policy/v1 PodDisruptionBudget',
  fromStored(budget) {
    convert(budget, 'Exists', 'DoesNotExist');
  },
  toStored(budget) {
    convert(budget, 'DoesNotExist', 'Exists');
  },
};

type Operator = 'Exists' | 'DoesNotExist';

/** A selector by the label alone with operator `full` becomes the empty one, and the empty one that with `empty`. */
function convert(object: KubeObject, full: Operator, empty: Operator): void {
  const spec = (object as V1PodDisruptionBudget).spec;
  const selector = spec?.selector;
  if (!spec || !selector) return;
  if (isOnly(selector, full)) spec.selector = {};
  else if (isEmpty(selector)) spec.selector = { matchExpressions: [{ key: LABEL, operator: empty }] };
  else stripV1beta1Label(selector);
}

function isEmpty({ matchLabels, matchExpressions }: V1LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length === 0 && !matchExpressions?.length;
}

function isOnly(selector: V1LabelSelector, operator: Operator): boolean {
  const [expression, ...more] = selector.matchExpressions ?? [];
  const labels = Object.keys(selector.matchLabels ?? {}).length;
  return labels === 0 && more.length === 0 && expression?.key === LABEL && expression.operator === operator;
}

/** The label means something only by itself, in the one form that selects nothing; from others it goes. */
export function stripV1beta1Label(selector: V1LabelSelector | undefined): void {
  if (!selector?.matchExpressions || isOnly(selector, 'Exists')) return;
  const rest = selector.matchExpressions.filter(({ key }) => key !== LABEL);
  if (rest.length > 0) selector.matchExpressions = rest;
  else delete selector.matchExpressions;
}
