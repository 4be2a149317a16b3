/**
 * Binds claims and volumes to each other, and lets go of volumes whose claim is gone. Level-triggered: each look at a
 * claim or a volume plans one step from what is there. As upstream, both have a queue of their own, and a claim that
 * waits is looked at again from time to time.
 */
import type { Informer } from '../../client/informer.ts';
import { STORAGE_CLASSES } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { VolumeBinder } from './binder.ts';
import { type ClaimStep, type ClaimView, planClaim } from './claim-plan.ts';
import { claimKeyOf, classOfVolume, isDefaultClass } from './objects.ts';
import {
  CLAIMS_BY_VOLUME,
  claimView,
  indexClaims,
  indexVolumes,
  isFree,
  OPEN_CLAIMS_BY_CLASS,
  VOLUMES_BY_CLAIM,
} from './view.ts';
import { planVolume, reclaimFailure } from './volume-plan.ts';

type Claim = V1PersistentVolumeClaim;
type Volume = V1PersistentVolume;

const WORKERS = 10;
/** How often a claim that waits is looked at, and its owner told what for. 15 s as upstream. */
const RESYNC_MS = 15_000;

/** Upstream's `persistentvolume-binder`: one controller for claims, one for volumes. */
export function volumeBinding(context: ControllerContext): Controller[] {
  const { clock, log } = context;
  const claims = new WorkQueue({ clock });
  const volumes = new WorkQueue({ clock });
  const binding = new VolumeBinding(context, claims, volumes);
  binding.watch();
  const common = { workers: WORKERS, synced: binding.synced(), clock, log };
  const name = 'persistentvolume-binder';
  return [
    controllerOf({ ...common, name, queue: claims, reconcile: (key) => binding.syncClaim(key) }),
    controllerOf({ ...common, name: `${name}-volumes`, queue: volumes, reconcile: (key) => binding.syncVolume(key) }),
  ];
}

class VolumeBinding {
  readonly #context: ControllerContext;
  readonly #claimQueue: WorkQueue;
  readonly #volumeQueue: WorkQueue;
  readonly #claims: Informer<Claim>;
  readonly #volumes: Informer<Volume>;
  readonly #classes: Informer<V1StorageClass>;
  readonly #binder: VolumeBinder;
  readonly #view: ClaimView;
  /** Volumes that are being bound at this moment: no other claim is to get them. */
  readonly #taken = new Set<string>();

  constructor(context: ControllerContext, claims: WorkQueue, volumes: WorkQueue) {
    const { informers } = context;
    this.#context = context;
    this.#claimQueue = claims;
    this.#volumeQueue = volumes;
    this.#claims = indexClaims(informers);
    this.#volumes = indexVolumes(informers);
    this.#classes = informers.of<V1StorageClass>(STORAGE_CLASSES);
    this.#binder = new VolumeBinder(context);
    this.#view = claimView(informers, this.#binder.volumes, (name) => this.#taken.has(name));
  }

