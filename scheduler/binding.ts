/** What comes after the decision: Reserve, Permit, PreBind, Bind, in the order of the profile's plugins. */
import { type Cycle, type Plugin, PluginError, type Rejection } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { SchedulingProfile } from './profile.ts';

/** A plugin turned the pod away from the chosen node: no error, but a reason to look again. */
export class RejectedError extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super(rejection.reasons.join(', '));
    this.rejection = rejection;
  }
}

/** Sets aside what every plugin needs; the first that cannot says why. */
export function reserve(profile: SchedulingProfile, cycle: Cycle, node: NodeInfo): Rejection | undefined {
  for (const plugin of profile.reserve) {
    const rejection = plugin.reserve?.(cycle, node);
    if (rejection) return rejection;
  }
  return undefined;
}

/** Gives it back, the last first. */
export function unreserve(profile: SchedulingProfile, cycle: Cycle, node: NodeInfo): void {
  for (const plugin of [...profile.reserve].reverse()) plugin.unreserve?.(cycle, node);
}

/**
 * Resolves when every Permit plugin lets the pod pass; rejects with `RejectedError` when one does not, and when the
 * scheduler ends before they have decided.
 */
export async function permitted(
  profile: SchedulingProfile,
  cycle: Cycle,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const waiting: Promise<Rejection | undefined>[] = [];
  for (const plugin of profile.permit) {
    const result = plugin.permit?.(cycle, nodeName);
    if (result && 'wait' in result) waiting.push(result.wait);
    else if (result) throw new RejectedError(result);
  }
  if (waiting.length === 0) return;
  for (const rejection of await orAborted(Promise.all(waiting), signal)) {
    if (rejection) throw new RejectedError(rejection);
  }
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** PreBind by all plugins in turn. Rejects with what went wrong, naming the plugin. */
export async function preBindPod(profile: SchedulingProfile, cycle: Cycle, nodeName: string): Promise<void> {
  for (const plugin of profile.preBind) {
    if (plugin.preBind) await named('PreBind', plugin, plugin.preBind(cycle, nodeName));
  }
}

/** Bind by the first plugin that takes it; likewise. */
export async function bindPod(profile: SchedulingProfile, cycle: Cycle, nodeName: string): Promise<void> {
  for (const plugin of profile.bind) {
    if (plugin.bind && (await named('Bind', plugin, plugin.bind(cycle, nodeName)))) return;
  }
  throw new Error('all bind plugins skipped');
}

async function named<T>(point: string, plugin: Plugin, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new PluginError(`running ${point} plugin ${JSON.stringify(plugin.name)}`, error);
  }
}
