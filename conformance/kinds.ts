/** The kinds every server must serve, each with a sample object and a change to it: the tables the suites run over. */
import { clusterKinds } from './kinds/cluster.ts';
import { coreKinds } from './kinds/core.ts';
import { networkKinds } from './kinds/network.ts';
import type { KindCase } from './kinds/shape.ts';
import { storageKinds } from './kinds/storage.ts';
import { workloadKinds } from './kinds/workloads.ts';

export {
  type KindCase,
  sampleConfigMap,
  sampleController,
  samplePod,
  samplePodSpec,
  sampleService,
} from './kinds/shape.ts';

export const kinds: KindCase[] = [...coreKinds, ...workloadKinds, ...networkKinds, ...storageKinds, ...clusterKinds];

/** The path of a kind's collection. */
export function collectionOf(kind: KindCase, namespace: string): string {
  const root = kind.apiVersion === 'v1' ? '/api/v1' : `/apis/${kind.apiVersion}`;
  return kind.namespaced ? `${root}/namespaces/${namespace}/${kind.resource}` : `${root}/${kind.resource}`;
}

/** The resource as error messages name it: `leases.coordination.k8s.io`. */
export function qualifiedResource(kind: KindCase): string {
  const [group, version] = kind.apiVersion.split('/');
  return version === undefined ? kind.resource : `${kind.resource}.${group}`;
}

/** A name an object of the kind may have, as unique as what it is made from. */
export function nameOf(kind: KindCase, unique: string): string {
  return kind.nameFor?.(unique) ?? unique;
}
