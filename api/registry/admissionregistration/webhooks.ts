/** Configurations of admission webhooks. They are stored and checked; nobody calls the webhooks yet. */
import type {
  V1MutatingWebhook,
  V1MutatingWebhookConfiguration,
  V1ValidatingWebhook,
  V1ValidatingWebhookConfiguration,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration, type Strategy } from '../declaration.ts';
import { countChange, startGeneration } from '../prepare.ts';
import { semanticEqual } from '../validation/equality.ts';
import { duplicate, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateLabelSelector } from '../validation/fields.ts';
import { isDns1035Label, isDns1123Subdomain } from '../validation/names.ts';
import { validateClientConfig } from '../validation/webhooks.ts';
import { type CompileExpression, validateMatchConditions } from './expressions.ts';
import { defaultRules, FAILURE_POLICIES, MATCH_POLICIES, validateRule } from './rules.ts';

type Webhook = V1ValidatingWebhook & Pick<V1MutatingWebhook, 'reinvocationPolicy'>;
type Configuration = V1ValidatingWebhookConfiguration & V1MutatingWebhookConfiguration;

const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const REINVOCATION = ['IfNeeded', 'Never'];
const REVIEW_VERSIONS = ['v1', 'v1beta1'];

function configuration(
  kind: 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration',
  describe: Describe,
  strategy: Strategy<Configuration>,
): ResourceDeclaration {
  return declare<Configuration>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    categories: ['api-extensions'],
    namespaced: false,
    definition: `io.k8s.api.admissionregistration.v1.${kind}`,
    columns: [
      nameColumn(describe),
      column(
        'Webhooks',
        'Webhooks indicates the number of webhooks registered in this configuration',
        ({ webhooks }) => webhooks?.length ?? 0,
        { type: 'integer' },
      ),
      ageColumn(describe),
    ],
    strategy: {
      anyFinalizers: true,
      unconditionalUpdate: false,
      prepareForCreate: startGeneration,
      prepareForUpdate(object, old) {
        if (!semanticEqual(object.webhooks, old.webhooks)) countChange(object, old);
      },
      ...strategy,
    },
  });
}

export function validatingWebhookConfigurations(describe: Describe, compile?: CompileExpression): ResourceDeclaration {
  return configuration('ValidatingWebhookConfiguration', describe, {
    default: ({ webhooks }) => webhooks?.forEach(defaultWebhook),
    validate: ({ webhooks }) => validateWebhooks(webhooks ?? [], compile),
  });
}

export function mutatingWebhookConfigurations(describe: Describe, compile?: CompileExpression): ResourceDeclaration {
  return configuration('MutatingWebhookConfiguration', describe, {
    default({ webhooks }) {
      for (const webhook of webhooks ?? []) {
        defaultWebhook(webhook);
        (webhook as Webhook).reinvocationPolicy ??= 'Never';
      }
    },
    validate: ({ webhooks }) => validateWebhooks(webhooks ?? [], compile),
  });
}

function defaultWebhook(webhook: V1ValidatingWebhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  defaultRules(webhook.rules);
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
}

function validateWebhooks(webhooks: readonly Webhook[], compile: CompileExpression | undefined): FieldError[] {
  const names = new Set<string>();
  return webhooks.flatMap((webhook, i) => {
    const field = `webhooks[${i}]`;
    const { name = '', admissionReviewVersions } = webhook;
    const errors = [
      ...validateWebhook(webhook, field, compile),
      ...validateReviewVersions(admissionReviewVersions ?? [], `${field}.admissionReviewVersions`),
    ];
    if (name !== '' && names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    return errors;
  });
}

function validateWebhook(webhook: Webhook, field: string, compile: CompileExpression | undefined): FieldError[] {
  const { name = '', rules = [], timeoutSeconds } = webhook;
  const errors = validateQualifiedName(name, `${field}.name`);
  errors.push(...rules.flatMap((rule, i) => validateRule(rule, `${field}.rules[${i}]`)));
  errors.push(...oneOf(webhook.failurePolicy, `${field}.failurePolicy`, FAILURE_POLICIES));
  errors.push(...oneOf(webhook.matchPolicy, `${field}.matchPolicy`, MATCH_POLICIES));
  if (!webhook.sideEffects) {
    errors.push(required(`${field}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`));
  } else errors.push(...oneOf(webhook.sideEffects, `${field}.sideEffects`, SIDE_EFFECTS));
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    const detail = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalidValue(`${field}.timeoutSeconds`, timeoutSeconds, detail));
  }
  errors.push(...validateLabelSelector(webhook.namespaceSelector, `${field}.namespaceSelector`));
  errors.push(...validateLabelSelector(webhook.objectSelector, `${field}.objectSelector`));
  errors.push(...oneOf(webhook.reinvocationPolicy, `${field}.reinvocationPolicy`, REINVOCATION));
  errors.push(...validateClientConfig(webhook.clientConfig, `${field}.clientConfig`));
  errors.push(...validateMatchConditions(webhook.matchConditions, `${field}.matchConditions`, compile));
  return errors;
}

function oneOf(value: string | undefined, field: string, supported: readonly string[]): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** A name with a domain of at least two parts. */
function validateQualifiedName(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)];
  const messages = isDns1123Subdomain(name);
  if (messages.length > 0) return [invalidValue(field, name, messages.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalidValue(field, name, 'should be a domain with at least three segments separated by dots')];
}

function validateReviewVersions(versions: readonly string[], field: string): FieldError[] {
  if (versions.length === 0) return [required(field, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  const errors = versions.flatMap((version, i) =>
    versions.indexOf(version) < i
      ? [invalidValue(`${field}[${i}]`, version, 'duplicate version')]
      : invalidEach(`${field}[${i}]`, version, isDns1035Label(version)),
  );
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    errors.push(invalidValue(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  }
  return errors;
}
