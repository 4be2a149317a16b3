import type {
  V1MutatingAdmissionPolicy,
  V1MutatingAdmissionPolicyBinding,
  V1MutatingAdmissionPolicySpec,
  V1Mutation,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { forbiddenField, notSupported, required } from '../validation/errors.ts';
import { type CompileExpression, validateExpression, validateMatchConditions } from './expressions.ts';
import { bindingColumns, policyVariables, validateBinding, validateCommon, validateVariables } from './policy-parts.ts';
import { defaultMatchResources } from './rules.ts';

const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch'];
const REINVOCATION = ['IfNeeded', 'Never'];

export function mutatingAdmissionPolicies(describe: Describe, compile?: CompileExpression): ResourceDeclaration {
  const paramKind = ({ spec }: V1MutatingAdmissionPolicy) =>
    spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : '<unset>';
  return declare<V1MutatingAdmissionPolicy>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'MutatingAdmissionPolicy',
    plural: 'mutatingadmissionpolicies',
    singular: 'mutatingadmissionpolicy',
    categories: ['api-extensions'],
    namespaced: false,
    definition: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy',
    columns: [
      nameColumn(describe),
      column(
        'Mutations',
        'Mutation indicates the number of mutations rules defined in this configuration',
        ({ spec }) => {
          return spec?.mutations?.length ?? 0;
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
        spec.reinvocationPolicy ??= 'Never';
        defaultMatchResources(spec.matchConstraints);
      },
      prepareForCreate: startGeneration,
      prepareForUpdate: countSpecChange,
      validate: ({ spec }) => validatePolicy(spec ?? {}, compile),
    },
  });
}

function validatePolicy(spec: V1MutatingAdmissionPolicySpec, compile: CompileExpression | undefined): FieldError[] {
  const { paramKind, matchConditions, variables = [], mutations = [], reinvocationPolicy = '' } = spec;
  const errors = [
    ...validateCommon(spec),
    ...validateMatchConditions(matchConditions, 'spec.matchConditions', compile, paramKind ? ['params'] : []),
    ...validateVariables(variables, paramKind, compile),
  ];
  if (mutations.length === 0) {
    errors.push(required('spec.mutations', 'mutations must contain at least one item'));
  }
  const known = policyVariables(paramKind, variables.length > 0);
  errors.push(...mutations.flatMap((each, i) => validateMutation(each, `spec.mutations[${i}]`, compile, known)));
  const field = 'spec.reinvocationPolicy';
  if (reinvocationPolicy === '') errors.push(required(field));
  else if (!REINVOCATION.includes(reinvocationPolicy)) {
    errors.push(notSupported(field, reinvocationPolicy, REINVOCATION));
  }
  return errors;
}

function validateMutation(
  mutation: V1Mutation,
  field: string,
  compile: CompileExpression | undefined,
  known: readonly string[],
): FieldError[] {
  const { patchType = '', applyConfiguration, jsonPatch } = mutation;
  if (patchType === '') return [required(`${field}.patchType`)];
  if (!PATCH_TYPES.includes(patchType)) return [notSupported(`${field}.patchType`, patchType, PATCH_TYPES)];
  const isApply = patchType === 'ApplyConfiguration';
  const [own, other] = isApply
    ? (['applyConfiguration', 'jsonPatch'] as const)
    : (['jsonPatch', 'applyConfiguration'] as const);
  const [given, excess] = isApply ? [applyConfiguration, jsonPatch] : [jsonPatch, applyConfiguration];
  const errors: FieldError[] = [];
  if (excess) errors.push(forbiddenField(`${field}.${other}`, `must not be set when patchType is ${patchType}`));
  if (!given) return [...errors, required(`${field}.${own}`, `must be specified when patchType is ${patchType}`)];
  const { expression = '' } = given;
  if (expression.trim() === '') {
    return [...errors, required(`${field}.${own}.expression`, 'expression is not specified')];
  }
  return [...errors, ...validateExpression(expression, `${field}.${own}.expression`, compile, known)];
}

export function mutatingAdmissionPolicyBindings(describe: Describe): ResourceDeclaration {
  return declare<V1MutatingAdmissionPolicyBinding>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'MutatingAdmissionPolicyBinding',
    plural: 'mutatingadmissionpolicybindings',
    singular: 'mutatingadmissionpolicybinding',
    categories: ['api-extensions'],
    namespaced: false,
    definition: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding',
    columns: bindingColumns(describe),
    strategy: {
      anyFinalizers: true,
      unconditionalUpdate: false,
      default({ spec }) {
        defaultMatchResources(spec?.matchResources);
      },
      prepareForCreate: startGeneration,
      prepareForUpdate: countSpecChange,
      validate: ({ spec }) => validateBinding(spec ?? {}),
    },
  });
}
