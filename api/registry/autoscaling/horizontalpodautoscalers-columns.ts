/** How printers show autoscalers. */
import type {
  V2HorizontalPodAutoscaler,
  V2MetricSpec,
  V2MetricStatus,
  V2MetricTarget,
  V2MetricValueStatus,
} from '../../../openapi/generated/types.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import type { Column } from '../declaration.ts';

const SPEC = 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec';
const STATUS = 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus';
const UNKNOWN = '<unknown>';
const METRICS_SHOWN_MAX = 2;

type Read = (autoscaler: V2HorizontalPodAutoscaler) => V2HorizontalPodAutoscaler;

/** `read` makes a v2 of what is shown. */
export function autoscalerColumns(describe: Describe, read: Read): Column<V2HorizontalPodAutoscaler>[] {
  return [
    nameColumn(describe),
    fieldColumn('Reference', describe, [SPEC, 'scaleTargetRef'], ({ spec }) => {
      return `${spec.scaleTargetRef?.kind ?? ''}/${spec.scaleTargetRef?.name ?? ''}`;
    }),
    fieldColumn('Targets', describe, [SPEC, 'metrics'], (autoscaler) => {
      const { spec, status } = read(autoscaler);
      return formatMetrics(spec.metrics ?? [], status?.currentMetrics ?? []);
    }),
    fieldColumn('MinPods', describe, [SPEC, 'minReplicas'], ({ spec }) => String(spec.minReplicas ?? '<unset>')),
    fieldColumn('MaxPods', describe, [SPEC, 'maxReplicas'], ({ spec }) => spec.maxReplicas ?? 0),
    fieldColumn('Replicas', describe, [STATUS, 'currentReplicas'], ({ status }) => status?.currentReplicas ?? 0),
    ageColumn(describe),
  ];
}

/** `cpu: 10%/80%, 3/5`: what there is over what is wanted, of the first two metrics. */
export function formatMetrics(specs: readonly V2MetricSpec[], statuses: readonly V2MetricStatus[]): string {
  if (specs.length === 0) return '<none>';
  const shown = specs.slice(0, METRICS_SHOWN_MAX).map((spec, i) => formatMetric(spec, statuses[i]));
  const more = specs.length - shown.length;
  return more > 0 ? `${shown.join(', ')} + ${more} more...` : shown.join(', ');
}

function formatMetric(spec: V2MetricSpec, status: V2MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return formatValue(spec.external?.target, status?.external?.current);
    case 'Object':
      return formatValue(spec.object?.target, status?.object?.current);
    case 'Pods':
      return `${status?.pods?.current.averageValue ?? UNKNOWN}/${spec.pods?.target.averageValue ?? ''}`;
    case 'Resource':
      return `${spec.resource?.name}: ${formatUsage(spec.resource?.target, status?.resource?.current)}`;
    case 'ContainerResource': {
      const { name, target } = spec.containerResource ?? {};
      return `${name}: ${formatUsage(target, status?.containerResource?.current)}`;
    }
    default:
      return '<unknown type>';
  }
}

function formatValue(target: V2MetricTarget | undefined, current: V2MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
  return `${current?.value ?? UNKNOWN}/${target?.value ?? ''}`;
}

function formatUsage(target: V2MetricTarget | undefined, current: V2MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  const percent = (value: number | undefined, otherwise: string) => (value === undefined ? otherwise : `${value}%`);
  return `${percent(current?.averageUtilization, UNKNOWN)}/${percent(target?.averageUtilization, '<auto>')}`;
}
