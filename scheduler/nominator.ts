/** Pods that have been promised a node while its victims are still leaving: they count for others, as if they were there. */
import type { PodInfo } from './pod-info.ts';

export class Nominator {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  get size(): number {
    return this.#nodeOf.size;
  }

  /** Promises the node, instead of what was promised before. */
  set(pod: PodInfo, nodeName: string): void {
    this.delete(pod.uid);
    this.#nodeOf.set(pod.uid, nodeName);
    const pods = this.#byNode.get(nodeName);
    if (pods) pods.set(pod.uid, pod);
    else this.#byNode.set(nodeName, new Map([[pod.uid, pod]]));
  }

  delete(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  /** Pods that have been promised this node. */
  on(nodeName: string): Iterable<PodInfo> {
    return this.#byNode.get(nodeName)?.values() ?? [];
  }
}
