/** All objects of a cluster at one moment, and ways to find them. */
import type {
  V1Job,
  V1LabelSelector,
  V1OwnerReference,
  V1Pod,
  V1PodTemplateSpec,
} from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';

export type Labels = Readonly<Record<string, string>>;

export class Objects {
  readonly all: readonly KubeObject[];
  readonly byUid: ReadonlyMap<string, KubeObject>;
  readonly #controlled = new Map<string, KubeObject[]>();

  constructor(all: readonly KubeObject[]) {
    this.all = all;
    this.byUid = new Map(all.map((object) => [object.metadata?.uid ?? '', object]));
    for (const object of all) {
      const owner = controllerOf(object);
      if (owner) this.#controlled.set(owner.uid, [...(this.#controlled.get(owner.uid) ?? []), object]);
    }
  }

  /** All of a kind; the caller knows its type. */
  of<T extends KubeObject>(kind: string): T[] {
    return this.all.filter((object) => object.kind === kind) as T[];
  }

  /** Those of a kind that `owner` controls. */
  controlledBy<T extends KubeObject>(owner: KubeObject, kind: string): T[] {
    const controlled = this.#controlled.get(owner.metadata?.uid ?? '') ?? [];
    return controlled.filter((object) => object.kind === kind) as T[];
  }
}

/** `Deployment churn/web`. */
export function nameOf(object: KubeObject): string {
  const { namespace, name } = object.metadata ?? {};
  return `${object.kind} ${namespace ? `${namespace}/` : ''}${name}`;
}

export function controllerOf(object: KubeObject): V1OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find(({ controller }) => controller);
}

/** Whether each of `wanted` is among `actual`. */
export function includes(actual: Labels | undefined, wanted: Labels | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => actual?.[key] === value);
}

/** Only `matchLabels` are used here. */
export function isSelected(pod: V1Pod, selector: V1LabelSelector | undefined): boolean {
  return includes(pod.metadata?.labels, selector?.matchLabels);
}

export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** The condition of a job that has come to its end. */
export function finishOf(job: V1Job): 'Complete' | 'Failed' | undefined {
  const finish = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return finish?.type as 'Complete' | 'Failed' | undefined;
}

/** What of the template is not in the pod; what a controller or the server adds to it does not count. */
export function differences(pod: V1Pod, template: V1PodTemplateSpec | undefined): string[] {
  const found: string[] = [];
  if (!includes(pod.metadata?.labels, template?.metadata?.labels)) found.push('labels');
  if (!includes(pod.metadata?.annotations, template?.metadata?.annotations)) found.push('annotations');
  for (const { name, image } of template?.spec?.containers ?? []) {
    if (pod.spec?.containers.find((one) => one.name === name)?.image !== image) found.push(`container ${name}`);
  }
  return found;
}
