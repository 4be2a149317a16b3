/** Devices: their classes, what there is of them, and who claims it. Declared and stored; nothing allocates them yet. */
import type {
  ResourceV1ResourceClaim,
  V1DeviceClass,
  V1ResourceClaimTemplate,
  V1ResourceSlice,
} from '../../../openapi/generated/types.ts';
import { isExtendedResource } from '../../../openapi/quota/resource-names.ts';
import type { CompileExpression } from '../admissionregistration/expressions.ts';
import { ageColumn, column, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countChange, countSpecChange, keepMetadata, startGeneration } from '../prepare.ts';
import { semanticEqual } from '../validation/equality.ts';
import { invalidValue } from '../validation/errors.ts';
import { validateImmutable, validateObjectMeta } from '../validation/metadata.ts';
import { validateClaimStatus } from './claim-status.ts';
import { defaultClaimSpec, validateClaimSpec, validateOpaque, validateSelectors } from './claim-validation.ts';
import { validateSlice } from './lists.ts';
import { validateSliceSpec, validateUnchanged } from './slice-validation.ts';

const PACKAGE = 'io.k8s.api.resource.v1';
const CONFIG_MAX = 32;

export function resourceResources(describe: Describe, compile?: CompileExpression): ResourceDeclaration[] {
  return [
    deviceClasses(describe, compile),
    resourceClaims(describe, compile),
    resourceClaimTemplates(describe, compile),
    resourceSlices(describe),
  ];
}

const common = (kind: string, plural: string, namespaced: boolean) => ({
  group: 'resource.k8s.io',
  version: 'v1',
  kind,
  plural,
  singular: kind.toLowerCase(),
  namespaced,
  definition: `${PACKAGE}.${kind}`,
});

function deviceClasses(describe: Describe, compile: CompileExpression | undefined): ResourceDeclaration {
  return declare<V1DeviceClass>({
    ...common('DeviceClass', 'deviceclasses', false),
    columns: [nameColumn(describe), ageColumn(describe)],
    strategy: {
      prepareForCreate: startGeneration,
      prepareForUpdate: countSpecChange,
      validate: ({ spec = {} }) => [
        ...validateSelectors(spec.selectors, 'spec.selectors', compile),
        ...validateSlice(spec.config, CONFIG_MAX, validateOpaque, 'spec.config'),
        ...(spec.extendedResourceName === undefined || isExtendedResource(spec.extendedResourceName)
          ? []
          : [
              invalidValue(
                'spec.extendedResourceName',
                spec.extendedResourceName,
                'must be a valid extended resource name',
              ),
            ]),
      ],
    },
  });
}

function resourceClaims(describe: Describe, compile: CompileExpression | undefined): ResourceDeclaration {
  return declare<ResourceV1ResourceClaim>({
    ...common('ResourceClaim', 'resourceclaims', true),
    columns: [
      nameColumn(describe),
      column('State', 'A summary of the current state (allocated, pending, reserved, etc.).', claimState),
      ageColumn(describe),
    ],
    strategy: {
      default: ({ spec }) => defaultClaimSpec(spec),
      prepareForCreate(claim) {
        claim.status = {};
      },
      prepareForUpdate(claim, old) {
        claim.status = old.status ?? {};
      },
      validate: ({ spec }) => validateClaimSpec(spec, 'spec', compile),
      validateUpdate: (claim, old) => validateImmutable(claim.spec, old.spec, 'spec'),
    },
    status: {
      prepareForUpdate(claim, old) {
        claim.spec = old.spec;
        keepMetadata(claim, old);
      },
      validateUpdate: validateClaimStatus,
    },
  });
}

function claimState({ metadata, status }: ResourceV1ResourceClaim): string {
  const states = [
    ...(metadata?.deletionTimestamp ? ['deleted'] : []),
    ...(status?.allocation ? ['allocated'] : []),
    ...(status?.reservedFor?.length ? ['reserved'] : []),
  ];
  if (!status?.allocation) states.push('pending');
  return states.join(',');
}

function resourceClaimTemplates(describe: Describe, compile: CompileExpression | undefined): ResourceDeclaration {
  return declare<V1ResourceClaimTemplate>({
    ...common('ResourceClaimTemplate', 'resourceclaimtemplates', true),
    columns: [nameColumn(describe), ageColumn(describe)],
    strategy: {
      default: ({ spec }) => defaultClaimSpec(spec?.spec),
      validate: ({ spec }) => [
        ...validateTemplateMetadata(spec.metadata),
        ...validateClaimSpec(spec.spec ?? {}, 'spec.spec', compile),
      ],
      validateUpdate: (template, old) => validateImmutable(template.spec, old.spec, 'spec'),
    },
  });
}

function validateTemplateMetadata(metadata: V1ResourceClaimTemplate['metadata']) {
  const { labels, annotations } = metadata ?? {};
  const named = { name: 'template', ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
  return validateObjectMeta(named, { namespaced: false }, 'spec.metadata');
}

function resourceSlices(describe: Describe): ResourceDeclaration {
  const spec = (field: string) => [`${PACKAGE}.ResourceSliceSpec`, field] as const;
  return declare<V1ResourceSlice>({
    ...common('ResourceSlice', 'resourceslices', false),
    columns: [
      nameColumn(describe),
      fieldColumn('Node', describe, spec('nodeName'), (slice) => slice.spec?.nodeName || nodesOf(slice)),
      fieldColumn('Driver', describe, spec('driver'), (slice) => slice.spec.driver),
      fieldColumn('Pool', describe, [`${PACKAGE}.ResourcePool`, 'name'], (slice) => slice.spec.pool?.name ?? ''),
      ageColumn(describe),
    ],
    fields: (slice) => ({ 'spec.nodeName': slice.spec?.nodeName ?? '', 'spec.driver': slice.spec?.driver ?? '' }),
    fieldLabels: ['spec.nodeName', 'spec.driver'],
    strategy: {
      prepareForCreate(slice, { clock }) {
        startGeneration(slice);
        stampTaints(slice, clock.now());
      },
      prepareForUpdate(slice, old, { clock }) {
        stampTaints(slice, clock.now());
        if (!semanticEqual(slice.spec, old.spec)) countChange(slice, old);
      },
      validate: (slice) => validateSliceSpec(slice.spec),
      validateUpdate: (slice, old) => validateUnchanged(slice.spec, old.spec),
    },
  });
}

function nodesOf({ spec }: V1ResourceSlice): string {
  if (spec.allNodes) return '<all>';
  return spec.nodeSelector ? '<node selector>' : spec.perDeviceNodeSelection ? '<per device>' : '';
}

/** Since when a taint holds, where its maker does not say. */
function stampTaints({ spec }: V1ResourceSlice, now: number): void {
  const timeAdded = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  for (const taint of (spec.devices ?? []).flatMap(({ taints = [] }) => taints)) taint.timeAdded ??= timeAdded;
}
