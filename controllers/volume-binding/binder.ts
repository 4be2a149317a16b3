/** The writes of the volume controller, each remembered until it is heard back. */
import type { ResourceClient } from '../../client/client.ts';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '../../client/resources.ts';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { askedOf, claimBoundTo, claimStatus, unboundVolume, volumeBoundTo } from './changes.ts';
import type { Told } from './claim-plan.ts';
import { Latest } from './latest.ts';

type Claim = V1PersistentVolumeClaim;
type Volume = V1PersistentVolume;
export type VolumePhase = 'Available' | 'Bound' | 'Released' | 'Failed';

export class VolumeBinder {
  readonly claims: Latest<Claim>;
  readonly volumes: Latest<Volume>;
  readonly #claimClient: ResourceClient<Claim>;
  readonly #volumeClient: ResourceClient<Volume>;
  readonly #recorder: ReturnType<ControllerContext['recorder']>;

  constructor(context: ControllerContext) {
    const { client, informers } = context;
    this.claims = new Latest(informers.of<Claim>(PERSISTENT_VOLUME_CLAIMS));
    this.volumes = new Latest(informers.of<Volume>(PERSISTENT_VOLUMES));
    this.#claimClient = client.resource<Claim>(PERSISTENT_VOLUME_CLAIMS);
    this.#volumeClient = client.resource<Volume>(PERSISTENT_VOLUMES);
    this.#recorder = context.recorder('persistentvolume-controller');
  }

  /** From the server itself. Rejects with NotFound. */
  readClaim(name: string, namespace: string): Promise<Claim> {
    return this.#claimClient.get(name, namespace);
  }

  /**
   * Binds both ways and marks both as Bound, the volume first: a claim that has a volume's name is never bound to
   * another. What is already so is not written.
   */
  async bind(volume: Volume, claim: Claim): Promise<void> {
    const referring = volumeBoundTo(volume, claim);
    const bound = referring ? await this.#updateVolume(referring) : volume;
    await this.setPhase(bound, 'Bound');
    const named = claimBoundTo(claim, bound);
    const kept = named ? await this.#updateClaim(named) : claim;
    await this.setStatus(kept, 'Bound', bound);
  }

  async unbind(volume: Volume): Promise<void> {
    await this.setPhase(await this.#updateVolume(unboundVolume(volume)), 'Available');
  }

  async assignClass(claim: Claim, storageClassName: string): Promise<void> {
    await this.#updateClaim({ ...claim, spec: { ...claim.spec, storageClassName } });
  }

  async ask(claim: Claim, provisioner: string): Promise<void> {
    const asked = askedOf(claim, provisioner);
    if (asked) await this.#updateClaim(asked);
  }

  /** Whether it was another before. */
  async setStatus(claim: Claim, phase: 'Pending' | 'Bound' | 'Lost', volume?: Volume): Promise<boolean> {
    const status = claimStatus(claim, phase, volume);
    if (!status) return false;
    this.claims.store(await this.#claimClient.updateStatus({ ...claim, status }));
    return claim.status?.phase !== phase;
  }

  /** Whether it was another before. */
  async setPhase(volume: Volume, phase: VolumePhase, message?: string): Promise<boolean> {
    if (volume.status?.phase === phase) return false;
    const { message: _, ...rest } = volume.status ?? {};
    const status = { ...rest, phase, ...(message === undefined ? {} : { message }) };
    this.volumes.store(await this.#volumeClient.updateStatus({ ...volume, status }));
    return true;
  }

  tellClaim(claim: Claim, { type, reason, message }: Told): void {
    this.#recorder.event(typed(PERSISTENT_VOLUME_CLAIMS, claim), type, reason, message);
  }

  tellVolume(volume: Volume, { type, reason, message }: Told): void {
    this.#recorder.event(typed(PERSISTENT_VOLUMES, volume), type, reason, message);
  }

  async #updateClaim(claim: Claim): Promise<Claim> {
    return this.claims.store(await this.#claimClient.update(claim));
  }

  async #updateVolume(volume: Volume): Promise<Volume> {
    return this.volumes.store(await this.#volumeClient.update(volume));
  }
}
