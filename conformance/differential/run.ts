/** Sends a case to a server, in a namespace of its own, and cleans up after it. */
import assert from 'node:assert/strict';
import { systemClock } from '../../base/clock.ts';
import { codeOf } from '../../base/errors.ts';
import { nameSuffix, systemRandom } from '../../base/random.ts';
import type { Answer, HttpTarget, RequestOptions } from '../harness/http.ts';
import type { DifferentialCase, DifferentialRequest } from './case.ts';
import { isObject, type Json, parseJson } from './json.ts';
import { type NormalisedAnswer, normalise } from './normalise.ts';

/** Which apiVersions a server is asked for. */
export type Dialect = 'newer' | 'older';

/** The normalised answers, one a request. */
export async function runCase(
  target: HttpTarget,
  test: DifferentialCase,
  dialect: Dialect,
): Promise<NormalisedAnswer[]> {
  const namespace = `diff-${nameSuffix(systemRandom, 8)}`;
  const asked = dialect === 'older' ? (test.older ?? {}) : {};
  const made: string[] = [];
  const answers: Answer[] = [];
  await createNamespace(target, namespace);
  try {
    const results: NormalisedAnswer[] = [];
    for (const request of test.requests) {
      const { method, path, headers, body } = fill(request, namespace, answers, asked);
      const options = { ...(headers ? { headers } : {}), ...(body === undefined ? {} : { body }) };
      const answer = await askUntil(request.until, () => ask(target, method, path, options));
      answers.push(answer);
      made.push(...createdBy(method, path, answer));
      results.push(
        normalise(answer, {
          namespace,
          asked,
          managedFields: test.managedFields ?? false,
          withoutStatus: test.controlled === 'always' || (test.controlled === true && !path.includes('/status')),
          unordered: path.includes('resourceVersion='),
        }),
      );
    }
    return results;
  } finally {
    for (const path of made.reverse()) await discard(target, path);
    await finalize(target, namespace);
  }
}

/** The first answer with the status, or the last before the deadline; without one, the first of all. */
async function askUntil(status: number | undefined, send: () => Promise<Answer>): Promise<Answer> {
  const end = systemClock.monotonic() + 10_000;
  for (;;) {
    const answer = await send();
    if (status === undefined || answer.status === status || systemClock.monotonic() > end) return answer;
    await systemClock.sleep(50);
  }
}

/** A server that hangs up instead of answering (1.20 does, here and there) has answered with status 0. */
async function ask(target: HttpTarget, method: string, path: string, options: RequestOptions): Promise<Answer> {
  try {
    return await target.fetch(method, path, options);
  } catch (error) {
    if (codeOf(error instanceof Error ? error.cause : error) !== 'ECONNRESET') throw error;
    return { status: 0, headers: {}, text: '(no answer)', json: () => assert.fail('there was no answer') };
  }
}

interface FilledRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

function fill(
  request: DifferentialRequest,
  namespace: string,
  answers: Answer[],
  asked: Record<string, string>,
): FilledRequest {
  const parsed = answers.map(({ text }) => parseJson(text));
  const insert = (text: string) => {
    let result = substitute(text, namespace, parsed);
    for (const [name, version] of Object.entries(asked)) {
      result = result.replaceAll(`/apis/${name}/`, `/apis/${version}/`).replaceAll(`"${name}"`, `"${version}"`);
      result = result.replaceAll(`apiVersion: ${name}`, `apiVersion: ${version}`);
    }
    return result;
  };
  const { method, path, headers, body } = request;
  const filled: FilledRequest = { method, path: insert(path) };
  if (headers) filled.headers = headers;
  if (body !== undefined) filled.body = insert(typeof body === 'string' ? body : JSON.stringify(body));
  return filled;
}

/** Puts the namespace and parts of earlier answers into a text. What is not there becomes `missing`. */
export function substitute(text: string, namespace: string, answers: (Json | undefined)[]): string {
  return text.replaceAll('{ns}', namespace).replace(/\{(\d+)\.([\w.]+)\}/g, (_, index: string, path: string) => {
    let value: Json | undefined = answers[Number(index)];
    for (const key of path.split('.')) {
      value = isObject(value) ? value[key] : Array.isArray(value) ? value[Number(key)] : undefined;
    }
    return value === undefined || value === null || typeof value === 'object' ? 'missing' : String(value);
  });
}

/** A fresh namespace with the service account that pods need, made by us wherever no controller makes it. */
async function createNamespace(target: HttpTarget, name: string): Promise<void> {
  const created = await target.fetch('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
  if (created.status !== 201) throw new Error(`differential: no namespace: ${created.status} ${created.text}`);
  await target.fetch('POST', `/api/v1/namespaces/${name}/serviceaccounts`, {
    body: { metadata: { name: 'default' }, automountServiceAccountToken: false },
  });
}

/** Paths of what an answer says it has created. */
function createdBy(method: string, path: string, answer: Answer): string[] {
  if (answer.status !== 201 || /[?&]dryRun=/.test(path)) return [];
  const [plain = ''] = path.split('?');
  const object = parseJson(answer.text);
  if (method !== 'POST') return [plain];
  const metadata = isObject(object) && isObject(object.metadata) ? object.metadata : undefined;
  return typeof metadata?.name === 'string' ? [`${plain}/${encodeURIComponent(metadata.name)}`] : [];
}

async function discard(target: HttpTarget, path: string): Promise<void> {
  const headers = { 'content-type': 'application/merge-patch+json' };
  const answer = await target.fetch('DELETE', `${path}?gracePeriodSeconds=0&propagationPolicy=Background`);
  if (!answer.text.includes('"finalizers"')) return;
  if (/^\/api\/v1\/namespaces\/[^/]+$/.test(path)) return finalize(target, path.split('/').pop() ?? '');
  await target.fetch('PATCH', path, { headers, body: { metadata: { finalizers: null } } });
}

async function finalize(target: HttpTarget, name: string): Promise<void> {
  const root = `/api/v1/namespaces/${name}`;
  await target.fetch('DELETE', `${root}/serviceaccounts/default`);
  await target.fetch('DELETE', root);
  // A controller that makes it again leaves a namespace alone that is going away.
  await target.fetch('DELETE', `${root}/configmaps/kube-root-ca.crt`);
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
  await target.fetch('PUT', `${root}/finalize`, { body });
}
