import type { V1Deployment, V1DeploymentSpec } from '../../../openapi/generated/types.ts';
import { ageColumn, column, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { defaultPodTemplate } from '../core/pod-defaults.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countChange, startGeneration } from '../prepare.ts';
import { semanticEqual } from '../validation/equality.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { containerColumns, selectorString } from './columns.ts';
import { validateDeployment, validateDeploymentStatus } from './deployments-validation.ts';
import { nameWarnings } from './names.ts';

const SPEC = 'io.k8s.api.apps.v1.DeploymentSpec';
const STATUS = 'io.k8s.api.apps.v1.DeploymentStatus';

export function deployments(describe: Describe): ResourceDeclaration {
  const ready = ({ status, spec }: V1Deployment) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`;
  return declare<V1Deployment>({
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    plural: 'deployments',
    singular: 'deployment',
    shortNames: ['deploy'],
    categories: ['all'],
    namespaced: true,
    definition: 'io.k8s.api.apps.v1.Deployment',
    columns: [
      nameColumn(describe),
      column('Ready', 'Number of the pod with ready state', ready),
      fieldColumn('Up-to-date', describe, [STATUS, 'updatedReplicas'], ({ status }) => status?.updatedReplicas ?? 0),
      fieldColumn('Available', describe, [STATUS, 'availableReplicas'], (d) => d.status?.availableReplicas ?? 0),
      ageColumn(describe),
      ...containerColumns<V1Deployment>((deployment) => deployment.spec?.template),
      fieldColumn('Selector', describe, [SPEC, 'selector'], (d) => selectorString(d.spec?.selector), { priority: 1 }),
    ],
    strategy: {
      default: defaultDeployment,
      prepareForCreate(deployment) {
        startGeneration(deployment);
        deployment.status = {};
      },
      prepareForUpdate(deployment, old) {
        deployment.status = old.status ?? {};
        const annotations = deployment.metadata?.annotations;
        // An annotation may be meant for the controller, so that it counts as a change of what is wanted.
        const isSame =
          semanticEqual(deployment.spec, old.spec) && semanticEqual(annotations ?? {}, old.metadata?.annotations ?? {});
        if (!isSame) countChange(deployment, old);
      },
      validate: validateDeployment,
      validateUpdate: (deployment, old) =>
        validateImmutable(deployment.spec?.selector, old.spec?.selector, 'spec.selector'),
      warnings: (deployment, old) => (old ? [] : nameWarnings(deployment.metadata?.name ?? '')),
    },
    status: {
      prepareForUpdate(deployment, old) {
        if (old.spec) deployment.spec = old.spec;
        deployment.metadata ??= {};
        if (old.metadata?.labels) deployment.metadata.labels = old.metadata.labels;
        else delete deployment.metadata.labels;
      },
      validateUpdate: validateDeploymentStatus,
    },
    scale: {
      specReplicas: ({ spec }) => spec?.replicas ?? 0,
      statusReplicas: ({ status }) => status?.replicas ?? 0,
      selector: ({ spec }) => selectorString(spec?.selector),
      setReplicas(deployment, replicas) {
        if (deployment.spec) deployment.spec.replicas = replicas;
      },
    },
  });
}

function defaultDeployment(deployment: V1Deployment): void {
  deployment.spec ??= {} as V1DeploymentSpec;
  deployment.status ??= {};
  const { spec } = deployment;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ||= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
    spec.strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
}
