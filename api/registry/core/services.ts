import type { V1Service } from '../../../openapi/generated/types.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { nameIsDnsLabel } from '../validation/names.ts';
import type { Describe } from './columns.ts';
import { allocateService, claimsOf, occupy, releaseService, type ServiceAllocators } from './service-allocation.ts';
import { serviceColumns } from './service-columns.ts';
import { defaultService, normalizeChanged, normalizeNew } from './service-defaults.ts';
import { validateServiceStatusUpdate } from './service-status.ts';
import { validateService, validateServiceUpdate } from './service-validation.ts';

export function services(allocators: ServiceAllocators, describe: Describe): ResourceDeclaration {
  return declare<V1Service>({
    group: '',
    version: 'v1',
    kind: 'Service',
    plural: 'services',
    singular: 'service',
    shortNames: ['svc'],
    categories: ['all'],
    namespaced: true,
    definition: 'io.k8s.api.core.v1.Service',
    storagePrefix: 'services/specs',
    columns: serviceColumns(describe),
    fields: ({ spec }) => ({ 'spec.clusterIP': spec?.clusterIP ?? '', 'spec.type': spec?.type ?? '' }),
    fieldLabels: ['spec.clusterIP', 'spec.type'],
    strategy: {
      default: defaultService,
      prepareForCreate(service) {
        service.status = { loadBalancer: {} };
        if (service.spec) normalizeNew(service.spec);
      },
      prepareForUpdate(service, old) {
        service.status = old.status ?? { loadBalancer: {} };
        if (service.spec) normalizeChanged(service.spec, old.spec ?? {});
      },
      validate: validateService,
      validateUpdate: validateServiceUpdate,
      validateName: nameIsDnsLabel,
      allocate: (service, old) => allocateService(allocators, service, old),
      release: (service) => releaseService(allocators, service),
      claims: claimsOf,
      occupy: (claim, owner) => occupy(allocators, claim, owner),
      createOnUpdate: true,
      returnsDeleted: true,
    },
    status: {
      prepareForUpdate(service, old) {
        // A copy, for the allocation that follows may write into it.
        service.spec = structuredClone(old.spec ?? {});
      },
      validateUpdate: validateServiceStatusUpdate,
    },
  });
}
