/**
 * The agent of the local provisioner on a node: it removes what is in volumes that are deleted, and then lets them go.
 * A volume's finalizer waits for it, so what was deleted while the node was down is removed when it is back.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import { Informer } from '../../client/informer.ts';
import { PERSISTENT_VOLUMES } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1PersistentVolume } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';

/** On nodes: the folder for local volumes; whoever says it runs an agent. On volumes: their node. */
const LOCAL_VOLUMES = 'kubets.dev/local-volumes';
const LOCAL_NODE = 'kubets.dev/node';
const LOCAL_FINALIZER = 'kubets.dev/local-volume';

/** What a node with an agent says of itself. */
export function localVolumesAnnotation(rootDir: string): Record<string, string> {
  return { [LOCAL_VOLUMES]: folderOf(rootDir) };
}

function folderOf(rootDir: string): string {
  return join(rootDir, 'local-volumes');
}

/** Where a volume is if it is one of ours: names of objects hold no slash and do not begin with a dot. */
export function localVolumePath(rootDir: string, { metadata }: V1PersistentVolume): string {
  return join(folderOf(rootDir), metadata?.name ?? '');
}

export interface LocalVolumeAgentOptions {
  /** Must be allowed to list, watch and update volumes. */
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  nodeName: string;
  /** The kubelet's. */
  rootDir: string;
  signal: AbortSignal;
}

/** Works until the signal aborts, then resolves. */
export async function runLocalVolumeAgent(options: LocalVolumeAgentOptions): Promise<void> {
  const { client, clock, random, log, nodeName, signal } = options;
  const queue = new WorkQueue({ clock });
  const volumes = new Informer<V1PersistentVolume>(client.resource(PERSISTENT_VOLUMES), { clock, random, log });
  const consider = (volume: V1PersistentVolume) => {
    if (isDue(volume, nodeName)) queue.add(volume.metadata?.name ?? '');
  };
  volumes.addHandler({ added: consider, updated: consider });
  const running = volumes.run(signal).then(() => queue.close());
  for (let name = await queue.get(); name !== undefined; name = await queue.get()) {
    const volume = volumes.get(name);
    try {
      if (volume && isDue(volume, nodeName)) await letGo(volume, options);
      queue.forget(name);
    } catch (error) {
      const retryMs = queue.addRateLimited(name);
      if (!signal.aborted && !isStatus(error, 'Conflict')) {
        log.warn({ volume: name, error: messageOf(error), retryMs }, 'local volumes: removal failed, trying again');
      }
    }
    queue.done(name);
  }
  await running;
}

/** Whether the volume is deleted, used no more, and waits for this node. */
export function isDue({ metadata, status }: V1PersistentVolume, nodeName: string): boolean {
  if (metadata?.deletionTimestamp === undefined || metadata.annotations?.[LOCAL_NODE] !== nodeName) return false;
  return metadata.finalizers?.includes(LOCAL_FINALIZER) === true && status?.phase !== 'Bound';
}

async function letGo(volume: V1PersistentVolume, { client, log, rootDir }: LocalVolumeAgentOptions): Promise<void> {
  const { metadata, spec } = volume;
  const path = localVolumePath(rootDir, volume);
  // What is to be kept stays, and so does what is not ours to remove.
  if (spec?.persistentVolumeReclaimPolicy === 'Delete') {
    if (spec.hostPath?.path === path) await rm(path, { recursive: true, force: true });
    else
      log.warn({ volume: metadata?.name, path: spec.hostPath?.path }, 'local volumes: not in our folder, left there');
  }
  const finalizers = (metadata?.finalizers ?? []).filter((name) => name !== LOCAL_FINALIZER);
  try {
    await client
      .resource<V1PersistentVolume>(PERSISTENT_VOLUMES)
      .update({ ...volume, metadata: { ...metadata, finalizers } });
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
}
