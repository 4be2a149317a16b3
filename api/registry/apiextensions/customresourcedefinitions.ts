/**
 * CustomResourceDefinitions, of which there are none and none can be made yet: the collection is there to be read,
 * because clients such as kubectl look into it before they say that a kind does not exist.
 */
import { rfc3339 } from '../../../base/clock.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';

export const customResourceDefinitions: ResourceDeclaration = declare({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: ['get', 'list', 'watch'],
  definition: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  storagePrefix: 'apiextensions.k8s.io/customresourcedefinitions',
  columns: [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      priority: 0,
      description: '',
      value: ({ metadata }) => metadata?.name ?? '',
    },
    {
      name: 'Created At',
      type: 'date',
      priority: 0,
      description: '',
      value: ({ metadata }) => rfc3339(Date.parse(metadata?.creationTimestamp ?? '')),
    },
  ],
  strategy: {},
});
