/** Groups of the Kubernetes community: who defines resources there says where that was approved. */
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue, required } from '../validation/errors.ts';
import type { Condition, Crd } from './conditions.ts';

const ANNOTATION = 'api-approved.kubernetes.io';
const REFERENCE = 'see https://github.com/kubernetes/enhancements/pull/1111';

type State = 'Invalid' | 'Approved' | 'Bypassed' | 'Missing';

export function isProtectedGroup(group: string): boolean {
  return /(^|\.)(k8s|kubernetes)\.io$/.test(group);
}

function approvalOf(crd: Crd): { state: State; reason: string; value: string } {
  const value = crd.metadata?.annotations?.[ANNOTATION] ?? '';
  if (value === '')
    return {
      state: 'Missing',
      reason: `protected groups must have approval annotation "${ANNOTATION}", ${REFERENCE}`,
      value,
    };
  if (value.startsWith('unapproved'))
    return { state: 'Bypassed', reason: `not approved: ${JSON.stringify(value)}`, value };
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#\s]+/.test(value))
    return { state: 'Approved', reason: `approved in ${value}`, value };
  const reason = `protected groups must have approval annotation "${ANNOTATION}" with either a URL or a reason starting with "unapproved", ${REFERENCE}`;
  return { state: 'Invalid', reason, value };
}

/** What is wrong with the annotation; an update that leaves it as it was is fine. */
export function validateApproval(crd: Crd, old?: Crd): FieldError[] {
  if (!isProtectedGroup(crd.spec.group)) return [];
  const { state, reason, value } = approvalOf(crd);
  if (old && approvalOf(old).state === state) return [];
  const field = `metadata.annotations[${ANNOTATION}]`;
  if (state === 'Missing') return [required(field, reason)];
  return state === 'Invalid' ? [invalidValue(field, value, reason)] : [];
}

const CONDITIONS: Record<State, Pick<Condition, 'status' | 'reason'>> = {
  Invalid: { status: 'False', reason: 'InvalidAnnotation' },
  Missing: { status: 'False', reason: 'MissingAnnotation' },
  Bypassed: { status: 'False', reason: 'UnapprovedAnnotation' },
  Approved: { status: 'True', reason: 'ApprovedAnnotation' },
};

/** The condition of a definition in such a group; `undefined` for all others. */
export function approvalCondition(crd: Crd): Condition | undefined {
  if (!isProtectedGroup(crd.spec.group)) return undefined;
  const { state, reason } = approvalOf(crd);
  return { type: 'KubernetesAPIApprovalPolicyConformant', ...CONDITIONS[state], message: reason };
}
