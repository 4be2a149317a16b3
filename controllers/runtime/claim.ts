/**
 * Settles which pods belong to a controller: adopts matching orphans, releases pods of its own that no longer match.
 * Ownership is a reference in the pod, so two controllers with the same selector never fight over one.
 */
import type { Client } from '../../client/client.ts';
import type { V1OwnerReference, V1Pod } from '../../openapi/generated/types.ts';
import { type KubeObject, keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { controllerOfObject } from './pods.ts';

export type Claim = 'keep' | 'ignore' | 'adopt' | 'release';

/** What a controller should do about a pod. `owner` may be on its way out: then it takes and gives up nothing. */
export function claimOf(owner: KubeObject, pod: V1Pod, matches: boolean): Claim {
  const controller = controllerOfObject(pod);
  const leaving = owner.metadata?.deletionTimestamp !== undefined;
  if (controller) {
    if (controller.uid !== owner.metadata?.uid) return 'ignore';
    if (matches) return 'keep';
    return leaving ? 'ignore' : 'release';
  }
  if (leaving || !matches || pod.metadata?.deletionTimestamp !== undefined) return 'ignore';
  return 'adopt';
}

/** The reference that makes `owner` the controller of an object. `owner` must carry its kind. */
export function controllerReference(owner: KubeObject): V1OwnerReference {
  return {
    apiVersion: owner.apiVersion ?? '',
    kind: owner.kind ?? '',
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/**
 * Carries out the claims and resolves with the pods that are `owner`'s. `fetchOwner` reads the owner from the server:
 * before the first adoption it is checked there that the owner is not being deleted, since the copy may be behind.
 */
export async function claimPods(options: {
  client: Client;
  owner: KubeObject;
  pods: readonly V1Pod[];
  matches(pod: V1Pod): boolean;
  fetchOwner(): Promise<KubeObject>;
}): Promise<V1Pod[]> {
  const { client, owner, pods, matches } = options;
  let checked: Promise<void> | undefined;
  const mine: V1Pod[] = [];
  for (const pod of pods) {
    switch (claimOf(owner, pod, matches(pod))) {
      case 'keep':
        mine.push(pod);
        break;
      case 'release':
        await release(client, owner, pod);
        break;
      case 'adopt':
        checked ??= options.fetchOwner().then((fresh) => assertAdoptable(owner, fresh));
        await checked;
        if (await adopt(client, owner, pod)) mine.push(pod);
        break;
      case 'ignore':
        break;
    }
  }
  return mine;
}

function assertAdoptable(owner: KubeObject, fresh: KubeObject): void {
  const what = `${owner.kind} ${keyOf(owner)}`;
  if (fresh.metadata?.uid !== owner.metadata?.uid) {
    throw new Error(`original ${what} is gone: got uid ${fresh.metadata?.uid}, wanted ${owner.metadata?.uid}`);
  }
  if (fresh.metadata?.deletionTimestamp !== undefined) {
    throw new Error(`${keyOf(owner)} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
  }
}

/** False when the pod is gone meanwhile. The uid in the patch keeps it from a new pod of the same name. */
async function adopt(client: Client, owner: KubeObject, pod: V1Pod): Promise<boolean> {
  const patch = { metadata: { ownerReferences: [controllerReference(owner)], uid: pod.metadata?.uid } };
  try {
    await patchPod(client, pod, patch);
    return true;
  } catch (error) {
    if (isStatus(error, 'NotFound')) return false;
    throw error;
  }
}

async function release(client: Client, owner: KubeObject, pod: V1Pod): Promise<void> {
  const removal = [{ $patch: 'delete', uid: owner.metadata?.uid }];
  try {
    await patchPod(client, pod, { metadata: { ownerReferences: removal, uid: pod.metadata?.uid } });
  } catch (error) {
    // Gone, or not ours any more: either way it is released.
    if (!isStatus(error, 'NotFound') && !isStatus(error, 'Invalid')) throw error;
  }
}

function patchPod(client: Client, pod: V1Pod, patch: unknown): Promise<V1Pod> {
  const { name = '', namespace } = pod.metadata ?? {};
  return client.pods.patch(name, namespace, patch, 'application/strategic-merge-patch+json');
}
