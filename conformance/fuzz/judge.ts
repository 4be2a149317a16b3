/** Whether an answer is one a good server gives, whatever it was asked. */
import type { FuzzRequest } from './generate.ts';

export interface Verdict {
  status: number;
  contentType: string;
  text: string;
}

/** What is wrong with the answer; `undefined` when nothing is. */
export function judge(request: FuzzRequest, answer: Verdict): string | undefined {
  const { status, text } = answer;
  if (status < 200 || status > 599) return `status ${status}`;
  if (status >= 500) return sane5xx(request, status) ? undefined : `status ${status}`;
  if (status >= 300 && status < 400) return status === 301 || status === 304 ? undefined : `status ${status}`;
  if (request.method === 'HEAD') return text === '' ? undefined : 'a body on HEAD';
  if (status < 400) return malformed(answer) ? 'a success that is no JSON' : undefined;
  return mustBeStatus(request) ? judgeStatus(answer) : undefined;
}

/**
 * A version of the future is answered with 504 Timeout, as upstream does, and what goes on to a node or a pod that
 * cannot be reached with a gateway's error. Nothing excuses a 500.
 */
function sane5xx({ path }: FuzzRequest, status: number): boolean {
  if (/\/(log|exec|attach|portforward|proxy)(\/|\?|$)/.test(path)) return status >= 502 && status <= 504;
  return status === 504 && /[?&]resourceVersion=\d/.test(path);
}

function malformed({ contentType, text }: Verdict): boolean {
  if (!contentType.startsWith('application/json') || text === '') return false;
  return parse(text) === undefined;
}

/** HTTP's own errors (a path that is none) and groups nobody serves (upstream: plain text) are not the API's to word. */
function mustBeStatus({ path }: FuzzRequest): boolean {
  const [bare = ''] = path.split('?');
  return (
    /^\/(api\/v1|apis\/coordination\.k8s\.io\/v1)\/[^/]/.test(bare) &&
    !/%(?![0-9a-fA-F]{2})/.test(path) &&
    !/%00|%ff|\/\/|\/\.{1,2}(\/|$)/.test(bare)
  );
}

function judgeStatus({ status, contentType, text }: Verdict): string | undefined {
  if (contentType.startsWith('application/yaml')) return /^kind: Status$/m.test(text) ? undefined : 'no Status in YAML';
  if (contentType.startsWith('application/vnd.kubernetes.protobuf')) {
    return text.startsWith('k8s\u0000') ? undefined : 'no Status in protobuf';
  }
  const body = parse(text);
  if (typeof body !== 'object' || body === null) return 'an error that is no JSON';
  const { kind, code, message, status: outcome } = body as Record<string, unknown>;
  if (kind !== 'Status' || outcome !== 'Failure') return 'an error that is no Status';
  if (code !== status) return `code ${String(code)} in the Status`;
  if (typeof message !== 'string' || message === '') return 'a Status without a message';
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
