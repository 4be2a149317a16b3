/** Whether an answer is one a good server gives, whatever it was asked. */
import { gunzipSync } from 'node:zlib';
import { load } from 'js-yaml';
import { messageOf } from '../../base/errors.ts';
import { decodeEnvelope, decodeProtobuf } from '../../openapi/protobuf-codec.ts';
import { judgeFailure, judgeSuccess } from './judge-object.ts';
import { judgeFrames } from './judge-watch.ts';
import type { FuzzRequest } from './request.ts';

export interface Verdict {
  status: number;
  contentType: string;
  /** The header Content-Encoding, or nothing. */
  encoding?: string;
  body: Buffer;
  /** It was left before its end. */
  stream?: boolean;
}

/** What is wrong with the answer; `undefined` when nothing is. */
export function judge(request: FuzzRequest, answer: Verdict): string | undefined {
  const { status, body } = answer;
  if (status < 200 || status > 599) return `status ${status}`;
  if (status >= 500 && !sane5xx(request, answer)) return `status ${status}`;
  if (status >= 300 && status < 400)
    return [301, 304].includes(status) || (status === 302 && !isApi(request)) ? undefined : `status ${status}`;
  if (request.method === 'HEAD') return body.length === 0 ? undefined : 'a body on HEAD';
  if (answer.stream) return judgeFrames(answer.contentType, body);
  return judgeBody(request, answer);
}

/**
 * A version of the future is answered with 504 Timeout, as upstream does, and what goes on to a node or a pod that
 * cannot be reached with a gateway's error; what nobody implements with 501.
 */
function sane5xx(request: FuzzRequest, { status, body }: Verdict): boolean {
  const { path } = request;
  if (/\/(log|exec|attach|portforward|proxy)(\/|\?|$)/.test(path)) return status >= 502 && status <= 504;
  // A group that an APIService of the run's own hands to a Service that is not there.
  if (status === 503)
    return /^\/apis\/fz-\d+\.example\.com(\/|\?|$)/.test(path) || /^\/(readyz|livez|healthz)/.test(path);
  return status === 504 && (/[?&]resourceVersion=\d/.test(path) || /[?&]timeout=/.test(path)) && body.length > 0;
}

function judgeBody(request: FuzzRequest, answer: Verdict): string | undefined {
  const { status, contentType } = answer;
  if (status >= 400 && !mustBeStatus(request)) return undefined;
  if (status < 400 && !contentType.startsWith('application/')) return unlessApi(request, contentType);
  if (/^application\/(com\.github\.proto-openapi|jwk-set\+json)/.test(contentType)) return undefined;
  const decoded = decode(answer);
  if ('error' in decoded) return decoded.error;
  if (status >= 400) return judgeFailure(decoded.value, status);
  return isApi(request) ? judgeSuccess(request, decoded.value) : undefined;
}

function isApi({ path }: FuzzRequest): boolean {
  return /^\/apis?\//.test(path);
}

/** Logs and health are text; objects are not. */
function unlessApi(request: FuzzRequest, contentType: string): string | undefined {
  const isText = !isApi(request) || /\/log(\?|$)/.test(request.path) || request.method === 'OPTIONS';
  return isText ? undefined : `a success in ${contentType || 'no type'}`;
}

function decode({ contentType, encoding, body }: Verdict): { value: unknown } | { error: string } {
  if (encoding !== undefined && encoding !== 'gzip') return { error: `encoded as ${encoding}` };
  try {
    const bytes = encoding ? gunzipSync(body) : body;
    if (contentType.startsWith('application/json')) return { value: JSON.parse(bytes.toString('utf8')) as unknown };
    if (contentType.startsWith('application/yaml')) return { value: load(bytes.toString('utf8')) };
    if (contentType.startsWith('application/vnd.kubernetes.protobuf')) return { value: valueIn(bytes) };
    return { error: `an answer in ${contentType || 'no type'}` };
  } catch (error) {
    return { error: `no ${contentType}: ${messageOf(error)}` };
  }
}

function valueIn(message: Buffer): unknown {
  const { kind, apiVersion } = decodeEnvelope(message);
  // The only documents without an apiVersion.
  return /^API(ResourceList|Versions)$/.test(kind) && apiVersion === '' ? { kind } : decodeProtobuf(message).value;
}

/** HTTP's own errors (a path that is none) and groups nobody serves (upstream: plain text) are not the API's to word. */
function mustBeStatus({ path }: FuzzRequest): boolean {
  const [bare = ''] = path.split('?');
  return (
    /^\/(api\/v1|apis\/(?:apps|batch|policy|coordination\.k8s\.io|rbac\.authorization\.k8s\.io)\/v1)\/[^/]/.test(
      bare,
    ) &&
    !/%(?![0-9a-fA-F]{2})/.test(path) &&
    !/%00|%ff|%ED|%2F|%2e%2e|\/\/|\/\.{1,2}(\/|$)/i.test(bare)
  );
}
