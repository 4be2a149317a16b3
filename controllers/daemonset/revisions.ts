/** The revision of a DaemonSet's template, and those before it. */
import type { Client, ResourceClient } from '../../client/client.ts';
import { DAEMON_SETS } from '../../client/resources.ts';
import type { V1ControllerRevision, V1DaemonSet, V1Pod } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { RevisionHistory } from '../history/history.ts';
import { REVISION_HASH_LABEL, revisionHash, revisionName, templatePatch } from '../history/revision.ts';
import { controllerReference } from '../runtime/claim.ts';
import { typed } from '../runtime/context.ts';

export interface DaemonRevisions {
  current: V1ControllerRevision;
  /** The others, oldest first. */
  old: V1ControllerRevision[];
  /** What pods of the current revision are labelled with. */
  hash: string;
}

export class DaemonHistory {
  readonly #client: Client;
  readonly #sets: ResourceClient<V1DaemonSet>;
  readonly #history: RevisionHistory;

  constructor(client: Client, history: RevisionHistory) {
    this.#client = client;
    this.#sets = client.resource<V1DaemonSet>(DAEMON_SETS);
    this.#history = history;
  }

  /**
   * Finds the revision of the template among `sorted`, the set's revisions, oldest first, and makes it the latest; where
   * there is none one is made. `podsOf` gives the set's pods, for the rare case that they must be labelled anew.
   */
  async resolve(
    set: V1DaemonSet,
    sorted: readonly V1ControllerRevision[],
    podsOf: () => readonly V1Pod[],
  ): Promise<DaemonRevisions> {
    const same: V1ControllerRevision[] = [];
    const old: V1ControllerRevision[] = [];
    for (const revision of sorted) {
      const labelled = await this.#labelled(revision);
      (this.#history.holds(labelled, set.spec?.template) ? same : old).push(labelled);
    }
    const number = (old.at(-1)?.revision ?? 0) + 1;
    const found = same.at(-1);
    if (!found) return withHash(await this.#make(set, number), old);
    if (same.length > 1) await this.#keepOnly(found, same, podsOf());
    const current = found.revision < number ? await this.#history.renumber(found, number) : found;
    return withHash(current, old);
  }

  /** The oldest go that no pod is of, as many as are beyond the limit. */
  async truncate(set: V1DaemonSet, old: readonly V1ControllerRevision[], podsOf: () => readonly V1Pod[]) {
    const limit = set.spec?.revisionHistoryLimit ?? 10;
    if (old.length <= limit) return;
    const live = new Set(podsOf().map((pod) => pod.metadata?.labels?.[REVISION_HASH_LABEL] ?? ''));
    for (const revision of surplusRevisions(old, limit, live)) await this.#history.remove(revision);
  }

  /** A revision that came without a hash goes by its name. */
  async #labelled(revision: V1ControllerRevision): Promise<V1ControllerRevision> {
    if (revision.metadata?.labels?.[REVISION_HASH_LABEL] !== undefined) return revision;
    return this.#history.label(revision, REVISION_HASH_LABEL, revision.metadata?.name ?? '');
  }

  /** Of several that say the same one is kept; pods are labelled as being of it first. */
  async #keepOnly(kept: V1ControllerRevision, same: readonly V1ControllerRevision[], pods: readonly V1Pod[]) {
    const hash = hashOf(kept);
    for (const { metadata } of pods) {
      if (metadata?.labels?.[REVISION_HASH_LABEL] === hash) continue;
      const patch = { metadata: { labels: { [REVISION_HASH_LABEL]: hash } } };
      await this.#client.pods.patch(metadata?.name ?? '', metadata?.namespace, patch, 'application/merge-patch+json');
    }
    for (const revision of same) if (revision !== kept) await this.#history.remove(revision);
  }

  async #make(set: V1DaemonSet, number: number): Promise<V1ControllerRevision> {
    const wanted = newRevision(set, number);
    const { name = '', namespace = '' } = wanted.metadata ?? {};
    try {
      return await this.#history.create(wanted);
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
      const existing = await this.#history.get(name, namespace);
      if (this.#history.holds(existing, set.spec?.template)) return existing;
      await this.#countCollision(set);
      throw error;
    }
  }

  /** Another look will take another name. */
  async #countCollision(set: V1DaemonSet): Promise<void> {
    const latest = await this.#sets.get(set.metadata?.name ?? '', set.metadata?.namespace);
    const count = set.status?.collisionCount ?? 0;
    const counted = latest.status?.collisionCount ?? 0;
    if (counted !== count) {
      const which = `found a stale collision count (${count}, expected ${counted}) of DaemonSet "${keyOf(set)}"`;
      throw new Error(`${which} while processing; will retry until it is updated`);
    }
    const status = { ...NO_STATUS, ...latest.status, collisionCount: counted + 1 };
    await this.#sets.updateStatus({ ...latest, status });
  }
}

const NO_STATUS = {
  currentNumberScheduled: 0,
  desiredNumberScheduled: 0,
  numberMisscheduled: 0,
  numberReady: 0,
};

/** The revision of the set's template as it is to be made. */
export function newRevision(set: V1DaemonSet, number: number): V1ControllerRevision {
  const data = templatePatch(set.spec?.template);
  const hash = revisionHash(data, set.status?.collisionCount ?? 0);
  const annotations = set.metadata?.annotations;
  return {
    metadata: {
      name: revisionName(set.metadata?.name ?? '', hash),
      namespace: set.metadata?.namespace ?? '',
      labels: { ...set.spec?.template?.metadata?.labels, [REVISION_HASH_LABEL]: hash },
      ...(annotations ? { annotations } : {}),
      ownerReferences: [controllerReference(typed(DAEMON_SETS, set))],
    },
    data,
    revision: number,
  };
}

/** Of `old`, oldest first, those to delete so that `limit` are left; never one that a pod is of. */
export function surplusRevisions(
  old: readonly V1ControllerRevision[],
  limit: number,
  liveHashes: ReadonlySet<string>,
): V1ControllerRevision[] {
  return old.filter((revision) => !liveHashes.has(hashOf(revision))).slice(0, Math.max(0, old.length - limit));
}

function withHash(current: V1ControllerRevision, old: V1ControllerRevision[]): DaemonRevisions {
  return { current, old, hash: hashOf(current) };
}

function hashOf({ metadata }: V1ControllerRevision): string {
  return metadata?.labels?.[REVISION_HASH_LABEL] ?? '';
}
