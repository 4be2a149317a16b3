/**
 * Holds claims that pods use and volumes that are bound: a finalizer keeps what is deleted until nothing needs it any
 * more. Admission puts the finalizers on; here they are put on what came past it, and taken off in time.
 */
import type { ResourceClient } from '../../client/client.ts';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1Pod } from '../../openapi/generated/types.ts';
import { type KubeObject, keyOf } from '../../openapi/object.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { isFinished } from '../runtime/pods.ts';
import { claimKeysOf } from '../volume-binding/objects.ts';
import { indexPodsByClaim, PODS_BY_CLAIM } from '../volume-binding/view.ts';
import { LiveUses } from './live-uses.ts';
import { protectionOf, uses } from './protection.ts';

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';
/** Of claims: each may wait for a list of all pods of a namespace, which those that wait share. */
const CLAIM_WORKERS = 30;
const VOLUME_WORKERS = 10;

/** Upstream's `pvc-protection`. */
export function claimProtection(context: ControllerContext): Controller {
  const { client, informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const claims = informers.of<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS);
  const resource = client.resource<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS);
  const pods = indexPodsByClaim(informers);
  const live = new LiveUses((namespace) => client.pods.list({ namespace }));
  const consider = (claim: V1PersistentVolumeClaim) => {
    if (protectionOf(claim, CLAIM_FINALIZER) !== undefined) queue.add(keyOf(claim));
  };
  const wake = (pod: V1Pod) => {
    for (const key of claimKeysOf(pod)) if (claims.get(key)?.metadata?.deletionTimestamp) queue.add(key);
  };
  claims.addHandler({ added: consider, updated: consider });
  pods.addHandler({
    deleted: wake,
    updated: (pod) => {
      if (isFinished(pod) || !pod.spec?.nodeName) wake(pod);
    },
  });
  /** Our copy may not know a pod yet that the server knows. */
  const isUsed = async (claim: V1PersistentVolumeClaim) =>
    pods.byIndex(PODS_BY_CLAIM, keyOf(claim)).some((pod) => uses(pod, claim)) || live.isUsed(claim);
  return controllerOf({
    name: 'pvc-protection',
    queue,
    workers: CLAIM_WORKERS,
    async reconcile(key) {
      const claim = claims.get(key);
      const needed = claim && protectionOf(claim, CLAIM_FINALIZER);
      if (!claim || needed === undefined) return;
      if (needed === 'add' || !(await isUsed(claim))) await protect(resource, claim, CLAIM_FINALIZER, needed);
    },
    synced: [claims.synced(), pods.synced()],
    clock,
    log,
  });
}

/** Upstream's `pv-protection`. */
export function volumeProtection(context: ControllerContext): Controller {
  const { client, informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const volumes = informers.of<V1PersistentVolume>(PERSISTENT_VOLUMES);
  const resource = client.resource<V1PersistentVolume>(PERSISTENT_VOLUMES);
  const consider = (volume: V1PersistentVolume) => {
    if (protectionOf(volume, VOLUME_FINALIZER) !== undefined) queue.add(keyOf(volume));
  };
  volumes.addHandler({ added: consider, updated: consider });
  return controllerOf({
    name: 'pv-protection',
    queue,
    workers: VOLUME_WORKERS,
    async reconcile(key) {
      const volume = volumes.get(key);
      const needed = volume && protectionOf(volume, VOLUME_FINALIZER);
      if (!volume || needed === undefined) return;
      if (needed === 'add' || volume.status?.phase !== 'Bound') {
        await protect(resource, volume, VOLUME_FINALIZER, needed);
      }
    },
    synced: [volumes.synced()],
    clock,
    log,
  });
}

async function protect<T extends KubeObject>(
  resource: ResourceClient<T>,
  object: T,
  finalizer: string,
  needed: 'add' | 'remove',
): Promise<void> {
  const others = (object.metadata?.finalizers ?? []).filter((name) => name !== finalizer);
  const finalizers = needed === 'add' ? [...others, finalizer] : others;
  await resource.update({ ...object, metadata: { ...object.metadata, finalizers } });
}
