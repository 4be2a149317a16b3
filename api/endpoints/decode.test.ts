import assert from 'node:assert/strict';
import { NAMESPACE, refusedAs, withRegistry } from '../registry/store/store.fixture.ts';
import { ask, handle, pathTo, requestTo } from './verbs.fixture.ts';

/** So many levels of lists, each of ten aliases of the one below. */
function bomb(levels: number): string {
  const lines = ['apiVersion: v1', 'kind: ConfigMap', 'metadata: {name: a}', 'l0: &l0 lol'];
  for (let i = 1; i <= levels; i++)
    lines.push(
      `l${i}: &l${i} [${Array(10)
        .fill(`*l${i - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}

describe('a body', () => {
  const read: { title: string; raw: string; contentType?: string }[] = [
    { title: 'JSON', raw: '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"k":"v"}}' },
    { title: 'JSON that leaves out kind and version', raw: '{"metadata":{"name":"a"},"data":{"k":"v"}}' },
    {
      title: 'JSON with a charset',
      raw: '{"metadata":{"name":"a"},"data":{"k":"v"}}',
      contentType: 'application/json; charset=utf-8',
    },
    { title: 'YAML', raw: 'metadata: {name: a}\ndata:\n  k: v\n', contentType: 'application/yaml' },
    {
      title: 'YAML with aliases',
      raw: 'metadata: {name: &n a}\ndata: &d {k: v}\nlabels: [*n, *n]\nmore: *d\n',
      contentType: 'application/yaml',
    },
  ];
  for (const { title, raw, contentType } of read) {
    it(
      `is read as ${title}`,
      withRegistry(async (fixture) => {
        const made = await ask(fixture, 'POST', pathTo('configmaps'), { raw, ...(contentType ? { contentType } : {}) });
        assert.deepEqual(made.data, { k: 'v' });
        assert.equal(made.metadata?.namespace, NAMESPACE);
      }),
    );
  }

  const refused: { title: string; raw: string | Buffer; contentType?: string; reason?: string; message: RegExp }[] = [
    {
      title: 'nothing',
      raw: '',
      message:
        /^the object provided is unrecognized \(must be of type ConfigMap\).*unexpected end of JSON input \(<empty>\)$/,
    },
    { title: 'half an object', raw: '{"metadata":{', message: /unexpected end of JSON input|object key string/ },
    { title: 'a list', raw: '[]', message: /cannot unmarshal array into Go value/ },
    { title: 'null', raw: 'null', reason: 'Invalid', message: /name or generateName is required/ },
    { title: 'bytes that are no UTF-8', raw: Buffer.from([0x22, 0xff, 0x22]), message: /^the object provided is/ },
    {
      title: 'another kind that is served',
      raw: '{"kind":"Pod","apiVersion":"v1"}',
      message:
        /^Pod in version "v1" cannot be handled as a ConfigMap: converting \(v1.Pod\) to \(core.ConfigMap\): unknown conversion$/,
    },
    {
      title: 'a kind that does not exist',
      raw: '{"kind":"Nothing","apiVersion":"v1"}',
      message: /no kind "Nothing" is registered for version "v1" in scheme/,
    },
    {
      title: 'a kind that is a number',
      raw: '{"kind":1}',
      message: /^the object provided is .*into Go struct field .kind of type string \(\{"kind":1\}\)$/,
    },
    {
      title: 'a version with two slashes, and a long body',
      raw: `{"apiVersion":"a/b/c","metadata":{}}`,
      message: /: unexpected GroupVersion string: a\/b\/c \(\{"apiVersion":"a\/b\/c","metadat \.\.\.\)$/,
    },
    {
      title: 'a list of any kind',
      raw: '{"kind":"List","apiVersion":"v1"}',
      message: /converting \(v1\.List\) to \(core\.ConfigMap\): unknown conversion$/,
    },
    {
      title: 'YAML that begins with a tab',
      raw: '\tkind: ConfigMap',
      contentType: 'application/yaml',
      message: /: yaml: found character that cannot start any token \(096b/,
    },
    { title: 'a value of the wrong type', raw: '{"data":{"k":1}}', message: /cannot unmarshal number/ },
    {
      title: 'another type',
      raw: '<a/>',
      contentType: 'text/xml',
      reason: 'UnsupportedMediaType',
      message: /accepted media types include: application\/json, application\/yaml/,
    },
    { title: 'broken YAML', raw: 'a: [', contentType: 'application/yaml', message: /yaml: / },
    {
      title: 'YAML that stands for a gigabyte',
      raw: bomb(9),
      contentType: 'application/yaml',
      message: /yaml: document contains excessive aliasing/,
    },
    {
      title: 'YAML with a large text a hundred times',
      raw: `a: &a ${'x'.repeat(100_000)}\nb: [${Array(90).fill('*a').join(', ')}]`,
      contentType: 'application/yaml',
      message: /yaml: document contains excessive aliasing/,
    },
    {
      title: 'YAML that holds itself',
      raw: 'a: &a [*a]',
      contentType: 'application/yaml',
      message: /yaml: /,
    },
  ];
  for (const { title, raw, contentType, reason = 'BadRequest', message } of refused) {
    it(
      `is refused: ${title}`,
      withRegistry(async (fixture) => {
        const options = { raw, ...(contentType ? { contentType } : {}) };
        await assert.rejects(ask(fixture, 'POST', pathTo('configmaps'), options), refusedAs(reason, message));
      }),
    );
  }

  const unknown = { raw: '{"metadata":{"name":"a"},"data":{"k":"1","k":"2"},"extra":1}' };
  for (const [mode, warnings] of [
    ['', 2],
    ['?fieldValidation=Warn', 2],
    ['?fieldValidation=Ignore', 0],
  ] as const) {
    it(
      `has ${warnings} warnings for unknown and double fields with ${mode || 'no mode'}`,
      withRegistry(async (fixture) => {
        const request = requestTo('POST', pathTo('configmaps') + mode, unknown);
        await handle(fixture, request);
        assert.equal(request.warnings.length, warnings);
      }),
    );
  }

  it(
    'is refused for unknown and double fields where the client is strict',
    withRegistry(async (fixture) => {
      await assert.rejects(
        ask(fixture, 'POST', `${pathTo('configmaps')}?fieldValidation=Strict`, unknown),
        refusedAs('BadRequest', /strict decoding error: unknown field "extra", duplicate field "data.k"$/),
      );
    }),
  );
});
