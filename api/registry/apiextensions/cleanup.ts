/** Takes the objects of a definition along when it is deleted. */
import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { isStatus } from '../../../openapi/status.ts';
import { ResourceStore, type StoreDependencies } from '../store/store.ts';
import { type Condition, type Crd, isConditionTrue, setCondition } from './conditions.ts';
import { CLEANUP_FINALIZER, crdStatusStrategy } from './crd-strategy.ts';
import { customResource } from './custom-resource.ts';

export const SYSTEM = { user: 'system:apiserver', groups: ['system:masters'], dryRun: false };

/** How long objects that have finalizers are waited for before that is said; then again. */
const WAIT_MS = 60_000;
const RETRY_MS = 5_000;

export interface CleanupOptions {
  /** Of the definitions. */
  crds: ResourceStore;
  dependencies: StoreDependencies;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}

/** Deletes all objects of a definition that is going away, then lets go of it. Resolves when it is gone, or aborted. */
export async function cleanUp(crd: Crd, options: CleanupOptions): Promise<void> {
  const { signal, clock, log } = options;
  const name = crd.metadata?.name ?? '';
  await changeStatus(options, name, (copy) =>
    setCondition(
      copy,
      terminating('InstanceDeletionInProgress', 'CustomResource deletion is in progress'),
      clock.now(),
    ),
  );
  while (!signal.aborted) {
    const outcome = isConditionTrue(crd, 'Established')
      ? await deleteInstances(crd, options)
      : { ...terminating('NeverEstablished', 'resource was never established'), status: 'False' };
    if (signal.aborted) return;
    const isDone = outcome.status === 'False';
    await changeStatus(options, name, (copy) => {
      setCondition(copy, outcome, clock.now());
      if (isDone && copy.metadata)
        copy.metadata.finalizers = (copy.metadata.finalizers ?? []).filter((one) => one !== CLEANUP_FINALIZER);
    });
    if (isDone) return;
    log.warn({ crd: name, reason: outcome.reason, message: outcome.message }, 'custom resources remain');
    await clock.sleep(RETRY_MS, signal).catch(() => undefined);
  }
}

function terminating(reason: string, message: string): Condition {
  return { type: 'Terminating', status: 'True', reason, message };
}

/** Changes the stored definition as its status may be changed; does nothing when it is gone. */
export async function changeStatus(
  { crds }: Pick<CleanupOptions, 'crds'>,
  name: string,
  change: (crd: Crd) => void,
): Promise<void> {
  const changed = (old: object | undefined) => {
    const copy = structuredClone(old) as Crd;
    delete copy.metadata?.resourceVersion;
    change(copy);
    return copy;
  };
  try {
    const strategy = crdStatusStrategy as NonNullable<typeof crds.declaration.status>;
    await crds.update('', name, changed, SYSTEM, { strategy, fromStored: true, createOnUpdate: false });
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
}

async function deleteInstances(crd: Crd, options: CleanupOptions): Promise<Condition> {
  const store = new ResourceStore(customResource(crd, () => '').declaration, options.dependencies);
  const errors: string[] = [];
  for (const { object } of store.cache.list(store.prefix).items) {
    const { namespace = '', name = '' } = object.metadata ?? {};
    try {
      await store.delete(namespace, name, {}, SYSTEM);
    } catch (error) {
      if (!isStatus(error, 'NotFound')) errors.push(messageOf(error));
    }
  }
  if (errors.length > 0) {
    const list = errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`;
    return terminating('InstanceDeletionFailed', `could not issue all deletes: ${list}`);
  }
  if (await areGone(store, options))
    return {
      type: 'Terminating',
      status: 'False',
      reason: 'InstanceDeletionCompleted',
      message: 'removed all instances',
    };
  const message = 'could not confirm zero CustomResources remaining: timed out waiting for the condition';
  return terminating('InstanceDeletionCheck', message);
}

async function areGone(store: ResourceStore, { clock, signal }: CleanupOptions): Promise<boolean> {
  const { cache, prefix } = store;
  const isEmpty = () => cache.list(prefix, { limit: 1 }).items.length === 0;
  if (isEmpty()) return true;
  const late = new AbortController();
  const timer = clock.after(WAIT_MS, () => late.abort());
  try {
    for await (const _batch of cache.watch(prefix, cache.revision, AbortSignal.any([late.signal, signal]))) {
      if (isEmpty()) return true;
    }
    return isEmpty();
  } finally {
    timer.cancel();
  }
}
