/** What a person sees of `up`: a calm line a part; plain lines where there is no terminal. */
import type { StartedPart } from './cluster-core.ts';

export interface Screen {
  title(text: string): void;
  part(part: StartedPart): void;
  /** Loud: something works less well than it could, and how to mend it. */
  warning(lines: readonly string[]): void;
  note(text: string): void;
  ready(ms: number, kubeconfig: string): void;
}

type Write = (text: string) => void;

/** A screen for the stream: coloured and aligned on a terminal, unless NO_COLOR is set; plain elsewhere. */
export function screenFor(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Screen {
  const write: Write = (text) => void stream.write(text);
  const beautiful = stream.isTTY === true && environment.TERM !== 'dumb';
  return beautiful
    ? terminalScreen(write, environment.NO_COLOR === undefined || environment.NO_COLOR === '')
    : plainScreen(write);
}

/** One line a fact, nothing else: for logs and scripts. */
export function plainScreen(write: Write): Screen {
  return {
    title: (text) => write(`${text}\n`),
    part: ({ name, detail, atMs }) => write(`${name} ready: ${detail} (${Math.round(atMs)} ms)\n`),
    warning: (lines) => write(`WARNING: ${lines.join('\nWARNING: ')}\n`),
    note: (text) => write(`${text}\n`),
    ready: (ms, kubeconfig) => write(`ready in ${Math.round(ms)} ms\nexport KUBECONFIG=${kubeconfig}\n`),
  };
}

const NAME_WIDTH = 13;
const DETAIL_WIDTH = 46;

/** Aligned, with a little colour. */
export function terminalScreen(write: Write, colour: boolean): Screen {
  const paint = (code: string) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const [bold, dim, green, yellow, cyan] = ['1', '2', '32', '33;1', '36'].map(paint) as [
    Paint,
    Paint,
    Paint,
    Paint,
    Paint,
  ];
  return {
    title: (text) => write(`\n  ${bold(text)}\n\n`),
    part: ({ name, detail, atMs }) =>
      write(
        `  ${green('✔')} ${name.padEnd(NAME_WIDTH)} ${dim(clip(detail, DETAIL_WIDTH))} ${dim(`${Math.round(atMs)} ms`.padStart(8))}\n`,
      ),
    warning: (lines) => write(`${lines.map((line) => `  ${yellow('!')} ${yellow(line)}`).join('\n')}\n`),
    note: (text) => write(`  ${dim(text)}\n`),
    ready: (ms, kubeconfig) =>
      write(`\n  ${bold(`ready in ${Math.round(ms)} ms`)}\n\n  ${cyan(`export KUBECONFIG=${kubeconfig}`)}\n\n`),
  };
}

type Paint = (text: string) => string;

function clip(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}
