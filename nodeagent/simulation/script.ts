/**
 * What a simulated pod does, as its annotations tell it: there is no process behind it that would. Pure, and forgiving:
 * a value that cannot be read counts as absent. The same annotations on a Node count for its pods that say nothing.
 */
import { parseQuantity, quantityMillis, quantityUnits } from '../../base/quantity.ts';

const PREFIX = 'simulation.kubets.dev/';
const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';

/** On a Node: `"true"` makes a simulated node fall silent, as if it had been cut off. */
export const SILENT_ANNOTATION = `${PREFIX}silent`;

export interface PodScript {
  /** `start-seconds`: from bound to running, milliseconds. */
  readonly startMs?: number;
  /** `run-seconds`: after that long each container exits by itself; absent: it runs until it is stopped. */
  readonly runMs?: number;
  /** `exit-code-by-index` where the pod has a completion index, else `exit-code`: one for each attempt, the last one on. */
  readonly exitCodes: readonly number[];
  /** `init-exit-code`: the same for init containers, which exit at once. */
  readonly initExitCodes: readonly number[];
  /** `fail-rate`: the chance from 0 to 1 that a run ends with exit code 1. */
  readonly failRate?: number;
  /** `crashes-per-hour`: how often, on average, a container that would run on exits with code 1. */
  readonly crashesPerHour?: number;
  /** `ready`. */
  readonly ready: boolean;
  /** `cpu` and `memory`: what the pod is said to use, all its containers together. */
  readonly cpuMillis?: number;
  readonly memoryBytes?: number;
}

const SUCCESS: readonly number[] = [0];
const PLAIN: PodScript = { exitCodes: SUCCESS, initExitCodes: SUCCESS, ready: true };

/** Reads the annotations of a pod. Pods without any of ours share one script. */
export function scriptOf(annotations: Readonly<Record<string, string>> | undefined): PodScript {
  if (!annotations || !Object.keys(annotations).some((key) => key.startsWith(PREFIX))) return PLAIN;
  const read = (name: string) => annotations[PREFIX + name];
  const startMs = secondsOf(read('start-seconds'));
  const runMs = secondsOf(read('run-seconds'));
  const failRate = numberOf(read('fail-rate'));
  const crashesPerHour = numberOf(read('crashes-per-hour'));
  const [cpu, memory] = [read('cpu'), read('memory')];
  return {
    ...(startMs === undefined ? {} : { startMs }),
    ...(runMs === undefined ? {} : { runMs }),
    exitCodes: byIndex(read('exit-code-by-index'), annotations[COMPLETION_INDEX]) ?? codesOf(read('exit-code')),
    initExitCodes: codesOf(read('init-exit-code')),
    ...(failRate === undefined ? {} : { failRate }),
    ...(crashesPerHour ? { crashesPerHour } : {}),
    ready: read('ready') !== 'false',
    ...(isQuantity(cpu) ? { cpuMillis: quantityMillis(cpu) } : {}),
    ...(isQuantity(memory) ? { memoryBytes: quantityUnits(memory) } : {}),
  };
}

/**
 * With what a container exits that ends by itself. `attempt` counts from 0; `draw`, uniform in [0, 1), decides over a
 * failure by rate (`failRate` when the pod has none of its own).
 */
export function exitCodeAt(script: PodScript, attempt: number, draw: number, failRate = 0): number {
  if (draw < (script.failRate ?? failRate)) return 1;
  return codeAt(script.exitCodes, attempt);
}

/** With what an init container exits. */
export function initExitCodeAt(script: PodScript, attempt: number): number {
  return codeAt(script.initExitCodes, attempt);
}

const HOUR_MS = 3_600_000;

/**
 * After how long a run ends by itself, if it does, and with what code where that is settled by how it ends. What the
 * pod does not say its node says, but a node's `run-seconds` are not for pods that are restarted `Always`: `lives`.
 */
export function runEndOf(
  script: PodScript,
  node: PodScript,
  lives: boolean,
  draw: number,
): { afterMs: number; code?: number } | undefined {
  const runMs = script.runMs ?? (lives ? undefined : node.runMs);
  const perHour = script.crashesPerHour ?? node.crashesPerHour;
  const crashMs = perHour === undefined ? undefined : (-Math.log(1 - draw) * HOUR_MS) / perHour;
  if (crashMs !== undefined && (runMs === undefined || crashMs < runMs)) return { afterMs: crashMs, code: 1 };
  return runMs === undefined ? undefined : { afterMs: runMs };
}

function codeAt(codes: readonly number[], attempt: number): number {
  return codes[Math.min(attempt, codes.length - 1)] ?? 0;
}

function byIndex(list: string | undefined, index: string | undefined): readonly number[] | undefined {
  if (list === undefined || index === undefined) return undefined;
  const code = exitCode(list.split(',')[Number(index)]);
  return code === undefined ? undefined : [code];
}

function codesOf(list: string | undefined): readonly number[] {
  const codes = list?.split(',').map(exitCode) ?? [];
  return codes.length > 0 && codes.every((code) => code !== undefined) ? codes : SUCCESS;
}

function exitCode(text: string | undefined): number | undefined {
  const code = numberOf(text);
  return code !== undefined && Number.isInteger(code) && code <= 255 ? code : undefined;
}

/** Three weeks: longer than any simulation, and short enough for a timer of the system. */
const LONGEST_MS = 21 * 24 * 3_600_000;

function secondsOf(text: string | undefined): number | undefined {
  const seconds = numberOf(text);
  return seconds === undefined ? undefined : Math.min(seconds * 1000, LONGEST_MS);
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const number = Number(text);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}

function isQuantity(text: string | undefined): boolean {
  return text !== undefined && parseQuantity(text) !== undefined;
}
