/** Empties a namespace: deletes whatever is in it, of every kind the server knows. */
import { messageOf } from '../../base/errors.ts';
import { type Client, ResourceClient } from '../../client/client.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { type Discovery, discover, discoveryFailureText, type ServedResource } from '../runtime/discovery.ts';
import { isFinished } from '../runtime/pods.ts';
import type { DeletionReport } from './conditions.ts';

/** How long things with finalizers are given before the next look. */
const FINALIZER_ESTIMATE_SECONDS = 15;

export interface Emptied {
  report: DeletionReport;
  /** How long what remains may take, a guess; 0 when nothing remains or nobody can say. */
  estimateSeconds: number;
}

interface Progress extends Emptied {
  client: Client;
  namespace: string;
  /** How long the namespace has been terminating. */
  ageSeconds: number;
}

/**
 * One attempt. Pods go first, and nothing else is touched until they are gone: what they use must outlive them. Never
 * rejects: what went wrong is in the report.
 */
export async function emptyNamespace(client: Client, namespace: string, ageSeconds: number): Promise<Emptied> {
  const report: DeletionReport = { contentFailures: [], remaining: new Map(), finalizers: new Map() };
  const progress: Progress = { client, namespace, ageSeconds, report, estimateSeconds: 0 };
  const { resources } = await discoverInto(client, report);
  const deletable = resources.filter((resource) => resource.namespaced && resource.verbs.includes('delete'));
  const isPods = (resource: ServedResource) => resource.group === '' && resource.resource === 'pods';
  for (const pods of deletable.filter(isPods)) await emptyResource(progress, pods);
  if (report.remaining.size === 0 && report.contentFailures.length === 0) {
    await Promise.all(
      deletable.filter((resource) => !isPods(resource)).map((resource) => emptyResource(progress, resource)),
    );
  }
  return { report, estimateSeconds: progress.estimateSeconds };
}

async function discoverInto(client: Client, report: DeletionReport): Promise<Discovery> {
  try {
    const discovery = await discover(client.transport);
    const { failures } = discovery;
    if (failures.length > 0) {
      const text = discoveryFailureText(failures);
      report.discoveryFailure = `Discovery failed for some groups, ${failures.length} failing: ${text}`;
    }
    return discovery;
  } catch (error) {
    report.discoveryFailure = messageOf(error);
    return { resources: [], failures: [] };
  }
}

async function emptyResource(progress: Progress, resource: ServedResource): Promise<void> {
  try {
    await deleteAll(progress, resource);
  } catch (error) {
    progress.report.contentFailures.push(messageOf(error));
  }
}

async function deleteAll(progress: Progress, resource: ServedResource): Promise<void> {
  const { client, namespace, report } = progress;
  const calls = new ResourceClient<KubeObject>(client.transport, resource);
  const found = await listOf(calls, resource, namespace);
  if (found.length === 0) return;
  const estimate = estimateOf(resource, found, progress.ageSeconds);
  // The estimate counts even if the deletion fails: the next look comes no sooner.
  progress.estimateSeconds = Math.max(progress.estimateSeconds, estimate);
  await deleteFound(calls, resource, namespace, found);
  const left = await listOf(calls, resource, namespace);
  if (left.length === 0) return;
  report.remaining.set(`${resource.resource}.${resource.group}`, left.length);
  const finalizers = left.flatMap((object) => object.metadata?.finalizers ?? []);
  for (const name of finalizers) report.finalizers.set(name, (report.finalizers.get(name) ?? 0) + 1);
  if (estimate > 0) return;
  if (finalizers.length > 0) {
    progress.estimateSeconds = Math.max(progress.estimateSeconds, FINALIZER_ESTIMATE_SECONDS);
    return;
  }
  const { group, version } = resource;
  const name = `${group}/${version}, Resource=${resource.resource}`;
  throw new Error(`unexpected items still remain in namespace: ${namespace} for gvr: ${name}`);
}

async function listOf(
  calls: ResourceClient<KubeObject>,
  resource: ServedResource,
  namespace: string,
): Promise<KubeObject[]> {
  if (!resource.verbs.includes('list')) return [];
  try {
    return (await calls.list({ namespace })).items;
  } catch (error) {
    // Gone since discovery, or discovery promised too much.
    if (isStatus(error, 'NotFound') || isStatus(error, 'MethodNotAllowed')) return [];
    throw error;
  }
}

async function deleteFound(
  calls: ResourceClient<KubeObject>,
  resource: ServedResource,
  namespace: string,
  found: readonly KubeObject[],
): Promise<void> {
  // Dependents are in this namespace and go, too: no need for the collector to sort out who owned what.
  const deleteOptions = { propagationPolicy: 'Background' };
  if (resource.verbs.includes('deletecollection')) {
    await calls.deleteCollection({ namespace, deleteOptions });
    return;
  }
  for (const object of found) {
    try {
      await calls.delete(object.metadata?.name ?? '', namespace, deleteOptions);
    } catch (error) {
      if (!isStatus(error, 'NotFound') && !isStatus(error, 'MethodNotAllowed')) throw error;
    }
  }
}

/** Seconds that the pods among `found` may need to stop, unless they have had them. */
export function estimateOf(
  resource: { group: string; resource: string },
  found: readonly KubeObject[],
  ageSeconds: number,
): number {
  if (resource.group !== '' || resource.resource !== 'pods') return 0;
  const running = (found as readonly V1Pod[]).filter((pod) => !isFinished(pod));
  const longest = Math.max(0, ...running.map((pod) => pod.spec?.terminationGracePeriodSeconds ?? 0));
  return ageSeconds >= longest ? 0 : longest;
}
