/** The parts of a cluster beside its API server, each started by one function and stopped by one. */

import type { UserInfo } from '../api/http/request.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { startControllers } from '../controllers/manager.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import type { KeyPair } from './pki.ts';

/** Something that runs until it is stopped. */
export interface Part {
  name: string;
  /** Resolves, once it is ready, with what there is to know of it. */
  ready: Promise<string>;
  /** Resolves when nothing of it is left running. */
  stop(): Promise<void>;
}

/** What every part is handed. */
export interface PartContext {
  /** A client that acts as the given user. */
  client(user: UserInfo): Client;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
}

/** All controllers, each with the identity of its own service account. `ca` is published for pods and signs requests. */
export async function controllersPart(
  context: PartContext,
  options: {
    ca: KeyPair;
    nodeMonitor?: { periodMs: number; graceMs: number } | undefined;
    autoscalerPeriodMs?: number | undefined;
  },
): Promise<Part> {
  const { clock, random } = context;
  const { ca, nodeMonitor, autoscalerPeriodMs } = options;
  const manager = await startControllers({
    client: (identity) => context.client(serviceAccountUser(identity)),
    clock,
    random,
    log: context.log.child({ component: 'controllers' }),
    options: {
      rootCa: ca.cert.toString(),
      signer: { cert: ca.cert.toString(), key: ca.key.toString() },
      ...(nodeMonitor
        ? { nodeLifecycle: { monitorPeriodMs: nodeMonitor.periodMs, monitorGraceMs: nodeMonitor.graceMs } }
        : {}),
      ...(autoscalerPeriodMs === undefined ? {} : { autoscaler: { periodMs: autoscalerPeriodMs } }),
    },
  });
  const ready = manager.synced.then(() => 'workloads, services, volumes, nodes, gc');
  return { name: 'controllers', ready, stop: () => manager.stop() };
}

export async function schedulerPart(context: PartContext): Promise<Part> {
  const { clock, random, signal } = context;
  const client = context.client({ name: 'system:kube-scheduler', groups: [] });
  const log = context.log.child({ component: 'scheduler' });
  const scheduler = await startScheduler({ client, clock, random, log, signal });
  return { name: 'scheduler', ready: scheduler.synced.then(() => 'default-scheduler'), stop: () => scheduler.done };
}

/** The user behind an identity, with the groups that service accounts have. */
export function serviceAccountUser(name: string): UserInfo {
  if (!name.startsWith('system:serviceaccount:')) return { name, groups: [] };
  const [, , namespace = ''] = name.split(':');
  return { name, groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] };
}

/** Stops all parts, also when one of them fails to; the failures are logged. */
export async function stopParts(parts: readonly Part[], log: Log): Promise<void> {
  const results = await Promise.allSettled(parts.map((part) => part.stop()));
  for (const [index, result] of results.entries()) {
    if (result.status === 'rejected')
      log.error({ part: parts[index]?.name, error: String(result.reason) }, 'stop: a part did not stop cleanly');
  }
}
