/** Leader election of components that run as processes of their own: upstream's flags, and what they lead to. */
import { hostname } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import type { Clock } from '../base/clock.ts';
import { parseDuration } from '../base/duration.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { untilSignal } from './signals.ts';

export interface LeaderElectionFlags {
  leaderElect: boolean;
  leaderElectLeaseDuration: number;
  leaderElectRenewDeadline: number;
  leaderElectRetryPeriod: number;
}

/** Adds upstream's flags. */
export function withLeaderElectionFlags(command: Command): Command {
  return command
    .option('--leader-elect [bool]', 'of several such processes only one works', truth, true)
    .option('--leader-elect-lease-duration <duration>', 'how long others wait for a leader that is silent', ms, 15_000)
    .option('--leader-elect-renew-deadline <duration>', 'how long a leader goes on without an answer', ms, 10_000)
    .option('--leader-elect-retry-period <duration>', 'time between tries', ms, 2_000);
}

interface Component {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
}

/**
 * Runs `work` until a signal ends the process, as the leader where leaders are elected. A leader that loses its Lease
 * ends with exit code 1, as upstream's components do: whoever started it starts it again, with nothing remembered.
 */
export async function runElected(
  component: Component,
  name: string,
  flags: LeaderElectionFlags,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stopping = new AbortController();
  const signalled = untilSignal().then(() => stopping.abort());
  if (!flags.leaderElect) {
    await Promise.all([work(stopping.signal), signalled]);
    return;
  }
  const { leaderElectLeaseDuration, leaderElectRenewDeadline, leaderElectRetryPeriod } = flags;
  if (leaderElectLeaseDuration <= leaderElectRenewDeadline || leaderElectRenewDeadline <= leaderElectRetryPeriod)
    throw new Error('leader election: the lease duration must exceed the renew deadline, and that the retry period');
  const { eventRecorder } = await import('../client/events.ts');
  const { runAsLeader } = await import('../client/leader-election.ts');
  const recorder = eventRecorder({ ...component, component: name });
  const outcome = await runAsLeader({
    ...component,
    recorder,
    signal: stopping.signal,
    name,
    identity: `${hostname()}_${component.random.uuid()}`,
    leaseDurationMs: leaderElectLeaseDuration,
    renewDeadlineMs: leaderElectRenewDeadline,
    retryPeriodMs: leaderElectRetryPeriod,
    lead: work,
  });
  await recorder.flush();
  if (outcome === 'lost') process.exit(1);
  await signalled;
}

function truth(text: string | boolean): boolean {
  if (text === true || text === 'true') return true;
  if (text === 'false') return false;
  throw new InvalidArgumentError('Write it as true or false.');
}

function ms(text: string): number {
  const parsed = parseDuration(text);
  if (parsed === undefined || parsed <= 0) throw new InvalidArgumentError('Write it as 15s or 1m.');
  return parsed;
}
