import type {
  V1AuditAnnotation,
  V1TypeChecking,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
  V1ValidatingAdmissionPolicySpec,
  V1Validation,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, keepMetadata, startGeneration } from '../prepare.ts';
import { validateConditions } from '../validation/conditions.ts';
import { duplicate, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { isQualifiedName } from '../validation/names.ts';
import { type CompileExpression, validateExpression, validateMatchConditions } from './expressions.ts';
import { bindingColumns, policyVariables, validateBinding, validateCommon, validateVariables } from './policy-parts.ts';
import { defaultMatchResources } from './rules.ts';

type Policy = V1ValidatingAdmissionPolicy;
type Binding = V1ValidatingAdmissionPolicyBinding;

const AUDIT_ANNOTATIONS_MAX = 20;
const VALUE_EXPRESSION_MAX_BYTES = 5 * 1024;
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];

export function validatingAdmissionPolicies(describe: Describe, compile?: CompileExpression): ResourceDeclaration {
  const paramKind = ({ spec }: Policy) =>
    spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : '<unset>';
  return declare<Policy>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'ValidatingAdmissionPolicy',
    plural: 'validatingadmissionpolicies',
    singular: 'validatingadmissionpolicy',
    categories: ['api-extensions'],
    namespaced: false,
    definition: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
    columns: [
      nameColumn(describe),
      column(
        'Validations',
        'Validations indicates the number of validation rules defined in this configuration',
        (policy) => {
          return policy.spec?.validations?.length ?? 0;
        },
      ),
      column('ParamKind', 'ParamKind specifies the kind of resources used to parameterize this policy', paramKind),
      ageColumn(describe),
    ],
    strategy: {
      anyFinalizers: true,
      unconditionalUpdate: false,
      default({ spec }) {
        if (!spec) return;
        spec.failurePolicy ??= 'Fail';
        defaultMatchResources(spec.matchConstraints);
      },
      prepareForCreate(policy) {
        policy.status = {};
        startGeneration(policy);
      },
      prepareForUpdate(policy, old) {
        policy.status = old.status ?? {};
        countSpecChange(policy, old);
      },
      validate: ({ metadata, spec }) => validatePolicy(metadata?.name ?? '', spec ?? {}, compile),
    },
    status: {
      prepareForUpdate(policy, old) {
        if (old.spec) policy.spec = old.spec;
        keepMetadata(policy, old);
      },
      validateUpdate: ({ status }) => [
        ...validateTypeChecking(status?.typeChecking),
        ...validateConditions(status?.conditions, 'status.conditions'),
      ],
    },
  });
}

function validatePolicy(
  name: string,
  spec: V1ValidatingAdmissionPolicySpec,
  compile: CompileExpression | undefined,
): FieldError[] {
  const { paramKind, matchConditions, variables = [], validations = [], auditAnnotations = [] } = spec;
  const errors = [
    ...validateCommon(spec),
    ...validateMatchConditions(matchConditions, 'spec.matchConditions', compile, paramKind ? ['params'] : []),
    ...validateVariables(variables, paramKind, compile),
  ];
  if (validations.length + auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item';
    return [...errors, required('spec.validations', detail), required('spec.auditAnnotations', detail)];
  }
  const known = policyVariables(paramKind, variables.length > 0);
  errors.push(...validations.flatMap((each, i) => validateValidation(each, `spec.validations[${i}]`, compile, known)));
  return [...errors, ...validateAuditAnnotations(name, auditAnnotations, compile, known)];
}

