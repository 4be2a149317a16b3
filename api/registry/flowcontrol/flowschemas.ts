import type { V1FlowSchema } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { type Column, declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, keepMetadata, startGeneration } from '../prepare.ts';
import { semanticEqual } from '../validation/equality.ts';
import { invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { nameIsDnsSubdomain } from '../validation/names.ts';
import { flowSchemas as bootstrap, MANDATORY } from './bootstrap.ts';
import { validateConditionTypes } from './conditions.ts';
import { validateRules } from './subjects.ts';

const PACKAGE = 'io.k8s.api.flowcontrol.v1';
const PRECEDENCE_MAX = 10_000;
const METHODS = ['ByNamespace', 'ByUser'];

export function flowSchemas(describe: Describe): ResourceDeclaration {
  return declare<V1FlowSchema>({
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    kind: 'FlowSchema',
    plural: 'flowschemas',
    singular: 'flowschema',
    namespaced: false,
    definition: `${PACKAGE}.FlowSchema`,
    columns: columns(describe),
    strategy: {
      default({ spec }) {
        if (spec) spec.matchingPrecedence ||= 1000;
      },
      prepareForCreate(schema) {
        startGeneration(schema);
        schema.status = {};
      },
      prepareForUpdate(schema, old) {
        schema.status = old.status ?? {};
        countSpecChange(schema, old);
      },
      validate: validateFlowSchema,
    },
    status: {
      prepareForUpdate(schema, old) {
        if (old.spec) schema.spec = old.spec;
        keepMetadata(schema, old);
      },
      validateUpdate: ({ status }) => validateConditionTypes(status?.conditions),
    },
  });
}

function columns(describe: Describe): Column<V1FlowSchema>[] {
  const spec = (field: string) => [`${PACKAGE}.FlowSchemaSpec`, field] as const;
  return [
    nameColumn(describe),
    fieldColumn(
      'PriorityLevel',
      describe,
      [`${PACKAGE}.PriorityLevelConfigurationReference`, 'name'],
      (schema) => schema.spec?.priorityLevelConfiguration?.name ?? '',
    ),
    fieldColumn(
      'MatchingPrecedence',
      describe,
      spec('matchingPrecedence'),
      (schema) => schema.spec?.matchingPrecedence ?? 0,
    ),
    fieldColumn(
      'DistinguisherMethod',
      describe,
      spec('distinguisherMethod'),
      (schema) => schema.spec?.distinguisherMethod?.type ?? '<none>',
    ),
    ageColumn(describe),
    column('MissingPL', 'references a broken or non-existent PriorityLevelConfiguration', ({ status }) => {
      return status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?';
    }),
  ];
}

function validateFlowSchema({ metadata, spec }: V1FlowSchema): FieldError[] {
  const name = metadata?.name ?? '';
  const errors = [...validatePrecedence(spec?.matchingPrecedence ?? 0, name), ...validateReferences(spec)];
  (spec?.rules ?? []).forEach((rules, i) => {
    errors.push(...validateRules(rules, `spec.rules[${i}]`));
  });
  const fixed = MANDATORY.includes(name) && bootstrap().find((schema) => schema.metadata?.name === name);
  if (fixed && !semanticEqual(spec, fixed.spec)) {
    errors.push(invalidValue('spec', spec, `spec of '${name}' must equal the fixed value`));
  }
  return errors;
}

function validatePrecedence(precedence: number, name: string): FieldError[] {
  const refuse = (detail: string) => [invalidValue('spec.matchingPrecedence', precedence, detail)];
  if (precedence <= 0) return refuse('must be a positive value');
  if (precedence > PRECEDENCE_MAX) return refuse(`must not be greater than ${PRECEDENCE_MAX}`);
  if (precedence === 1 && name !== 'exempt') {
    return refuse("only the schema named 'exempt' may have matchingPrecedence 1");
  }
  return [];
}

function validateReferences(spec: V1FlowSchema['spec']): FieldError[] {
  const { distinguisherMethod, priorityLevelConfiguration } = spec ?? {};
  const errors: FieldError[] = [];
  if (distinguisherMethod && !METHODS.includes(distinguisherMethod.type)) {
    errors.push(notSupported('spec.distinguisherMethod.type', distinguisherMethod, METHODS));
  }
  const field = 'spec.priorityLevelConfiguration.name';
  const level = priorityLevelConfiguration?.name ?? '';
  if (level === '') return [...errors, required(field, 'must reference a priority level')];
  return [...errors, ...invalidEach(field, level, nameIsDnsSubdomain(level, false))];
}
