import type { V1PriorityLevelConfiguration, V1QueuingConfiguration } from '../../../openapi/generated/types.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { type Column, declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, keepMetadata, startGeneration } from '../prepare.ts';
import { validateConditionTypes } from './conditions.ts';
import { validatePriorityLevel } from './prioritylevel-validation.ts';

type Level = V1PriorityLevelConfiguration;

const PACKAGE = 'io.k8s.api.flowcontrol.v1';

export function priorityLevelConfigurations(describe: Describe): ResourceDeclaration {
  return declare<Level>({
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    kind: 'PriorityLevelConfiguration',
    plural: 'prioritylevelconfigurations',
    singular: 'prioritylevelconfiguration',
    namespaced: false,
    definition: `${PACKAGE}.PriorityLevelConfiguration`,
    columns: columns(describe),
    strategy: {
      default: defaultLevel,
      prepareForCreate(level) {
        startGeneration(level);
        level.status = {};
      },
      prepareForUpdate(level, old) {
        level.status = old.status ?? {};
        countSpecChange(level, old);
      },
      validate: validatePriorityLevel,
    },
    status: {
      prepareForUpdate(level, old) {
        if (old.spec) level.spec = old.spec;
        keepMetadata(level, old);
      },
      validateUpdate: ({ status }) => validateConditionTypes(status?.conditions),
    },
  });
}

function defaultLevel({ spec }: Level): void {
  if (!spec) return;
  if (spec.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (!spec.limited) return;
  spec.limited.nominalConcurrencyShares ??= 30;
  spec.limited.lendablePercent ??= 0;
  const { queuing } = spec.limited.limitResponse ?? {};
  if (!queuing) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

function columns(describe: Describe): Column<Level>[] {
  const queuing = (name: string, field: keyof V1QueuingConfiguration): Column<Level> =>
    fieldColumn(name, describe, [`${PACKAGE}.QueuingConfiguration`, field], ({ spec }) => {
      return spec?.limited?.limitResponse?.queuing?.[field] ?? '<none>';
    });
  const shares = ({ spec }: Level) =>
    spec?.limited?.nominalConcurrencyShares ?? spec?.exempt?.nominalConcurrencyShares ?? '<none>';
  return [
    nameColumn(describe),
    fieldColumn(
      'Type',
      describe,
      [`${PACKAGE}.PriorityLevelConfigurationSpec`, 'type'],
      ({ spec }) => spec?.type ?? '',
    ),
    fieldColumn(
      'NominalConcurrencyShares',
      describe,
      [`${PACKAGE}.LimitedPriorityLevelConfiguration`, 'nominalConcurrencyShares'],
      shares,
    ),
    queuing('Queues', 'queues'),
    queuing('HandSize', 'handSize'),
    queuing('QueueLengthLimit', 'queueLengthLimit'),
    ageColumn(describe),
  ];
}