function validateValidation(
  validation: V1Validation,
  field: string,
  compile: CompileExpression | undefined,
  known: readonly string[],
): FieldError[] {
  const { expression = '', message = '', messageExpression = '', reason } = validation;
  const errors: FieldError[] = [];
  if (expression.trim() === '') errors.push(required(`${field}.expression`, 'expression is not specified'));
  else errors.push(...validateExpression(expression, `${field}.expression`, compile, known));
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(invalidValue(`${field}.messageExpression`, messageExpression, 'must be non-empty if specified'));
  } else if (messageExpression !== '') {
    const own = known.filter((name) => !name.startsWith('authorizer'));
    errors.push(...validateExpression(messageExpression, `${field}.messageExpression`, compile, own));
  }
  if (message !== '' && message.trim() === '') {
    errors.push(invalidValue(`${field}.message`, message, 'message must be non-empty if specified'));
  } else if (/[\n\r]/.test(message.trim())) {
    errors.push(invalidValue(`${field}.message`, message, 'message must not contain line breaks'));
  }
  if (reason !== undefined && !REASONS.includes(reason)) {
    errors.push(notSupported(`${field}.reason`, reason, REASONS));
  }
  return errors;
}

function validateAuditAnnotations(
  policy: string,
  annotations: readonly V1AuditAnnotation[],
  compile: CompileExpression | undefined,
  known: readonly string[],
): FieldError[] {
  const errors: FieldError[] = [];
  if (annotations.length > AUDIT_ANNOTATIONS_MAX) {
    const detail = `must not have more than ${AUDIT_ANNOTATIONS_MAX} auditAnnotations`;
    errors.push(invalidValue('spec.auditAnnotations', annotations, detail));
  }
  const keys = new Set<string>();
  annotations.forEach(({ key = '', valueExpression = '' }, i) => {
    const field = `spec.auditAnnotations[${i}]`;
    if (policy === '') errors.push(invalidValue(`${field}.key`, key, 'requires metadata.name be non-empty'));
    else errors.push(...invalidEach(`${field}.key`, `${policy}/${key}`, isQualifiedName(`${policy}/${key}`)));
    errors.push(...validateValueExpression(valueExpression, `${field}.valueExpression`, compile, known));
    if (keys.has(key)) errors.push(duplicate(`${field}.key`, key));
    keys.add(key);
  });
  return errors;
}

function validateValueExpression(
  expression: string,
  field: string,
  compile: CompileExpression | undefined,
  known: readonly string[],
): FieldError[] {
  const trimmed = expression.trim();
  if (trimmed === '') return [required(field, 'valueExpression is not specified')];
  if (Buffer.byteLength(trimmed) > VALUE_EXPRESSION_MAX_BYTES) {
    return [required(field, `must not exceed ${VALUE_EXPRESSION_MAX_BYTES} bytes in length`)];
  }
  return validateExpression(trimmed, field, compile, known);
}

function validateTypeChecking(typeChecking: V1TypeChecking | undefined): FieldError[] {
  return (typeChecking?.expressionWarnings ?? []).flatMap(({ warning = '', fieldRef = '' }, i) => {
    const field = `status.typeChecking.expressionWarnings[${i}]`;
    return [
      ...(warning === '' ? [required(`${field}.warning`)] : []),
      ...(fieldRef.trim() === '' ? [required(`${field}.fieldRef`)] : []),
    ];
  });
}

export function validatingAdmissionPolicyBindings(describe: Describe): ResourceDeclaration {
  return declare<Binding>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    plural: 'validatingadmissionpolicybindings',
    singular: 'validatingadmissionpolicybinding',
    categories: ['api-extensions'],
    namespaced: false,
    definition: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
    columns: bindingColumns(describe),
    strategy: {
      anyFinalizers: true,
      unconditionalUpdate: false,
      default({ spec }) {
        defaultMatchResources(spec?.matchResources);
      },
      prepareForCreate: startGeneration,
      prepareForUpdate: countSpecChange,
      validate: ({ spec }) => [
        ...validateBinding(spec ?? {}),
        ...validateActions(spec?.validationActions ?? [], 'spec.validationActions'),
      ],
    },
  });
}

function validateActions(actions: readonly string[], field: string): FieldError[] {
  const errors = actions.flatMap((action, i) => [
    ...(ACTIONS.includes(action) ? [] : [notSupported(`${field}[${i}]`, action, ACTIONS)]),
    ...(actions.indexOf(action) < i ? [duplicate(`${field}[${i}]`, action)] : []),
  ]);
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const detail =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalidValue(field, actions, detail));
  }
  if (actions.length === 0) errors.push(required(field, 'at least one validation action is required'));
  return errors;
}
