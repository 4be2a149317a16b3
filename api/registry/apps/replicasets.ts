import { fillAlwaysWritten } from '../../../openapi/always-written.ts';
import type { V1ReplicaSet, V1ReplicaSetSpec, V1ReplicaSetStatus } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { defaultPodTemplate } from '../core/pod-defaults.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { validateNonnegative } from '../validation/fields.ts';
import { formatLabelSelector } from '../validation/label-selectors.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { containerColumns, selectorString } from './columns.ts';
import { validateAtMost, validateCounts } from './counts.ts';
import { nameWarnings } from './names.ts';
import { validateReplicaTemplate, validateSelector } from './templates.ts';

const DEFINITION = 'io.k8s.api.apps.v1.ReplicaSet';
const SPEC = 'io.k8s.api.apps.v1.ReplicaSetSpec';
const STATUS = 'io.k8s.api.apps.v1.ReplicaSetStatus';

export function replicaSets(describe: Describe): ResourceDeclaration {
  const integer = { type: 'integer' } as const;
  return declare<V1ReplicaSet>({
    group: 'apps',
    version: 'v1',
    kind: 'ReplicaSet',
    plural: 'replicasets',
    singular: 'replicaset',
    shortNames: ['rs'],
    categories: ['all'],
    namespaced: true,
    definition: DEFINITION,
    columns: [
      nameColumn(describe),
      fieldColumn('Desired', describe, [SPEC, 'replicas'], (rs) => rs.spec?.replicas ?? 0, integer),
      fieldColumn('Current', describe, [STATUS, 'replicas'], (rs) => rs.status?.replicas ?? 0, integer),
      fieldColumn('Ready', describe, [STATUS, 'readyReplicas'], (rs) => rs.status?.readyReplicas ?? 0, integer),
      ageColumn(describe),
      ...containerColumns<V1ReplicaSet>((rs) => rs.spec?.template),
      fieldColumn('Selector', describe, [SPEC, 'selector'], (rs) => formatLabelSelector(rs.spec?.selector), {
        priority: 1,
      }),
    ],
    strategy: {
      default: defaultReplicaSet,
      prepareForCreate(rs) {
        startGeneration(rs);
        rs.status = { replicas: 0 };
        fillAlwaysWritten(DEFINITION, rs);
      },
      prepareForUpdate(rs, old) {
        rs.status = old.status ?? { replicas: 0 };
        countSpecChange(rs, old);
      },
      validate: validateReplicaSet,
      // Upstream validates the spec of an update twice, which shows in the causes.
      validateUpdate: (rs, old) => [
        ...validateReplicaSet(rs),
        ...validateImmutable(rs.spec?.selector, old.spec?.selector, 'spec.selector'),
      ],
      warnings: (rs, old) => (old ? [] : nameWarnings(rs.metadata?.name ?? '')),
    },
    status: {
      prepareForUpdate(rs, old) {
        if (old.spec) rs.spec = old.spec;
      },
      validateUpdate: (rs) => validateStatus(rs.status ?? { replicas: 0 }),
    },
    scale: {
      specReplicas: (rs) => rs.spec?.replicas ?? 0,
      statusReplicas: (rs) => rs.status?.replicas ?? 0,
      selector: (rs) => selectorString(rs.spec?.selector),
      setReplicas(rs, replicas) {
        if (rs.spec) rs.spec.replicas = replicas;
      },
    },
  });
}

function defaultReplicaSet(rs: V1ReplicaSet): void {
  rs.spec ??= {} as V1ReplicaSetSpec;
  rs.status ??= { replicas: 0 };
  rs.spec.template ??= {};
  defaultPodTemplate(rs.spec.template);
  rs.spec.replicas ??= 1;
}

function validateReplicaSet({ spec }: V1ReplicaSet): FieldError[] {
  return [
    ...validateNonnegative(spec?.replicas, 'spec.replicas'),
    ...validateNonnegative(spec?.minReadySeconds, 'spec.minReadySeconds'),
    ...validateSelector(spec?.selector, 'spec.selector', 'deployment'),
    ...validateReplicaTemplate(spec ?? {}, 'spec.template'),
  ];
}

function validateStatus(status: V1ReplicaSetStatus): FieldError[] {
  return [
    ...validateCounts(status, [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'terminatingReplicas',
      'observedGeneration',
    ]),
    ...validateAtMost(status, 'fullyLabeledReplicas', 'replicas'),
    ...validateAtMost(status, 'readyReplicas', 'replicas'),
    ...validateAtMost(status, 'availableReplicas', 'replicas'),
    ...validateAtMost(status, 'availableReplicas', 'readyReplicas', 'readyReplicas'),
  ];
}
