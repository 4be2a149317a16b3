/** The revisions a StatefulSet comes from and goes to. */
import { STATEFUL_SETS } from '../../client/resources.ts';
import type { V1ControllerRevision, V1Pod, V1StatefulSet } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import type { RevisionHistory } from '../history/history.ts';
import { nextRevision, revisionHash, revisionName, templatePatch } from '../history/revision.ts';
import { controllerReference } from '../runtime/claim.ts';
import { typed } from '../runtime/context.ts';
import { revisionOf } from './identity.ts';

const HASH_LABEL = 'controller.kubernetes.io/hash';

export interface RevisionPair {
  current: V1ControllerRevision;
  update: V1ControllerRevision;
  collisionCount: number;
}

/**
 * Finds the revision of the set's template among `sorted`, its revisions, oldest first; an older one that says the same
 * becomes the latest, and where there is none one is made.
 */
export async function resolveRevisions(
  history: RevisionHistory,
  set: V1StatefulSet,
  sorted: readonly V1ControllerRevision[],
): Promise<RevisionPair> {
  const collisionCount = set.status?.collisionCount ?? 0;
  const equal = sorted.findLast((revision) => history.holds(revision, set.spec?.template));
  const found = (update: V1ControllerRevision, collisions = collisionCount): RevisionPair => {
    const current = sorted.find(({ metadata }) => metadata?.name === set.status?.currentRevision) ?? update;
    return { current, update, collisionCount: collisions };
  };
  if (equal) return found(equal === sorted.at(-1) ? equal : await history.renumber(equal, nextRevision(sorted)));
  const made = await createRevision(
    history,
    newRevision(set, nextRevision(sorted), collisionCount),
    set,
    collisionCount,
  );
  return found(made.revision, made.collisionCount);
}

/** The revision of the set's template as it is to be made. */
export function newRevision(set: V1StatefulSet, number: number, collisionCount: number): V1ControllerRevision {
  const data = templatePatch(set.spec?.template);
  const hash = revisionHash(data, collisionCount);
  const annotations = set.metadata?.annotations;
  return {
    metadata: {
      name: revisionName(set.metadata?.name ?? '', hash),
      namespace: set.metadata?.namespace ?? '',
      labels: { ...set.spec?.template?.metadata?.labels, [HASH_LABEL]: hash },
      ...(annotations ? { annotations } : {}),
      ownerReferences: [controllerReference(typed(STATEFUL_SETS, set))],
    },
    data,
    revision: number,
  };
}

/** Takes another name for as long as one is taken by something else. */
async function createRevision(
  history: RevisionHistory,
  wanted: V1ControllerRevision,
  set: V1StatefulSet,
  collisionCount: number,
): Promise<{ revision: V1ControllerRevision; collisionCount: number }> {
  const { name: owner = '', namespace = '' } = set.metadata ?? {};
  for (let count = collisionCount; ; count++) {
    const name = revisionName(owner, revisionHash(wanted.data ?? {}, count));
    try {
      const revision = await history.create({ ...wanted, metadata: { ...wanted.metadata, name } });
      return { revision, collisionCount: count };
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
    }
    const existing = await history.get(name, namespace);
    if (history.holds(existing, set.spec?.template)) return { revision: existing, collisionCount: count };
  }
}

/** The revisions to delete: the oldest that nothing refers to, beyond the limit. A negative limit keeps all. */
export function surplusRevisions(
  set: V1StatefulSet,
  sorted: readonly V1ControllerRevision[],
  pods: readonly V1Pod[],
  pair: RevisionPair,
): V1ControllerRevision[] {
  const limit = set.spec?.revisionHistoryLimit ?? 10;
  const live = new Set([pair.current.metadata?.name, pair.update.metadata?.name, ...pods.map(revisionOf)]);
  const unused = sorted.filter(({ metadata }) => !live.has(metadata?.name));
  return limit < 0 ? [] : unused.slice(0, Math.max(0, unused.length - limit));
}
