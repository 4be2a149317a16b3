/**
 * Settles which objects belong to a controller: adopts matching orphans, releases those of its own that no longer match.
 * Ownership is a reference in the object, so two controllers with the same selector never fight over one.
 */
import type { ResourceClient } from '../../client/client.ts';
import type { V1OwnerReference } from '../../openapi/generated/types.ts';
import { type KubeObject, keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { controllerOfObject } from './pods.ts';

export type Claim = 'keep' | 'ignore' | 'adopt' | 'release';

/** What a controller should do about an object. `owner` may be on its way out: then it takes and gives up nothing. */
export function claimOf(owner: KubeObject, object: KubeObject, matches: boolean): Claim {
  const controller = controllerOfObject(object);
  const leaving = owner.metadata?.deletionTimestamp !== undefined;
  if (controller) {
    if (controller.uid !== owner.metadata?.uid) return 'ignore';
    if (matches) return 'keep';
    return leaving ? 'ignore' : 'release';
  }
  if (leaving || !matches || object.metadata?.deletionTimestamp !== undefined) return 'ignore';
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
 * Carries out the claims and resolves with the objects that are `owner`'s. `fetchOwner` reads the owner from the server:
 * before the first adoption it is checked there that the owner is not being deleted, since the copy may be behind.
 */
export async function claimObjects<T extends KubeObject>(options: {
  /** The calls for the objects' kind: adoption and release are patches. */
  resource: ResourceClient<T>;
  owner: KubeObject;
  objects: readonly T[];
  matches(object: T): boolean;
  fetchOwner(): Promise<KubeObject>;
  /** What is put on adopted objects, and taken off those that are released. */
  finalizers?: readonly string[];
}): Promise<T[]> {
  const { resource, owner, objects, matches, finalizers = [] } = options;
  let checked: Promise<void> | undefined;
  const mine: T[] = [];
  for (const object of objects) {
    switch (claimOf(owner, object, matches(object))) {
      case 'keep':
        mine.push(object);
        break;
      case 'release':
        await release(resource, owner, object, finalizers);
        break;
      case 'adopt':
        checked ??= options.fetchOwner().then((fresh) => assertAdoptable(owner, fresh));
        await checked;
        if (await adopt(resource, owner, object, finalizers)) mine.push(object);
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

/** False when the object is gone meanwhile. The uid in the patch keeps it from a new object of the same name. */
async function adopt<T extends KubeObject>(
  resource: ResourceClient<T>,
  owner: KubeObject,
  object: T,
  finalizers: readonly string[],
) {
  const more = finalizers.length > 0 ? { finalizers } : {};
  const metadata = { ownerReferences: [controllerReference(owner)], uid: object.metadata?.uid, ...more };
  try {
    await patchObject(resource, object, { metadata });
    return true;
  } catch (error) {
    if (isStatus(error, 'NotFound')) return false;
    throw error;
  }
}

async function release<T extends KubeObject>(
  resource: ResourceClient<T>,
  owner: KubeObject,
  object: T,
  finalizers: readonly string[],
) {
  const removal = [{ $patch: 'delete', uid: owner.metadata?.uid }];
  const more = finalizers.length > 0 ? { '$deleteFromPrimitiveList/finalizers': finalizers } : {};
  const metadata = { ownerReferences: removal, uid: object.metadata?.uid, ...more };
  try {
    await patchObject(resource, object, { metadata });
  } catch (error) {
    // Gone, or not ours any more: either way it is released.
    if (!isStatus(error, 'NotFound') && !isStatus(error, 'Invalid')) throw error;
  }
}

function patchObject<T extends KubeObject>(resource: ResourceClient<T>, object: T, patch: unknown): Promise<T> {
  const { name = '', namespace } = object.metadata ?? {};
  return resource.patch(name, namespace, patch, 'application/strategic-merge-patch+json');
}
