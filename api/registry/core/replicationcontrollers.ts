import type {
  V1ReplicationController,
  V1ReplicationControllerSpec,
  V1ReplicationControllerStatus,
} from '../../../openapi/generated/types.ts';
import { selectorText } from '../../../openapi/selectors.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateNonnegative } from '../validation/fields.ts';
import { ageColumn, column, type Describe, fieldColumn, formatLabels, nameColumn } from './columns.ts';
import { defaultPodTemplate } from './pod-defaults.ts';
import { validatePodTemplate } from './pod-validation/pod.ts';

const SPEC = 'io.k8s.api.core.v1.ReplicationControllerSpec';
const STATUS = 'io.k8s.api.core.v1.ReplicationControllerStatus';

export function replicationControllers(describe: Describe): ResourceDeclaration {
  const integer = { type: 'integer' } as const;
  const wide = { priority: 1 };
  const containers = (rc: V1ReplicationController) => rc.spec?.template?.spec?.containers ?? [];
  return declare<V1ReplicationController>({
    group: '',
    version: 'v1',
    kind: 'ReplicationController',
    plural: 'replicationcontrollers',
    singular: 'replicationcontroller',
    shortNames: ['rc'],
    categories: ['all'],
    namespaced: true,
    definition: 'io.k8s.api.core.v1.ReplicationController',
    storagePrefix: 'controllers',
    columns: [
      nameColumn(describe),
      fieldColumn('Desired', describe, [SPEC, 'replicas'], (rc) => rc.spec?.replicas ?? 0, integer),
      fieldColumn('Current', describe, [STATUS, 'replicas'], (rc) => rc.status?.replicas ?? 0, integer),
      fieldColumn('Ready', describe, [STATUS, 'readyReplicas'], (rc) => rc.status?.readyReplicas ?? 0, integer),
      ageColumn(describe),
      column('Containers', 'Names of each container in the template.', (rc) => names(containers(rc)), wide),
      column('Images', 'Images referenced by each container in the template.', (rc) => images(containers(rc)), wide),
      fieldColumn('Selector', describe, [SPEC, 'selector'], (rc) => formatLabels(rc.spec?.selector), wide),
    ],
    fields: (rc) => ({ 'status.replicas': String(rc.status?.replicas ?? 0) }),
    fieldLabels: ['status.replicas'],
    strategy: {
      default: defaultController,
      prepareForCreate(rc) {
        if (rc.metadata) rc.metadata.generation = 1;
        rc.status = { replicas: 0 };
      },
      prepareForUpdate(rc, old) {
        rc.status = old.status ?? { replicas: 0 };
        if (rc.metadata && !semanticEqual(rc.spec, old.spec)) {
          rc.metadata.generation = (old.metadata?.generation ?? 0) + 1;
        }
      },
      validate: (rc) => validateSpec(rc.spec ?? {}),
      orphansByDefault: true,
    },
    status: {
      prepareForUpdate(rc, old) {
        rc.spec = old.spec ?? {};
      },
      validateUpdate: (rc) => validateStatus(rc.status ?? { replicas: 0 }),
    },
    scale: {
      specReplicas: (rc) => rc.spec?.replicas ?? 0,
      statusReplicas: (rc) => rc.status?.replicas ?? 0,
      selector: (rc) => selectorText(rc.spec?.selector ?? {}),
      setReplicas(rc, replicas) {
        rc.spec = { ...rc.spec, replicas };
      },
    },
  });
}

/** `a,b` */
export function names(containers: readonly { name: string }[]): string {
  return containers.map(({ name }) => name).join(',');
}

export function images(containers: readonly { image?: string }[]): string {
  return containers.map(({ image = '' }) => image).join(',');
}

function defaultController(rc: V1ReplicationController): void {
  rc.spec ??= {};
  rc.status ??= { replicas: 0 };
  rc.status.replicas ??= 0;
  rc.metadata ??= {};
  if (rc.spec.template) defaultPodTemplate(rc.spec.template);
  const labels = rc.spec.template?.metadata?.labels;
  if (labels && isEmpty(rc.spec.selector)) rc.spec.selector = { ...labels };
  if (labels && isEmpty(rc.metadata.labels)) rc.metadata.labels = { ...labels };
  rc.spec.replicas ??= 1;
}

function isEmpty(labels: Record<string, string> | undefined): boolean {
  return Object.keys(labels ?? {}).length === 0;
}

function validateSpec(spec: V1ReplicationControllerSpec): FieldError[] {
  return [
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...(isEmpty(spec.selector) ? [required('spec.selector')] : []),
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateTemplate(spec),
  ];
}

function validateTemplate({ template, selector = {} }: V1ReplicationControllerSpec): FieldError[] {
  const path = 'spec.template';
  if (!template) return [required(path)];
  const labels = template.metadata?.labels ?? {};
  const errors: FieldError[] = [];
  if (Object.entries(selector).some(([key, value]) => labels[key] !== value)) {
    errors.push(invalidValue(`${path}.metadata.labels`, labels, '`selector` does not match template `labels`'));
  }
  errors.push(...validatePodTemplate(template, path));
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always') errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined) {
    const detail = 'activeDeadlineSeconds in ReplicationController is not Supported';
    errors.push(forbiddenField(`${path}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}

function validateStatus(status: V1ReplicationControllerStatus): FieldError[] {
  const { replicas, fullyLabeledReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const errors = [
    ...validateNonnegative(replicas, 'status.replicas'),
    ...validateNonnegative(fullyLabeledReplicas, 'status.fullyLabeledReplicas'),
    ...validateNonnegative(readyReplicas, 'status.readyReplicas'),
    ...validateNonnegative(availableReplicas, 'status.availableReplicas'),
    ...validateNonnegative(status.observedGeneration, 'status.observedGeneration'),
  ];
  const atMost = (name: string, value: number, limit: number, limitName: string) => {
    if (value > limit) errors.push(invalidValue(`status.${name}`, value, `cannot be greater than ${limitName}`));
  };
  atMost('fullyLabeledReplicas', fullyLabeledReplicas, replicas, 'status.replicas');
  atMost('readyReplicas', readyReplicas, replicas, 'status.replicas');
  atMost('availableReplicas', availableReplicas, replicas, 'status.replicas');
  if (availableReplicas > readyReplicas) {
    errors.push(invalidValue('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas'));
  }
  return errors;
}
