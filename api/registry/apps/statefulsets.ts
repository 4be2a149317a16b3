import { fillAlwaysWritten } from '../../../openapi/always-written.ts';
import type { V1StatefulSet } from '../../../openapi/generated/types.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { nameIsDnsLabel } from '../validation/names.ts';
import { containerColumns, selectorString } from './columns.ts';
import { defaultStatefulSet } from './statefulsets-defaults.ts';
import {
  validateStatefulSet,
  validateStatefulSetStatus,
  validateStatefulSetUpdate,
} from './statefulsets-validation.ts';

const DEFINITION = 'io.k8s.api.apps.v1.StatefulSet';

export function statefulSets(describe: Describe): ResourceDeclaration {
  const ready = ({ status, spec }: V1StatefulSet) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`;
  return declare<V1StatefulSet>({
    group: 'apps',
    version: 'v1',
    kind: 'StatefulSet',
    plural: 'statefulsets',
    singular: 'statefulset',
    shortNames: ['sts'],
    categories: ['all'],
    namespaced: true,
    definition: DEFINITION,
    columns: [
      nameColumn(describe),
      column('Ready', 'Number of the pod with ready state', ready),
      ageColumn(describe),
      ...containerColumns<V1StatefulSet>((set) => set.spec?.template),
    ],
    strategy: {
      default: defaultStatefulSet,
      prepareForCreate(set) {
        startGeneration(set);
        set.status = { replicas: 0 };
        fillAlwaysWritten(DEFINITION, set);
      },
      prepareForUpdate(set, old) {
        set.status = old.status ?? { replicas: 0 };
        countSpecChange(set, old);
      },
      validate: validateStatefulSet,
      validateUpdate: validateStatefulSetUpdate,
      validateName: nameIsDnsLabel,
      warnings: warningsOf,
    },
    status: {
      prepareForUpdate(set, old) {
        if (old.spec) set.spec = old.spec;
      },
      validateUpdate: validateStatefulSetStatus,
    },
    scale: {
      specReplicas: (set) => set.spec?.replicas ?? 0,
      statusReplicas: (set) => set.status?.replicas ?? 0,
      selector: (set) => selectorString(set.spec?.selector),
      setReplicas(set, replicas) {
        if (set.spec) set.spec.replicas = replicas;
      },
    },
  });
}

function warningsOf({ spec }: V1StatefulSet): string[] {
  if ((spec?.revisionHistoryLimit ?? 0) >= 0) return [];
  const text = 'a negative value retains all historical revisions; a value >= 0 is recommended';
  return [`spec.revisionHistoryLimit: ${text}`];
}
