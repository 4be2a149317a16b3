/** Runs a program of the system, waits for it, and says clearly what went wrong. */
import { execFile } from 'node:child_process';
import { codeOf } from '../../base/errors.ts';

export interface CommandResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Rejects only when the program could not be started; `input` goes to its standard input. */
export type CommandRunner = (command: string, args: readonly string[], input?: string) => Promise<CommandResult>;

/** The program is not installed. */
export class MissingCommandError extends Error {
  constructor(command: string, debianPackage: string) {
    super(
      `Cannot run ${command}: it is not installed; install the package ${debianPackage} (apt-get install ${debianPackage})`,
    );
    this.name = 'MissingCommandError';
  }
}

const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

export const runCommand: CommandRunner = (command, args, input) =>
  new Promise((resolve, reject) => {
    // Debian keeps these programs where an ordinary user's PATH does not look.
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
    const child = execFile(command, args, { env, maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      if (!error) resolve({ stdout, stderr, exitCode: 0 });
      else if (typeof error.code === 'number') resolve({ stdout, stderr, exitCode: error.code });
      else if (codeOf(error) === 'ENOENT') reject(new MissingCommandError(command, packageOf(command)));
      else reject(error);
    });
    // It may end before it has read everything, and says why on stderr.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });

function packageOf(command: string): string {
  return command.startsWith('iptables') ? 'iptables' : command;
}
