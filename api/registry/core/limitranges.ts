import type { V1LimitRange, V1LimitRangeItem } from '../../../openapi/generated/types.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { canonicalizeResources } from '../validation/quantities.ts';
import { type Describe, fieldColumn, nameColumn } from './columns.ts';
import { validateLimitRange } from './limitrange-validation.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export function limitRanges(describe: Describe): ResourceDeclaration {
  return declare<V1LimitRange>({
    group: '',
    version: 'v1',
    kind: 'LimitRange',
    plural: 'limitranges',
    singular: 'limitrange',
    shortNames: ['limits'],
    namespaced: true,
    definition: 'io.k8s.api.core.v1.LimitRange',
    // Upstream has no printer for them, so they look as any kind without one.
    columns: [
      nameColumn(describe),
      fieldColumn(
        'Created At',
        describe,
        [META, 'creationTimestamp'],
        ({ metadata }) => metadata?.creationTimestamp ?? '',
        { type: 'date' },
      ),
    ],
    strategy: {
      default: defaultLimitRange,
      prepareForCreate({ metadata }, { random }) {
        if (metadata && !metadata.name && !metadata.generateName) metadata.name = random.uuid();
      },
      validate: validateLimitRange,
      createOnUpdate: true,
    },
  });
}

function defaultLimitRange(range: V1LimitRange): void {
  // Go writes a list that is empty as null.
  for (const limit of range.spec?.limits ?? []) {
    for (const list of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const) {
      canonicalizeResources(limit[list]);
    }
    if (limit.type === 'Container') defaultContainerLimit(limit);
  }
}

/** A limit that is not given is the maximum, a request that is not given the limit, or else the minimum. */
function defaultContainerLimit(limit: V1LimitRangeItem): void {
  const { max, min } = limit;
  const defaults = { ...max, ...limit.default };
  const requests = { ...min, ...defaults, ...limit.defaultRequest };
  if (Object.keys(defaults).length > 0) limit.default = defaults;
  if (Object.keys(requests).length > 0) limit.defaultRequest = requests;
}
