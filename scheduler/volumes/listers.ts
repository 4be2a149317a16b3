/** What the volume plugins read: from informers, with what the scheduler itself has decided but not heard back yet. */
import type {
  V1CSINode,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';

export interface VolumeListers {
  /** By `namespace/name`. */
  claim(key: string): V1PersistentVolumeClaim | undefined;
  volume(name: string): V1PersistentVolume | undefined;
  volumesOfClass(storageClass: string): readonly V1PersistentVolume[];
  storageClass(name: string): V1StorageClass | undefined;
  csiNode(nodeName: string): V1CSINode | undefined;
}

/** States that are as good as written, each over the state it was made from; anything newer from the server wins. */
export class AssumeCache<T extends KubeObject> {
  readonly #latest: (key: string) => T | undefined;
  readonly #assumed = new Map<string, T>();

  constructor(latest: (key: string) => T | undefined) {
    this.#latest = latest;
  }

  get(key: string): T | undefined {
    const latest = this.#latest(key);
    const assumed = this.#assumed.get(key);
    if (!assumed) return latest;
    if (latest?.metadata?.resourceVersion === assumed.metadata?.resourceVersion) return assumed;
    this.#assumed.delete(key);
    return latest;
  }

  /** `object` still has the resourceVersion of the state it was made from. */
  assume(key: string, object: T): void {
    this.#assumed.set(key, object);
  }

  restore(key: string): void {
    this.#assumed.delete(key);
  }
}
