/** Keeps a ServiceAccount called `default` in every namespace, since pods that name none run as it. */
import { WorkQueue } from '../client/work-queue.ts';
import { keyOf } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import type { ControllerContext } from './runtime/context.ts';
import { type Controller, controllerOf } from './runtime/controller.ts';
import { isNamespaceTerminating } from './runtime/pod-control.ts';

const DEFAULT = 'default';

export function serviceAccountController(context: ControllerContext): Controller {
  const { client, informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  informers.namespaces.addHandler({
    added: (namespace) => queue.add(keyOf(namespace)),
    updated: (namespace) => queue.add(keyOf(namespace)),
  });
  informers.serviceAccounts.addHandler({
    deleted: (account) => queue.add(account.metadata?.namespace ?? ''),
  });

  const reconcile = async (name: string): Promise<void> => {
    const namespace = informers.namespaces.get(name);
    if (!namespace || (namespace.status?.phase ?? 'Active') !== 'Active') return;
    if (namespace.metadata?.deletionTimestamp !== undefined) return;
    if (informers.serviceAccounts.get(`${name}/${DEFAULT}`)) return;
    try {
      await client.serviceAccounts.create({ metadata: { name: DEFAULT, namespace: name } });
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists') && !isNamespaceTerminating(error)) throw error;
    }
  };

  return controllerOf({
    name: 'serviceaccount',
    queue,
    workers: 1,
    reconcile,
    synced: [informers.namespaces.synced(), informers.serviceAccounts.synced()],
    clock,
    log,
  });
}
