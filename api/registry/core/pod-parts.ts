/** The parts of a pod that have subresources of their own: its ephemeral containers, and what its containers ask for. */
import type { V1Container, V1Pod } from '../../../openapi/generated/types.ts';
import type { PartStrategy } from '../declaration.ts';
import { countSpecChange, keepMetadata } from '../prepare.ts';
import { validateEphemeralContainersUpdate } from './pod-validation/ephemeral.ts';
import { validatePodResize } from './pod-validation/resize.ts';

/** `pods/ephemeralcontainers`: adds containers for debugging; of all else the pod keeps what it has. */
export const podEphemeralContainers: PartStrategy<V1Pod> = {
  prepareForUpdate(pod, old) {
    const ephemeralContainers = pod.spec?.ephemeralContainers;
    pod.spec = { ...structuredClone(old.spec ?? { containers: [] }) };
    delete pod.spec.ephemeralContainers;
    if (ephemeralContainers) pod.spec.ephemeralContainers = ephemeralContainers;
    keepRest(pod, old);
  },
  validateUpdate: validateEphemeralContainersUpdate,
};

/** `pods/resize`: changes the resources of running containers. */
export const podResize: PartStrategy<V1Pod> = {
  prepareForUpdate(pod, old) {
    const { containers = [], initContainers = [], resources } = pod.spec ?? {};
    const before = structuredClone(old.spec ?? { containers: [] });
    // What adds or removes containers stays as it came, for the validation to refuse.
    if (hasAsMany(containers, before.containers) && hasAsMany(initContainers, before.initContainers)) {
      pod.spec = { ...before, containers: withResources(containers, before.containers) };
      if (before.initContainers) pod.spec.initContainers = withResources(initContainers, before.initContainers);
      delete pod.spec.resources;
      if (resources) pod.spec.resources = resources;
      keepRest(pod, old);
      return;
    }
    countSpecChange(pod, old);
  },
  validateUpdate: validatePodResize,
};

function keepRest(pod: V1Pod, old: V1Pod): void {
  pod.status = old.status ?? {};
  keepMetadata(pod, old);
  countSpecChange(pod, old);
}

function hasAsMany(list: readonly unknown[], old: readonly unknown[] = []): boolean {
  return list.length === old.length;
}

/** The old containers with the resources of the new ones; the new ones when they are others. */
function withResources(containers: V1Container[], old: readonly V1Container[]): V1Container[] {
  if (containers.some(({ name }, i) => name !== old[i]?.name)) return containers;
  return old.map((container, i) => {
    const { resources: _resources, resizePolicy: _policy, ...rest } = container;
    const { resources, resizePolicy } = containers[i] ?? container;
    return { ...rest, ...(resources ? { resources } : {}), ...(resizePolicy ? { resizePolicy } : {}) };
  });
}
