/** The APIServices of what this server answers itself: one a group and version, kept as what is served changes. */
import { messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { V1APIService } from '../../../openapi/generated/types.ts';
import { isStatus } from '../../../openapi/status.ts';
import { ensureStored, type Finish, SYSTEM } from '../../auth/post-start.ts';
import type { Registry } from '../registry.ts';

const GROUP = 'apiregistration.k8s.io';
const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/** Upstream's order of groups. */
const GROUP_PRIORITIES: Record<string, number> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
  'resource.k8s.io': 15_900,
  'metrics.k8s.io': 100,
};
/** Where upstream's differ from 15 for v1 and 9 for what comes before it. */
const VERSION_PRIORITIES: Record<string, number> = {
  'v1.': 1,
  'v2.autoscaling': 30,
  'v1.flowcontrol.apiserver.k8s.io': 21,
  'v1beta1.metrics.k8s.io': 100,
};
const CUSTOM_GROUP_PRIORITY = 1000;
const CUSTOM_VERSION_PRIORITY = 100;

/** The APIServices that belong to what is served. Its own group is no API of its own. */
export function localApiServices(versions: Iterable<{ group: string; version: string }>): V1APIService[] {
  const services = new Map<string, V1APIService>();
  for (const { group, version } of versions) {
    if (group === GROUP) continue;
    const name = `${version}.${group}`;
    services.set(name, localApiService(name, group, version));
  }
  return [...services.values()];
}

function localApiService(name: string, group: string, version: string): V1APIService {
  const priority = GROUP_PRIORITIES[group];
  const isBuiltIn = priority !== undefined;
  return {
    metadata: { name, labels: { [AUTOMANAGED]: isBuiltIn ? 'onstart' : 'true' } },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: priority ?? CUSTOM_GROUP_PRIORITY,
      versionPriority: isBuiltIn
        ? (VERSION_PRIORITIES[name] ?? (/^v\d+$/.test(version) ? 15 : 9))
        : CUSTOM_VERSION_PRIORITY,
    },
  };
}

/** Makes what is missing and deletes what we made for versions that are gone. What others made is left alone. */
export async function syncApiServices(registry: Registry, signal: AbortSignal): Promise<void> {
  const store = registry.store(GROUP, 'v1', 'apiservices');
  const wanted = new Map(
    localApiServices(registry.declarations()).map((service) => [service.metadata?.name ?? '', service]),
  );
  for (const service of wanted.values()) {
    if (signal.aborted) return;
    await ensureStored(store, service);
  }
  for (const { object, labels } of store.cache.list(store.prefix).items) {
    const name = object.metadata?.name ?? '';
    if (signal.aborted || wanted.has(name) || labels[AUTOMANAGED] !== 'true') continue;
    await store.delete('', name, {}, SYSTEM).catch((error: unknown) => {
      if (!isStatus(error, 'NotFound')) throw error;
    });
  }
}

/** Syncs now and whenever what is served changes, one time after the other, until it is ended. */
export async function followApiServices(registry: Registry, log: Log, signal: AbortSignal): Promise<Finish> {
  let syncing = syncApiServices(registry, signal);
  let isPending = false;
  const unlisten = registry.onChange(() => {
    if (isPending || signal.aborted) return;
    isPending = true;
    syncing = syncing.then(async () => {
      isPending = false;
      await syncApiServices(registry, signal).catch((error: unknown) => {
        if (!signal.aborted) log.error({ error: messageOf(error) }, 'api: the local APIServices are out of date');
      });
    });
  });
  await syncing;
  return async () => {
    unlisten();
    await syncing;
  };
}
