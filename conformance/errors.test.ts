/** Errors: every refusal is a Status with upstream's code, reason and words. */
import { behaves, fetchApi, statusOf, suite, testNamespace } from './harness.ts';

interface Case {
  title: string;
  method: string;
  /** After the namespace's path, or from the root with a leading slash. */
  path: string;
  headers?: Record<string, string>;
  body?: object | string;
  code: number;
  reason: string;
  message: string | RegExp;
}

const NOT_FOUND = 'the server could not find the requested resource';
const NOT_ALLOWED = 'the server does not allow this method on the requested resource';
const UNKNOWN_FORMAT =
  /^the body of the request was in an unknown format - accepted media types include: application\/json, application\/yaml, application\/vnd\.kubernetes\.protobuf/;

const cases: Case[] = [
  {
    title: 'an object that is not there',
    method: 'GET',
    path: 'pods/absent',
    code: 404,
    reason: 'NotFound',
    message: 'pods "absent" not found',
  },
  { title: 'an unknown resource', method: 'GET', path: 'nothings', code: 404, reason: 'NotFound', message: NOT_FOUND },
  {
    title: 'an unknown subresource',
    method: 'GET',
    path: 'pods/a/nothing',
    code: 404,
    reason: 'NotFound',
    message: NOT_FOUND,
  },
  {
    title: 'an unknown version',
    method: 'GET',
    path: '/api/v9/pods',
    code: 404,
    reason: 'NotFound',
    message: NOT_FOUND,
  },
  {
    title: 'POST on an object',
    method: 'POST',
    path: 'pods/a',
    body: {},
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'PUT on a collection',
    method: 'PUT',
    path: 'pods',
    body: {},
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'PATCH on a collection',
    method: 'PATCH',
    path: 'pods',
    body: {},
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'DELETE across namespaces',
    method: 'DELETE',
    path: '/api/v1/pods',
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'POST across namespaces',
    method: 'POST',
    path: '/api/v1/pods',
    body: {},
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'GET of a binding',
    method: 'GET',
    path: 'pods/a/binding',
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'a method nobody knows',
    method: 'PROPFIND',
    path: 'pods',
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'POST to /version',
    method: 'POST',
    path: '/version',
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'an Accept that cannot be met',
    method: 'GET',
    path: 'pods',
    headers: { accept: 'text/html' },
    code: 406,
    reason: 'NotAcceptable',
    message: /406: Not Acceptable|only the following media types are accepted: application\/json/,
  },
  {
    title: 'a body of an unknown type',
    method: 'POST',
    path: 'pods',
    headers: { 'content-type': 'text/plain' },
    body: '{}',
    code: 415,
    reason: 'UnsupportedMediaType',
    message: UNKNOWN_FORMAT,
  },
  {
    title: 'a patch of an unknown type',
    method: 'PATCH',
    path: 'pods/a',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    code: 415,
    reason: 'UnsupportedMediaType',
    message:
      /415: Unsupported Media Type|the body of the request was in an unknown format - accepted media types include: application\/json-patch\+json/,
  },
  {
    title: 'a body over 3 MiB',
    method: 'POST',
    path: 'configmaps',
    body: { metadata: { name: 'big' }, data: { big: 'x'.repeat(3 * 1024 * 1024) } },
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: 'Request entity too large: limit is 3145728',
  },
  {
    title: 'a limit that is no number',
    method: 'GET',
    path: 'pods?limit=x',
    code: 400,
    reason: 'BadRequest',
    message: /strconv\.ParseInt: parsing "x": invalid syntax/,
  },
  {
    title: 'another kind than the path says',
    method: 'POST',
    path: 'configmaps',
    body: { kind: 'Foo', apiVersion: 'v1', metadata: { name: 'x' } },
    code: 400,
    reason: 'BadRequest',
    message:
      /^Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" in scheme/,
  },
  {
    title: 'another version than is served',
    method: 'POST',
    path: 'configmaps',
    body: { kind: 'ConfigMap', apiVersion: 'v2', metadata: { name: 'x' } },
    code: 400,
    reason: 'BadRequest',
    message:
      /^ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme/,
  },
  {
    title: 'a known kind on the wrong path',
    method: 'POST',
    path: 'configmaps',
    body: { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'x' } },
    code: 400,
    reason: 'BadRequest',
    message:
      /^Pod in version "v1" cannot be handled as a ConfigMap: converting \(v1\.Pod\) to \(core\.ConfigMap\): unknown conversion$/,
  },
  {
    title: 'another name than the path says',
    method: 'PUT',
    path: 'configmaps/right',
    body: { metadata: { name: 'wrong' } },
    code: 400,
    reason: 'BadRequest',
    message: 'the name of the object (wrong) does not match the name on the URL (right)',
  },
  {
    title: 'a name that is not valid',
    method: 'POST',
    path: 'configmaps',
    body: { metadata: { name: 'A_b' } },
    code: 422,
    reason: 'Invalid',
    message:
      /^ConfigMap "A_b" is invalid: metadata\.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '\.', and must start and end with an alphanumeric character \(e\.g\. 'example\.com', regex used for validation is '/,
  },
  {
    title: 'a dryRun other than All',
    method: 'POST',
    path: 'configmaps?dryRun=Some',
    body: { metadata: { name: 'x' } },
    code: 422,
    reason: 'Invalid',
    message:
      /^CreateOptions\.meta\.k8s\.io "" is invalid: dryRun: Unsupported value: .*"Some".*: supported values: "All"$/,
  },
  {
    title: 'a PUT of what is not there',
    method: 'PUT',
    path: 'configmaps/absent',
    body: { metadata: { name: 'absent' } },
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "absent" not found',
  },
  {
    title: 'a name of two dots',
    method: 'GET',
    path: 'configmaps/%2e%2e',
    code: 400,
    reason: 'BadRequest',
    message: `Name parameter invalid: "..": may not be '..'`,
  },
  {
    title: 'deletion with a kind that is no DeleteOptions',
    method: 'DELETE',
    path: 'configmaps/absent?gracePeriodSeconds=x',
    code: 400,
    reason: 'BadRequest',
    message: /strconv\.ParseInt: parsing "x": invalid syntax/,
  },
];

suite('errors', () => {
  const namespace = testNamespace();
  for (const { title, method, path, headers, body, ...expected } of cases) {
    behaves(`${title}: ${expected.code} ${expected.reason}`, async () => {
      const full = path.startsWith('/') ? path : namespace.path(path);
      const answer = await fetchApi(method, full, { ...(headers ? { headers } : {}), ...(body ? { body } : {}) });
      statusOf(answer, expected);
    });
  }

  behaves('an error is JSON, not to be cached', async () => {
    const answer = await fetchApi('GET', namespace.path('pods', 'absent'));
    const { 'content-type': type, 'cache-control': cache } = answer.headers;
    statusOf(answer, { code: 404 });
    if (type !== 'application/json' || cache !== 'no-cache, private') throw new Error(`${type}; ${cache}`);
  });

  behaves('an error comes as YAML to whom accepts only that', async () => {
    const answer = await fetchApi('GET', namespace.path('pods', 'absent'), { headers: { accept: 'application/yaml' } });
    if (answer.status !== 404 || !/^kind: Status$/m.test(answer.text) || !/^code: 404$/m.test(answer.text)) {
      throw new Error(`${answer.status} ${answer.text}`);
    }
  });

  behaves('GET of an object with a body is answered without looking at it', async () => {
    statusOf(await fetchApi('GET', namespace.path('pods', 'absent'), { body: '{' }), { code: 404, reason: 'NotFound' });
  });
});
