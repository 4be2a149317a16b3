/**
 * Makes volumes of classes whose provisioner is `kubets.dev/local`, each a folder on the node that the scheduler chose,
 * and deletes them with their claims. It speaks only of volumes: the folder itself is made and removed by the agent on
 * the node, and on simulated nodes by nobody.
 */
import type { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { classOfClaim } from '../../openapi/quota/claim-class.ts';
import { isStatus } from '../../openapi/status.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { provisionerOf, SELECTED_NODE, waitsForFirstConsumer } from '../volume-binding/objects.ts';
import {
  LOCAL_FINALIZER,
  LOCAL_NODE,
  LOCAL_PROVISIONER,
  LOCAL_VOLUMES,
  localVolume,
  refusalOf,
  removalOf,
  volumeNameFor,
} from './volume.ts';

type Claim = V1PersistentVolumeClaim;
type Volume = V1PersistentVolume;

const WORKERS = 10;

export function localProvisioner(context: ControllerContext): Controller[] {
  const { clock, log } = context;
  const claims = new WorkQueue({ clock });
  const volumes = new WorkQueue({ clock });
  const provisioner = new LocalProvisioner(context, claims, volumes);
  provisioner.watch();
  const common = { workers: WORKERS, synced: provisioner.synced(), clock, log };
  const name = 'local-provisioner';
  return [
    controllerOf({ ...common, name, queue: claims, reconcile: (key) => provisioner.provision(key) }),
    controllerOf({ ...common, name: `${name}-volumes`, queue: volumes, reconcile: (key) => provisioner.remove(key) }),
  ];
}

class LocalProvisioner {
  readonly #context: ControllerContext;
  readonly #claimQueue: WorkQueue;
  readonly #volumeQueue: WorkQueue;
  readonly #claims: Informer<Claim>;
  readonly #volumes: Informer<Volume>;
  readonly #classes: Informer<V1StorageClass>;
  readonly #claimClient: ResourceClient<Claim>;
  readonly #volumeClient: ResourceClient<Volume>;
  readonly #recorder: ReturnType<ControllerContext['recorder']>;

  constructor(context: ControllerContext, claims: WorkQueue, volumes: WorkQueue) {
    const { client, informers } = context;
    this.#context = context;
    this.#claimQueue = claims;
    this.#volumeQueue = volumes;
    this.#claims = informers.of<Claim>(PERSISTENT_VOLUME_CLAIMS);
    this.#volumes = informers.of<Volume>(PERSISTENT_VOLUMES);
    this.#classes = informers.of<V1StorageClass>(STORAGE_CLASSES);
    this.#claimClient = client.resource<Claim>(PERSISTENT_VOLUME_CLAIMS);
    this.#volumeClient = client.resource<Volume>(PERSISTENT_VOLUMES);
    this.#recorder = context.recorder(LOCAL_PROVISIONER);
  }

  synced(): Promise<void>[] {
    const { nodes } = this.#context.informers;
    return [this.#claims, this.#volumes, this.#classes, nodes].map((informer) => informer.synced());
  }

  watch(): void {
    const claimSeen = (claim: Claim) => {
      if (isAsked(claim)) this.#claimQueue.add(keyOf(claim));
    };
    this.#claims.addHandler({ added: claimSeen, updated: claimSeen });
    const volumeSeen = (volume: Volume) => {
      if (volume.metadata?.annotations?.[LOCAL_NODE] !== undefined) this.#volumeQueue.add(keyOf(volume));
    };
    this.#volumes.addHandler({ added: volumeSeen, updated: volumeSeen });
    const { nodes } = this.#context.informers;
    nodes.addHandler({
      deleted: (node) => {
        // Nobody else lifts the finalizers of what was on it.
        if (node.metadata?.annotations?.[LOCAL_VOLUMES] !== undefined) this.#volumes.list().forEach(volumeSeen);
      },
    });
  }

  async provision(key: string): Promise<void> {
    const claim = this.#claims.get(key);
    if (!claim || !isAsked(claim) || this.#volumes.get(volumeNameFor(claim))) return;
    const storageClass = this.#classes.get(classOfClaim(claim) ?? '');
    if (storageClass?.provisioner !== LOCAL_PROVISIONER) return;
    const nodeName = claim.metadata?.annotations?.[SELECTED_NODE];
    // The scheduler has yet to choose.
    if (nodeName === undefined && waitsForFirstConsumer(storageClass)) return;
    const node = nodeName === undefined ? undefined : await this.#readNode(nodeName);
    const refusal = refusalOf(claim) ?? (node ? undefined : missingNode(nodeName));
    if (refusal !== undefined || !node) {
      this.#tell(claim, 'Warning', 'ProvisioningFailed', failureText(storageClass, refusal ?? ''));
      if (nodeName !== undefined && !node) await this.#reschedule(claim);
      return;
    }
    await this.#make(claim, localVolume(claim, storageClass, node));
  }

  async #make(claim: Claim, volume: Volume): Promise<void> {
    const what = `volume for claim ${JSON.stringify(keyOf(claim))}`;
    this.#tell(claim, 'Normal', 'Provisioning', `External provisioner is provisioning ${what}`);
    try {
      await this.#volumeClient.create(volume);
    } catch (error) {
      // Made by an earlier look whose answer we have not heard.
      if (!isStatus(error, 'AlreadyExists')) throw error;
    }
    const message = `Successfully provisioned volume ${volume.metadata?.name}`;
    this.#tell(claim, 'Normal', 'ProvisioningSucceeded', message);
  }

  /** A node that has just come may not be in our copy. */
  async #readNode(name: string) {
    const known = this.#context.informers.nodes.get(name);
    if (known) return known;
    try {
      return (await this.#context.client.nodes.list({ fieldSelector: `metadata.name=${name}` })).items[0];
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** The scheduler chooses another node. */
  async #reschedule(claim: Claim): Promise<void> {
    const { [SELECTED_NODE]: _, ...annotations } = claim.metadata?.annotations ?? {};
    await this.#claimClient.update({ ...claim, metadata: { ...claim.metadata, annotations } });
  }

  async remove(name: string): Promise<void> {
    const volume = this.#volumes.get(name);
    if (!volume) return;
    const nodeName = volume.metadata?.annotations?.[LOCAL_NODE] ?? '';
    const removal = removalOf(volume, this.#context.informers.nodes.get(nodeName));
    const uid = volume.metadata?.uid ?? '';
    if (removal === 'delete') await this.#volumeClient.delete(name, undefined, { preconditions: { uid } });
    if (removal !== 'lift-finalizer') return;
    const finalizers = (volume.metadata?.finalizers ?? []).filter((each) => each !== LOCAL_FINALIZER);
    await this.#volumeClient.update({ ...volume, metadata: { ...volume.metadata, finalizers } });
  }

  #tell(claim: Claim, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#recorder.event(typed(PERSISTENT_VOLUME_CLAIMS, claim), type, reason, message);
  }
}

/** Whether the claim waits for us. */
function isAsked(claim: Claim): boolean {
  const { metadata, spec } = claim;
  return provisionerOf(claim) === LOCAL_PROVISIONER && !spec?.volumeName && metadata?.deletionTimestamp === undefined;
}

function missingNode(name: string | undefined): string {
  if (name !== undefined) return `failed to get target node: nodes ${JSON.stringify(name)} not found`;
  return 'no node was chosen: the class needs volumeBindingMode WaitForFirstConsumer';
}

function failureText({ metadata }: V1StorageClass, why: string): string {
  return `failed to provision volume with StorageClass ${JSON.stringify(metadata?.name ?? '')}: ${why}`;
}