  synced(): Promise<void>[] {
    return [this.#claims, this.#volumes, this.#classes, this.#context.informers.pods].map((each) => each.synced());
  }

  watch(): void {
    this.#claims.addHandler({
      added: (claim) => this.#claimQueue.add(keyOf(claim)),
      updated: (claim) => this.#claimQueue.add(keyOf(claim)),
      deleted: (claim) => this.#claimGone(claim),
    });
    this.#volumes.addHandler({
      added: (volume) => this.#volumeSeen(volume),
      updated: (volume, old) => this.#volumeSeen(volume, old),
      deleted: (volume) => this.#wakeClaimsOf(volume),
    });
    this.#classes.addHandler({
      added: (storageClass) => this.#classSeen(storageClass),
      updated: (storageClass) => this.#classSeen(storageClass),
    });
  }

  async syncClaim(key: string): Promise<ReconcileResult> {
    const claim = this.#binder.claims.get(key);
    if (!claim) return undefined;
    return this.#carryOut(claim, planClaim(claim, this.#view));
  }

  async #carryOut(claim: Claim, step: ClaimStep): Promise<ReconcileResult> {
    switch (step.do) {
      case 'bind':
        await this.#bind(step.volume, claim);
        return undefined;
      case 'assign-class':
        await this.#binder.assignClass(claim, step.storageClass);
        return undefined;
      case 'lose':
        if (await this.#binder.setStatus(claim, 'Lost')) this.#binder.tellClaim(claim, step.event);
        return undefined;
      case 'provision':
        await this.#provision(claim, step.provisioner);
        return { requeueAfterMs: RESYNC_MS };
      case 'wait':
        if (step.event) this.#binder.tellClaim(claim, step.event);
        await this.#binder.setStatus(claim, 'Pending');
        return { requeueAfterMs: RESYNC_MS };
      case 'refuse':
        this.#binder.tellClaim(claim, step.event);
        throw new Error(step.error);
    }
  }

  async #bind(volume: Volume, claim: Claim): Promise<void> {
    const name = volume.metadata?.name ?? '';
    this.#taken.add(name);
    try {
      await this.#binder.bind(volume, claim);
    } finally {
      this.#taken.delete(name);
    }
  }

  async #provision(claim: Claim, provisioner: string): Promise<void> {
    await this.#binder.ask(claim, provisioner);
    const who = `either by the external provisioner '${provisioner}' or manually by the system administrator`;
    const advice =
      'If volume creation is delayed, please verify that the provisioner is running and correctly registered.';
    const message = `Waiting for a volume to be created ${who}. ${advice}`;
    this.#binder.tellClaim(claim, { type: 'Normal', reason: 'ExternalProvisioning', message });
  }

  async syncVolume(name: string): Promise<void> {
    const volume = this.#binder.volumes.get(name);
    if (!volume) return;
    const claim = await this.#claimOf(volume);
    const step = planVolume(volume, claim);
    switch (step.do) {
      case 'phase':
        await this.#binder.setPhase(volume, step.phase);
        break;
      case 'release':
        await this.#release(volume);
        break;
      case 'unbind':
        await this.#binder.unbind(volume);
        break;
      case 'wake-claim':
        this.#claimQueue.add(step.key);
        break;
      case 'tell-mismatch':
        this.#binder.tellVolume(volume, mismatch(step.volumeMessage));
        if (claim) this.#binder.tellClaim(claim, mismatch(step.claimMessage));
    }
  }

  /** A volume that comes with its claim may be seen before the claim: what is not in our copy is asked for. */
  async #claimOf(volume: Volume): Promise<Claim | undefined> {
    const key = claimKeyOf(volume);
    if (key === undefined || !volume.spec?.claimRef?.uid) return undefined;
    const known = this.#binder.claims.get(key);
    if (known || isLetGo(volume)) return known;
    const { name = '', namespace = '' } = volume.spec.claimRef;
    try {
      return await this.#binder.readClaim(name, namespace);
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #release(volume: Volume): Promise<void> {
    if (!isLetGo(volume)) await this.#binder.setPhase(volume, 'Released');
    const failure = reclaimFailure(volume);
    if (!failure) return;
    const latest = this.#binder.volumes.get(volume.metadata?.name ?? '') ?? volume;
    if (await this.#binder.setPhase(latest, 'Failed', failure.message)) this.#binder.tellVolume(latest, failure);
  }

  #claimGone(claim: Claim): void {
    if (claim.spec?.volumeName) this.#volumeQueue.add(claim.spec.volumeName);
    for (const volume of this.#volumes.byIndex(VOLUMES_BY_CLAIM, keyOf(claim))) {
      this.#volumeQueue.add(volume.metadata?.name ?? '');
    }
  }

  #volumeSeen(volume: Volume, old?: Volume): void {
    this.#volumeQueue.add(volume.metadata?.name ?? '');
    this.#wakeClaimsOf(volume);
    if (old && claimKeyOf(old) !== claimKeyOf(volume)) this.#wakeClaimsOf(old);
    if (isFree(volume)) this.#wakeOpenClaims(classOfVolume(volume));
  }

  #wakeClaimsOf(volume: Volume): void {
    const key = claimKeyOf(volume);
    if (key !== undefined) this.#claimQueue.add(key);
    for (const claim of this.#claims.byIndex(CLAIMS_BY_VOLUME, volume.metadata?.name ?? '')) {
      this.#claimQueue.add(keyOf(claim));
    }
  }

  #wakeOpenClaims(storageClass: string): void {
    for (const claim of this.#claims.byIndex(OPEN_CLAIMS_BY_CLASS, storageClass)) this.#claimQueue.add(keyOf(claim));
  }

  #classSeen(storageClass: V1StorageClass): void {
    this.#wakeOpenClaims(storageClass.metadata?.name ?? '');
    if (isDefaultClass(storageClass)) this.#wakeOpenClaims('');
  }
}

/** What has been said of a volume that was let go is not said again. */
function isLetGo({ status }: Volume): boolean {
  return status?.phase === 'Released' || status?.phase === 'Failed';
}

function mismatch(message: string) {
  return { type: 'Warning', reason: 'VolumeMismatch', message } as const;
}
