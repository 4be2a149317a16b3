import { rfc3339 } from '../../../base/clock.ts';
import { type Describe, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import type { Crd } from './conditions.ts';
import { CRD, decodeCrd } from './crd-decode.ts';
import { crdStatusStrategy, crdStrategy } from './crd-strategy.ts';

export const CRD_PREFIX = '/registry/apiextensions.k8s.io/customresourcedefinitions/';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** CustomResourceDefinitions. What they define is served by `CustomResources`. */
export function customResourceDefinitionsOf(describe: Describe): ResourceDeclaration {
  return declare<Crd>({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    singular: 'customresourcedefinition',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    namespaced: false,
    definition: CRD,
    decode: decodeCrd,
    storagePrefix: 'apiextensions.k8s.io/customresourcedefinitions',
    columns: [
      nameColumn(describe),
      {
        name: 'Created At',
        type: 'date',
        priority: 0,
        get description() {
          return describe(META, 'creationTimestamp');
        },
        value: ({ metadata }) => rfc3339(Date.parse(metadata?.creationTimestamp ?? '')),
      },
    ],
    strategy: crdStrategy,
    status: crdStatusStrategy,
  });
}

/** With columns that describe nothing. */
export const customResourceDefinitions: ResourceDeclaration = customResourceDefinitionsOf(() => '');
