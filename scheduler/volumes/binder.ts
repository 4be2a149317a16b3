/** Carries out what VolumeBinding decided: sets volumes and claims aside at once, writes it later, and waits. */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import type { Client } from '../../client/client.ts';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '../../client/resources.ts';
import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { BOUND_BY_CONTROLLER, isFullyBound, isMeantFor, reachesNode, SELECTED_NODE } from './claims.ts';
import { AssumeCache, type VolumeListers } from './listers.ts';
import type { PodVolumes } from './pod-volumes.ts';

export interface VolumeBinderOptions {
  client: Client;
  clock: Clock;
  signal: AbortSignal;
  /** What the server has said, without what is assumed here. */
  listers: VolumeListers;
  node: (name: string) => V1Node | undefined;
  /** Calls `look` whenever a claim or a volume has changed, until the function it gives back is called. */
  onChange: (look: () => void) => () => void;
}

/** How often to look though nothing was heard. */
const LOOK_MS = 1000;

export class VolumeBinder {
  readonly #options: VolumeBinderOptions;
  readonly #claims: AssumeCache<V1PersistentVolumeClaim>;
  readonly #volumes: AssumeCache<V1PersistentVolume>;
  /** Listers that know what is assumed. */
  readonly listers: VolumeListers;

  constructor(options: VolumeBinderOptions) {
    const { listers, signal } = options;
    // Every pod that waits for its volumes listens.
    setMaxListeners(0, signal);
    this.#options = options;
    this.#claims = new AssumeCache(listers.claim);
    this.#volumes = new AssumeCache(listers.volume);
    this.listers = {
      ...listers,
      claim: (key) => this.#claims.get(key),
      volume: (name) => this.#volumes.get(name),
      volumesOfClass: (name) =>
        listers.volumesOfClass(name).map((volume) => this.#volumes.get(volume.metadata?.name ?? '') ?? volume),
    };
  }

  /** Nobody else gets these volumes from now on. Gives back the states to write. */
  assume({ bindings, provisions }: PodVolumes, nodeName: string): PodVolumes {
    const bound = bindings.map(({ volume, claim }) => ({ volume: boundTo(volume, claim), claim }));
    const selected = provisions.map((claim) => annotated(claim, SELECTED_NODE, nodeName));
    for (const { volume } of bound) this.#volumes.assume(volume.metadata?.name ?? '', volume);
    for (const claim of selected) this.#claims.assume(keyOf(claim), claim);
    return { bindings: bound, provisions: selected };
  }

  revert({ bindings, provisions }: PodVolumes): void {
    for (const { volume } of bindings) this.#volumes.restore(volume.metadata?.name ?? '');
    for (const claim of provisions) this.#claims.restore(keyOf(claim));
  }

  /** Writes what was assumed and waits until the claims are bound. Rejects when that fails or takes too long. */
  async bind(volumes: PodVolumes, nodeName: string, podExists: () => boolean, timeoutMs: number): Promise<void> {
    const { client } = this.#options;
    const written: PodVolumes = { bindings: [], provisions: [] };
    for (const { volume, claim } of volumes.bindings) {
      const updated = await client.resource<V1PersistentVolume>(PERSISTENT_VOLUMES).update(volume);
      written.bindings.push({ volume: updated, claim });
    }
    for (const claim of volumes.provisions) {
      written.provisions.push(await client.resource<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS).update(claim));
    }
    await this.#wait(() => {
      if (!podExists()) throw new Error('pod does not exist any more');
      return this.#areBound(written, nodeName);
    }, timeoutMs);
  }

  #areBound({ bindings, provisions }: PodVolumes, nodeName: string): boolean {
    const { listers, node: nodeOf } = this.#options;
    const node = nodeOf(nodeName);
    if (!node) throw new Error(`failed to get node "${nodeName}": node "${nodeName}" not found`);
    for (const binding of bindings) {
      const name = binding.volume.metadata?.name ?? '';
      const volume = listers.volume(name);
      const claim = listers.claim(keyOf(binding.claim));
      if (!volume || !claim) throw new Error('failed to check binding: could not find v1.PersistentVolume');
      if (isOlder(volume, binding.volume)) return false;
      if (!reachesNode(volume, node)) throw new Error(`pv "${name}" node affinity doesn't match node "${nodeName}"`);
      if (!volume.spec?.claimRef?.uid) throw new Error(`ClaimRef got reset for pv "${name}"`);
      if (!isFullyBound(claim)) return false;
    }
    return provisions.every((claim) => this.#isProvisioned(claim, node));
  }

  #isProvisioned(written: V1PersistentVolumeClaim, node: V1Node): boolean {
    const { listers } = this.#options;
    const claim = listers.claim(keyOf(written));
    const name = written.metadata?.name;
    if (!claim) throw new Error('failed to check provisioning pvc: could not find v1.PersistentVolumeClaim');
    if (isOlder(claim, written)) return false;
    // A provisioner that gives up takes the annotation away.
    if (claim.metadata?.annotations?.[SELECTED_NODE] !== node.metadata?.name) {
      throw new Error(`provisioning failed for PVC "${name}"`);
    }
    const volume = claim.spec?.volumeName ? listers.volume(claim.spec.volumeName) : undefined;
    if (volume && !reachesNode(volume, node)) {
      throw new Error(`pv "${volume.metadata?.name}" node affinity doesn't match node "${node.metadata?.name}"`);
    }
    return isFullyBound(claim);
  }

  /** Until `done`; rejects with what it throws, at the deadline, and when the scheduler ends. */
  #wait(done: () => boolean, timeoutMs: number): Promise<void> {
    const { clock, signal, onChange } = this.#options;
    return new Promise((resolve, reject) => {
      const deadline = clock.monotonic() + timeoutMs;
      let settled = false;
      const look = () => {
        if (settled) return;
        try {
          if (signal.aborted) finish(() => reject(signal.reason));
          else if (done()) finish(resolve);
          else if (clock.monotonic() >= deadline) finish(() => reject(new Error('context deadline exceeded')));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      let timer = clock.after(LOOK_MS, tick);
      const stop = onChange(look);
      signal.addEventListener('abort', look, { once: true });
      function tick() {
        look();
        if (!settled) timer = clock.after(LOOK_MS, tick);
      }
      function finish(settle: () => void) {
        settled = true;
        timer.cancel();
        stop();
        signal.removeEventListener('abort', look);
        settle();
      }
      look();
    });
  }
}

/** Versions of one server are numbers that grow; where they are not, the states are compared for being the same. */
function isOlder(
  { metadata: seen }: V1PersistentVolume | V1PersistentVolumeClaim,
  { metadata: written }: V1PersistentVolume | V1PersistentVolumeClaim,
): boolean {
  return Number(seen?.resourceVersion ?? 0) < Number(written?.resourceVersion ?? 0);
}

function boundTo(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): V1PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata ?? {};
  const ref = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', name, namespace, uid, resourceVersion };
  const claimRef = Object.fromEntries(Object.entries(ref).filter(([, value]) => value !== undefined));
  const changed: V1PersistentVolume = { ...volume, spec: { ...volume.spec, claimRef } };
  // A volume that names the claim beforehand is bound by whoever wrote that.
  return isMeantFor(volume, claim) ? changed : annotated(changed, BOUND_BY_CONTROLLER, 'yes');
}

function annotated<T extends V1PersistentVolume | V1PersistentVolumeClaim>(object: T, key: string, value: string): T {
  const annotations = { ...object.metadata?.annotations, [key]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
