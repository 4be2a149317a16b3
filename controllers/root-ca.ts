/** Keeps in every namespace, as ConfigMap `kube-root-ca.crt`, what its pods are to trust the API server by. */
import { isDeepStrictEqual } from 'node:util';
import { WorkQueue } from '../client/work-queue.ts';
import type { V1ConfigMap } from '../openapi/generated/types.ts';
import { keyOf } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import type { ControllerContext } from './runtime/context.ts';
import { type Controller, controllerOf } from './runtime/controller.ts';
import { isNamespaceTerminating } from './runtime/pod-control.ts';

/** Of the ConfigMap. */
export const ROOT_CA = 'kube-root-ca.crt';
const DESCRIPTION = 'kubernetes.io/description';
const TEXT =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** `certificates`: PEM. What else somebody puts into the ConfigMap goes; an annotation that describes it may stay. */
export function rootCaPublisher(context: ControllerContext, certificates: string): Controller {
  const { client, informers, clock, log } = context;
  const data = { 'ca.crt': certificates };
  const queue = new WorkQueue({ clock });
  informers.namespaces.addHandler({
    added: (namespace) => queue.add(keyOf(namespace)),
    updated: (namespace) => queue.add(keyOf(namespace)),
  });
  const changed = ({ metadata }: V1ConfigMap) => {
    if (metadata?.name === ROOT_CA) queue.add(metadata.namespace ?? '');
  };
  informers.configMaps.addHandler({ updated: changed, deleted: changed });

  const create = async (namespace: string): Promise<void> => {
    const metadata = { name: ROOT_CA, namespace, annotations: { [DESCRIPTION]: TEXT } };
    try {
      await client.configMaps.create({ metadata, data });
    } catch (error) {
      // The namespace may be gone already.
      if (!isStatus(error, 'NotFound') && !isNamespaceTerminating(error)) throw error;
    }
  };

  const reconcile = async (name: string): Promise<void> => {
    const namespace = informers.namespaces.get(name);
    if (!namespace || (namespace.status?.phase ?? 'Active') !== 'Active') return;
    if (namespace.metadata?.deletionTimestamp !== undefined) return;
    const found = informers.configMaps.get(`${name}/${ROOT_CA}`);
    if (!found) return create(name);
    const annotations = found.metadata?.annotations ?? {};
    if (isDeepStrictEqual({ ...found.data }, data) && annotations[DESCRIPTION]) return;
    const metadata = { ...found.metadata, annotations: { ...annotations, [DESCRIPTION]: TEXT } };
    await client.configMaps.update({ ...found, metadata, data });
  };

  return controllerOf({
    name: 'root-ca-cert-publisher',
    queue,
    workers: 1,
    reconcile,
    synced: [informers.namespaces.synced(), informers.configMaps.synced()],
    clock,
    log,
  });
}
