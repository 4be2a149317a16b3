/** Empties namespaces that are being deleted, tells in their status how that goes, and lets them go. */
import type { Client } from '../../client/client.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Namespace } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { BY_NAMESPACE } from '../runtime/informers.ts';
import { conditionsAfter } from './conditions.ts';
import { emptyNamespace } from './content.ts';

const FINALIZER = 'kubernetes';
const WORKERS = 10;

export function namespaceController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const enqueue = (namespace: V1Namespace) => {
    if (namespace.metadata?.deletionTimestamp !== undefined) queue.add(keyOf(namespace));
  };
  informers.namespaces.addHandler({ added: enqueue, updated: enqueue });
  informers.pods.addHandler({
    // The rest of a namespace waits for its last pod; no need to wait longer than that.
    deleted: (pod) => {
      const name = pod.metadata?.namespace ?? '';
      const namespace = informers.namespaces.get(name);
      if (namespace && informers.pods.countByIndex(BY_NAMESPACE, name) === 0) enqueue(namespace);
    },
  });
  return controllerOf({
    name: 'namespace',
    queue,
    workers: WORKERS,
    reconcile: (key) => reconcileNamespace(context, key),
    synced: [informers.namespaces.synced(), informers.pods.synced()],
    clock,
    log,
  });
}

/** Reads the namespace from the server, not the copy: what is deleted here does not come back. */
async function reconcileNamespace({ client, clock }: ControllerContext, name: string): Promise<ReconcileResult> {
  const found = await unlessGone(client.namespaces.get(name));
  if (found?.metadata?.deletionTimestamp === undefined) return undefined;
  const namespace = await unlessGone(marked(client, found));
  if (!namespace?.spec?.finalizers?.includes(FINALIZER)) return undefined;
  const ageSeconds = (clock.now() - Date.parse(found.metadata.deletionTimestamp)) / 1000;
  const { report, estimateSeconds } = await emptyNamespace(client, name, ageSeconds);
  const { conditions, changed } = conditionsAfter(namespace.status?.conditions, report, clock.now());
  let current: V1Namespace | undefined = namespace;
  if (changed) {
    current = await unlessGone(
      client.namespaces.updateStatus({ ...namespace, status: { ...namespace.status, conditions } }),
    );
  }
  const complaints = [...(report.discoveryFailure ? [report.discoveryFailure] : []), ...report.contentFailures];
  if (complaints.length > 0) throw new Error(complaints.join(', '));
  if (estimateSeconds > 0) return { requeueAfterMs: (Math.floor(estimateSeconds / 2) + 1) * 1000 };
  if (current) await unlessGone(finalize(client, current));
  return undefined;
}

async function marked(client: Client, namespace: V1Namespace): Promise<V1Namespace> {
  if (namespace.status?.phase === 'Terminating') return namespace;
  return client.namespaces.updateStatus({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } });
}

function finalize(client: Client, namespace: V1Namespace): Promise<V1Namespace> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
  return client.namespaces.update({ ...namespace, spec: { ...namespace.spec, finalizers } }, 'finalize');
}

async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined;
    throw error;
  }
}
