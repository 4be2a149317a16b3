import { fillAlwaysWritten } from '../../../openapi/always-written.ts';
import type { V2HorizontalPodAutoscaler } from '../../../openapi/generated/types.ts';
import type { Describe } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { autoscalerColumns } from './horizontalpodautoscalers-columns.ts';
import { defaultAutoscaler } from './horizontalpodautoscalers-defaults.ts';
import { validateAutoscaler, validateAutoscalerStatus } from './horizontalpodautoscalers-validation.ts';
import { fromV1, toV1 } from './v1-conversion.ts';

const DEFINITION = 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler';

export function horizontalPodAutoscalers(describe: Describe): ResourceDeclaration {
  return declare<V2HorizontalPodAutoscaler>({
    group: 'autoscaling',
    version: 'v2',
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    singular: 'horizontalpodautoscaler',
    shortNames: ['hpa'],
    categories: ['all'],
    namespaced: true,
    definition: DEFINITION,
    columns: autoscalerColumns(describe, (autoscaler) => autoscaler),
    alsoServed: [
      {
        version: 'v1',
        definition: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
        fromStored: toV1,
        toStored: fromV1,
        // Upstream's printer shows both versions alike, so what is shown as v1 is read back first.
        columns: autoscalerColumns(describe, (autoscaler) => {
          const copy = structuredClone(autoscaler);
          fromV1(copy);
          return copy;
        }),
      },
    ],
    strategy: {
      default: defaultAutoscaler,
      prepareForCreate(autoscaler) {
        autoscaler.status = { desiredReplicas: 0 };
        fillAlwaysWritten(DEFINITION, autoscaler);
      },
      prepareForUpdate(autoscaler, old) {
        autoscaler.status = old.status ?? { desiredReplicas: 0 };
      },
      validate: validateAutoscaler,
    },
    status: {
      prepareForUpdate(autoscaler, old) {
        autoscaler.spec = old.spec;
      },
      validateUpdate: validateAutoscalerStatus,
    },
  });
}
