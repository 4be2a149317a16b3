/** `/healthz`, `/livez` and `/readyz`, each check by itself too, as upstream words them. */
import type { ApiResult } from './request.ts';

export interface HealthCheck {
  name: string;
  /** Resolves when all is well; what it rejects with is the reason. */
  check(): Promise<void>;
}

const ROOTS = ['healthz', 'livez', 'readyz'];

/** Whether a path asks for health; such requests need no identity, so that anything can probe. */
export function isHealthPath(path: string): boolean {
  return ROOTS.some((root) => path === `/${root}` || path.startsWith(`/${root}/`));
}

/** Runs the checks that the path names, leaving out those excluded. Throws 404 for a check that does not exist. */
export async function health(path: string, query: URLSearchParams, checks: readonly HealthCheck[]): Promise<ApiResult> {
  const [root = '', ...rest] = path.split('/').slice(1);
  const single = rest.join('/');
  if (single !== '') {
    const check = checks.find((candidate) => candidate.name === single);
    if (!check) return text(404, '404 page not found\n');
    const failed = await failure(check);
    return failed === undefined ? text(200, 'ok') : text(500, `internal server error: ${failed}\n`);
  }
  const excluded = new Set(query.getAll('exclude'));
  const lines: string[] = [];
  let healthy = true;
  for (const check of checks) {
    if (excluded.has(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const failed = await failure(check);
    if (failed !== undefined) healthy = false;
    lines.push(failed === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
  }
  if (!healthy) return text(500, `${lines.join('\n')}\n${root} check failed\n`);
  return text(200, query.has('verbose') ? `${lines.join('\n')}\n${root} check passed\n` : 'ok');
}

async function failure(check: HealthCheck): Promise<string | undefined> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function text(status: number, body: string): ApiResult {
  return {
    kind: 'raw',
    status,
    contentType: 'text/plain; charset=utf-8',
    body,
    headers: { 'x-content-type-options': 'nosniff' },
  };
}
