/** What validating and mutating admission policies have in common, and their bindings. */
import type {
  V1MatchResources,
  V1MutatingAdmissionPolicyBinding,
  V1ParamKind,
  V1ParamRef,
  V1ValidatingAdmissionPolicyBinding,
  V1Variable,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import type { Column } from '../declaration.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateLabelSelector } from '../validation/fields.ts';
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, nameIsDnsSubdomain } from '../validation/names.ts';
import { AUTHORIZER_VARIABLES, type CompileExpression, REQUEST_VARIABLES, validateExpression } from './expressions.ts';
import { FAILURE_POLICIES, validateMatchResources } from './rules.ts';

type Binding = V1ValidatingAdmissionPolicyBinding | V1MutatingAdmissionPolicyBinding;

const NOT_FOUND_ACTIONS = ['Deny', 'Allow'];
const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Names that expressions of a policy may use. */
export function policyVariables(paramKind: V1ParamKind | undefined, hasVariables: boolean): string[] {
  return [
    ...REQUEST_VARIABLES,
    ...AUTHORIZER_VARIABLES,
    ...(paramKind ? ['params'] : []),
    ...(hasVariables ? ['variables'] : []),
  ];
}

interface CommonSpec {
  failurePolicy?: string;
  paramKind?: V1ParamKind;
  matchConstraints?: V1MatchResources;
}

export function validateCommon(spec: CommonSpec): FieldError[] {
  const { failurePolicy, paramKind, matchConstraints } = spec;
  const errors: FieldError[] = [];
  if (failurePolicy === undefined) errors.push(required('spec.failurePolicy'));
  else if (!FAILURE_POLICIES.includes(failurePolicy)) {
    errors.push(notSupported('spec.failurePolicy', failurePolicy, FAILURE_POLICIES));
  }
  if (paramKind) errors.push(...validateParamKind(paramKind, 'spec.paramKind'));
  if (!matchConstraints) return [...errors, required('spec.matchConstraints')];
  errors.push(...validateMatchResources(matchConstraints, 'spec.matchConstraints'));
  if (!matchConstraints.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'));
  return errors;
}

function validateParamKind({ apiVersion = '', kind = '' }: V1ParamKind, field: string): FieldError[] {
  const errors = validateApiVersion(apiVersion, `${field}.apiVersion`);
  if (kind === '') return [...errors, required(`${field}.kind`)];
  const messages = isDns1035Label(kind.toLowerCase());
  if (messages.length > 0) {
    const detail = `may have mixed case, but should otherwise match: ${messages.join(',')}`;
    errors.push(invalidValue(`${field}.kind`, kind, detail));
  }
  return errors;
}

function validateApiVersion(apiVersion: string, field: string): FieldError[] {
  if (apiVersion === '') return [required(field)];
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [version = '', group = ''] = parts.reverse();
  const errors: FieldError[] = [];
  const inGroup = group === '' ? [] : isDns1123Subdomain(group);
  if (inGroup.length > 0) errors.push(invalidValue(field, group, inGroup.join(',')));
  if (version === '') return [...errors, invalidValue(field, apiVersion, 'version must be specified')];
  const inVersion = isDns1035Label(version);
  if (inVersion.length > 0) errors.push(invalidValue(field, version, inVersion.join(',')));
  return errors;
}

export function validateVariables(
  variables: readonly V1Variable[],
  paramKind: V1ParamKind | undefined,
  compile: CompileExpression | undefined,
): FieldError[] {
  const known = policyVariables(paramKind, true);
  return variables.flatMap(({ name = '', expression = '' }, i) => {
    const field = `spec.variables[${i}]`;
    const errors: FieldError[] = [];
    if (name.trim() === '') errors.push(required(`${field}.name`, 'name is not specified'));
    else if (!IDENTIFIER.test(name) || RESERVED.has(name)) {
      errors.push(invalidValue(`${field}.name`, name, 'name is not a valid CEL identifier'));
    }
    if (expression.trim() === '') errors.push(required(`${field}.expression`, 'expression is not specified'));
    else errors.push(...validateExpression(expression, `${field}.expression`, compile, known));
    return errors;
  });
}

interface BindingSpec {
  policyName?: string;
  paramRef?: V1ParamRef;
  matchResources?: V1MatchResources;
}

export function validateBinding({ policyName = '', paramRef, matchResources }: BindingSpec): FieldError[] {
  const field = 'spec.policyName';
  return [
    ...(policyName === '' ? [required(field)] : invalidEach(field, policyName, nameIsDnsSubdomain(policyName, false))),
    ...validateParamRef(paramRef, 'spec.paramRef'),
    ...validateMatchResources(matchResources, 'spec.matchResources'),
  ];
}

function validateParamRef(ref: V1ParamRef | undefined, field: string): FieldError[] {
  if (!ref) return [];
  const { name = '', selector, parameterNotFoundAction = '' } = ref;
  const exclusive = 'name and selector are mutually exclusive';
  const errors: FieldError[] = [];
  if (name !== '') {
    errors.push(...invalidEach(`${field}.name`, name, isPathSegmentName(name)));
    if (selector) errors.push(forbiddenField(`${field}.name`, exclusive));
  }
  if (selector) {
    errors.push(...validateLabelSelector(selector, `${field}.selector`));
    if (name !== '') errors.push(forbiddenField(`${field}.selector`, exclusive));
  }
  if (name === '' && !selector) errors.push(required(field, 'one of name or selector must be specified'));
  const action = `${field}.parameterNotFoundAction`;
  if (parameterNotFoundAction === '') errors.push(required(action));
  else if (!NOT_FOUND_ACTIONS.includes(parameterNotFoundAction)) {
    errors.push(notSupported(action, parameterNotFoundAction, NOT_FOUND_ACTIONS));
  }
  return errors;
}

/** Of the bindings of both kinds of policies. */
export function bindingColumns(describe: Describe): Column<Binding>[] {
  return [
    nameColumn(describe),
    column(
      'PolicyName',
      'PolicyName indicates the policy definition which the policy binding binded to',
      ({ spec }) => {
        return spec?.policyName ?? '';
      },
    ),
    column('ParamRef', 'ParamRef indicates the param resource which sets the configration param', ({ spec }) => {
      return paramRefText(spec?.paramRef);
    }),
    ageColumn(describe),
  ];
}

/** `namespace/name`, or the selector. */
function paramRefText(ref: { name?: string; namespace?: string; selector?: object } | undefined): string {
  if (!ref) return '<unset>';
  if (ref.name) return ref.namespace ? `${ref.namespace}/${ref.name}` : `*/${ref.name}`;
  return ref.selector ? JSON.stringify(ref.selector) : '<unset>';
}
