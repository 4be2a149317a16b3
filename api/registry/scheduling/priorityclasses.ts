import type { V1PriorityClass } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';

const CLASS = 'io.k8s.api.scheduling.v1.PriorityClass';
const SYSTEM_PREFIX = 'system-';
const USER_VALUE_MAX = 1_000_000_000;
const POLICIES = ['PreemptLowerPriority', 'Never'];

/** The classes every cluster has from its start. */
export function systemPriorityClasses(): V1PriorityClass[] {
  return [
    systemClass('system-node-critical', 2_000_001_000, 'must not be moved from their current node.'),
    systemClass(
      'system-cluster-critical',
      2_000_000_000,
      'must run in the cluster, but can be moved to another node if necessary.',
    ),
  ];
}

function systemClass(name: string, value: number, which: string): V1PriorityClass {
  return { metadata: { name }, value, description: `Used for system critical pods that ${which}` };
}

export function priorityClasses(describe: Describe): ResourceDeclaration {
  return declare<V1PriorityClass>({
    group: 'scheduling.k8s.io',
    version: 'v1',
    kind: 'PriorityClass',
    plural: 'priorityclasses',
    singular: 'priorityclass',
    shortNames: ['pc'],
    namespaced: false,
    definition: CLASS,
    columns: [
      nameColumn(describe),
      fieldColumn('Value', describe, [CLASS, 'value'], ({ value }) => value ?? 0, { type: 'integer' }),
      fieldColumn('Global-Default', describe, [CLASS, 'globalDefault'], (object) => object.globalDefault ?? false, {
        type: 'boolean',
      }),
      ageColumn(describe),
      fieldColumn('PreemptionPolicy', describe, [CLASS, 'preemptionPolicy'], (object) => object.preemptionPolicy ?? ''),
    ],
    strategy: {
      default(object) {
        object.preemptionPolicy ??= 'PreemptLowerPriority';
      },
      prepareForCreate(object) {
        if (object.metadata) object.metadata.generation = 1;
      },
      validate: validatePriorityClass,
      validateUpdate,
    },
  });
}

function validatePriorityClass({
  metadata,
  value = 0,
  globalDefault,
  preemptionPolicy,
}: V1PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  const name = metadata?.name ?? '';
  if (name.startsWith(SYSTEM_PREFIX)) {
    const wrong = unknownSystemClass(name, value, globalDefault === true);
    const reserved = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: `;
    if (wrong !== undefined) errors.push(forbiddenField('metadata.name', reserved + wrong));
  } else if (value > USER_VALUE_MAX) {
    const detail = `maximum allowed value of a user defined priority is ${USER_VALUE_MAX}`;
    errors.push(forbiddenField('value', detail));
  }
  if (preemptionPolicy === '') errors.push(required('preemptionPolicy'));
  else if (preemptionPolicy !== undefined && !POLICIES.includes(preemptionPolicy)) {
    errors.push(notSupported('preemptionPolicy', preemptionPolicy, POLICIES));
  }
  return errors;
}

/** Why a class with a system name is none of the system's. */
function unknownSystemClass(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = systemPriorityClasses().find(({ metadata }) => metadata?.name === name);
  if (!known) return `${name} is not a known system priority class`;
  if (known.value !== value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validateUpdate(object: V1PriorityClass, old: V1PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if ((object.value ?? 0) !== (old.value ?? 0)) {
    errors.push(forbiddenField('value', 'may not be changed in an update.'));
  }
  if (object.preemptionPolicy !== old.preemptionPolicy) {
    errors.push(invalidValue('preemptionPolicy', object.preemptionPolicy, 'field is immutable'));
  }
  return errors;
}
