import { fillAlwaysWritten } from '../../../openapi/always-written.ts';
import type { V1DaemonSet, V1DaemonSetSpec, V1DaemonSetStatus } from '../../../openapi/generated/types.ts';
import { ageColumn, type Describe, fieldColumn, formatLabels, nameColumn } from '../core/columns.ts';
import { defaultPodTemplate } from '../core/pod-defaults.ts';
import { type Column, declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { semanticEqual } from '../validation/equality.ts';
import { formatLabelSelector } from '../validation/label-selectors.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { containerColumns } from './columns.ts';
import { validateDaemonSet, validateDaemonSetStatus } from './daemonsets-validation.ts';

const DEFINITION = 'io.k8s.api.apps.v1.DaemonSet';
const SPEC = 'io.k8s.api.apps.v1.DaemonSetSpec';
const STATUS = 'io.k8s.api.apps.v1.DaemonSetStatus';
/** Where v1 keeps a field of older versions, which counts changes of the template. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

const NO_STATUS: Readonly<V1DaemonSetStatus> = {
  currentNumberScheduled: 0,
  desiredNumberScheduled: 0,
  numberMisscheduled: 0,
  numberReady: 0,
};

export function daemonSets(describe: Describe): ResourceDeclaration {
  return declare<V1DaemonSet>({
    group: 'apps',
    version: 'v1',
    kind: 'DaemonSet',
    plural: 'daemonsets',
    singular: 'daemonset',
    shortNames: ['ds'],
    categories: ['all'],
    namespaced: true,
    definition: DEFINITION,
    columns: columnsOf(describe),
    strategy: {
      default: defaultDaemonSet,
      prepareForCreate(set) {
        startGeneration(set);
        set.status = { ...NO_STATUS };
        setTemplateGeneration(set, Math.max(templateGenerationOf(set), 1));
        fillAlwaysWritten(DEFINITION, set);
      },
      prepareForUpdate(set, old) {
        set.status = old.status ?? { ...NO_STATUS };
        const isSame = semanticEqual(set.spec?.template, old.spec?.template);
        setTemplateGeneration(set, templateGenerationOf(old) + (isSame ? 0 : 1));
        countSpecChange(set, old);
      },
      validate: validateDaemonSet,
      // Upstream validates the spec of an update twice, which shows in the causes.
      validateUpdate: (set, old) => [
        ...validateDaemonSet(set),
        ...validateImmutable(set.spec?.selector, old.spec?.selector, 'spec.selector'),
      ],
    },
    status: {
      prepareForUpdate(set, old) {
        if (old.spec) set.spec = old.spec;
        setTemplateGeneration(set, templateGenerationOf(old));
      },
      validateUpdate: validateDaemonSetStatus,
    },
  });
}

function columnsOf(describe: Describe): Column<V1DaemonSet>[] {
  const count = (name: string, field: keyof V1DaemonSetStatus) =>
    fieldColumn<V1DaemonSet>(name, describe, [STATUS, field], ({ status }) => Number(status?.[field] ?? 0), {
      type: 'integer',
    });
  return [
    nameColumn(describe),
    count('Desired', 'desiredNumberScheduled'),
    count('Current', 'currentNumberScheduled'),
    count('Ready', 'numberReady'),
    count('Up-to-date', 'updatedNumberScheduled'),
    count('Available', 'numberAvailable'),
    fieldColumn('Node Selector', describe, ['io.k8s.api.core.v1.PodSpec', 'nodeSelector'], ({ spec }) =>
      formatLabels(spec?.template?.spec?.nodeSelector),
    ),
    ageColumn(describe),
    ...containerColumns<V1DaemonSet>(({ spec }) => spec?.template),
    fieldColumn('Selector', describe, [SPEC, 'selector'], ({ spec }) => formatLabelSelector(spec?.selector), {
      priority: 1,
    }),
  ];
}

function defaultDaemonSet(set: V1DaemonSet): void {
  set.spec ??= {} as V1DaemonSetSpec;
  set.status ??= { ...NO_STATUS };
  const { spec } = set;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
}

function templateGenerationOf({ metadata }: V1DaemonSet): number {
  return Number(metadata?.annotations?.[TEMPLATE_GENERATION] ?? 0) || 0;
}

function setTemplateGeneration(set: V1DaemonSet, generation: number): void {
  set.metadata ??= {};
  set.metadata.annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}
