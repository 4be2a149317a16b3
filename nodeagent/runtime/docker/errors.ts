/** What Docker answers when it refuses, read without dockerode's decoration. */
import { codeOf, messageOf } from '../../../base/errors.ts';

/** The HTTP status of Docker's answer; `undefined` when the error is none. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** The daemon's own words. */
export function daemonMessage(error: unknown): string {
  const body = error instanceof Error && 'json' in error ? error.json : undefined;
  if (typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string') {
    return body.message.trim();
  }
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) .*? - /, '')
    .trim();
}

/** The error as the docker command would show it, the original as its cause. */
export function daemonError(error: unknown): Error {
  if (statusOf(error) === undefined) return error instanceof Error ? error : new Error(String(error));
  return new DaemonError(statusOf(error) ?? 0, daemonMessage(error));
}

/** Docker refused; `message` begins as the docker command's does. */
export class DaemonError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(`Error response from daemon: ${message}`);
    this.name = 'DaemonError';
    this.statusCode = statusCode;
  }
}

/** Awaits a call of Docker's; `undefined` where Docker says one of `statuses` (not there, already so). */
export async function unless<T>(statuses: number[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return undefined;
    throw daemonError(error);
  }
}

/** Awaits a call of Docker's; what it throws carries the daemon's words. */
export function spoken<T>(call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    throw daemonError(error);
  });
}

/** Why nobody answers on the socket, and what to do about it. */
export function unreachable(socketPath: string, error: unknown): Error {
  const why: Record<string, string> = {
    ENOENT: 'there is no such socket, so no Docker daemon runs',
    ECONNREFUSED: 'the socket is there, but no Docker daemon listens on it any more',
    EACCES: 'this user may not use it',
  };
  const remedy =
    codeOf(error) === 'EACCES'
      ? 'run as root, or add the user to the group "docker"'
      : 'start one ("make up" as root installs and starts it, or "dockerd" or "systemctl start docker")';
  const reason = why[codeOf(error) ?? ''] ?? messageOf(error);
  return new Error(`Cannot reach Docker at ${socketPath}: ${reason}; ${remedy}, or use the simulated runtime`, {
    cause: error,
  });
}
