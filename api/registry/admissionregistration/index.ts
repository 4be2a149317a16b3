/** Who else is asked before a write: webhooks and policies. Declared, checked and stored; nobody is asked yet. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import type { CompileExpression } from './expressions.ts';
import { mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings } from './mutatingadmissionpolicies.ts';
import { validatingAdmissionPolicies, validatingAdmissionPolicyBindings } from './validatingadmissionpolicies.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from './webhooks.ts';

/** Without `compile` expressions are taken as they are. */
export function admissionregistrationResources(describe: Describe, compile?: CompileExpression): ResourceDeclaration[] {
  return [
    mutatingAdmissionPolicies(describe, compile),
    mutatingAdmissionPolicyBindings(describe),
    mutatingWebhookConfigurations(describe, compile),
    validatingAdmissionPolicies(describe, compile),
    validatingAdmissionPolicyBindings(describe),
    validatingWebhookConfigurations(describe, compile),
  ];
}
