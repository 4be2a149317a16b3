import type { V1RuntimeClass, V1Scheduling, V1Toleration } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import { validateTolerations } from '../core/pod-validation/scheduling.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { duplicate, forbiddenField, invalidEach, invalidValue } from '../validation/errors.ts';
import { validateLabels } from '../validation/fields.ts';
import { isDns1123Label } from '../validation/names.ts';
import {
  canonicalizeResources,
  validateContainerResourceName,
  validateQuantityValue,
} from '../validation/quantities.ts';

export function runtimeClasses(describe: Describe): ResourceDeclaration {
  return declare<V1RuntimeClass>({
    group: 'node.k8s.io',
    version: 'v1',
    kind: 'RuntimeClass',
    plural: 'runtimeclasses',
    singular: 'runtimeclass',
    namespaced: false,
    definition: 'io.k8s.api.node.v1.RuntimeClass',
    columns: [
      nameColumn(describe),
      // Upstream looks for the text in the wrong type, where there is none.
      column('Handler', '', ({ handler }) => handler ?? ''),
      ageColumn(describe),
    ],
    strategy: {
      default(object) {
        canonicalizeResources(object.overhead?.podFixed);
      },
      validate: validateRuntimeClass,
      validateUpdate: (object, old) =>
        object.handler === old.handler ? [] : [invalidValue('handler', object.handler, 'field is immutable')],
      createOnUpdate: true,
      unconditionalUpdate: false,
    },
  });
}

function validateRuntimeClass({ handler, overhead, scheduling }: V1RuntimeClass): FieldError[] {
  return [
    ...invalidEach('handler', handler, isDns1123Label(handler)),
    ...validateOverhead(overhead?.podFixed ?? {}),
    ...(scheduling ? validateScheduling(scheduling) : []),
  ];
}

/** Like a container's limits, whose path upstream keeps. */
function validateOverhead(podFixed: Record<string, string>): FieldError[] {
  const errors = Object.entries(podFixed).flatMap(([name, text]) => {
    const field = `overhead.limits[${name}]`;
    return [...validateContainerResourceName(name, field), ...validateQuantityValue(name, text, field)];
  });
  const names = Object.keys(podFixed);
  const hugePages = names.some((name) => name.startsWith('hugepages-'));
  if (hugePages && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbiddenField('overhead', 'HugePages require cpu or memory'));
  }
  return errors;
}

function validateScheduling({ nodeSelector, tolerations = [] }: V1Scheduling): FieldError[] {
  return [
    ...validateLabels(nodeSelector, 'scheduling.nodeSelector'),
    ...validateTolerations(tolerations, 'scheduling.tolerations.tolerations'),
    ...validateUnique(tolerations, 'scheduling.tolerations'),
  ];
}

function validateUnique(tolerations: readonly V1Toleration[], path: string): FieldError[] {
  const seen = new Set<string>();
  return tolerations.flatMap((toleration, i) => {
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds = null } = toleration;
    const identity = JSON.stringify([key, operator, value, effect]);
    const repeated = seen.has(identity);
    seen.add(identity);
    const shown = { Key: key, Operator: operator, Value: value, Effect: effect, TolerationSeconds: tolerationSeconds };
    return repeated ? [duplicate(`${path}[${i}]`, shown)] : [];
  });
}
