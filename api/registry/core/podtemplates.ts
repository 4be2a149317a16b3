import type { V1PodTemplate } from '../../../openapi/generated/types.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { column, type Describe, formatLabels, nameColumn } from './columns.ts';
import { defaultPodTemplate } from './pod-defaults.ts';
import { validatePodTemplate } from './pod-validation/pod.ts';
import { images, names } from './replicationcontrollers.ts';

export function podTemplates(describe: Describe): ResourceDeclaration {
  const containers = ({ template }: V1PodTemplate) => template?.spec?.containers ?? [];
  return declare<V1PodTemplate>({
    group: '',
    version: 'v1',
    kind: 'PodTemplate',
    plural: 'podtemplates',
    singular: 'podtemplate',
    namespaced: true,
    definition: 'io.k8s.api.core.v1.PodTemplate',
    columns: [
      nameColumn(describe),
      column('Containers', 'Names of each container in the template.', (object) => names(containers(object))),
      column('Images', 'Images referenced by each container in the template.', (object) => images(containers(object))),
      column('Pod Labels', 'The labels for the pod template.', ({ template }) =>
        formatLabels(template?.metadata?.labels),
      ),
    ],
    strategy: {
      default(object) {
        if (object.template) defaultPodTemplate(object.template);
      },
      prepareForCreate({ metadata }) {
        if (metadata) metadata.generation = 1;
      },
      prepareForUpdate({ metadata, template }, old) {
        if (metadata && !semanticEqual(template, old.template)) {
          metadata.generation = (old.metadata?.generation ?? 0) + 1;
        }
      },
      validate: ({ template = {} }) => validatePodTemplate(template, 'template'),
      returnsDeleted: true,
    },
  });
}
