/** Bodies that are no configmap, in JSON and in YAML. */
import type { BadInput } from './bad-input-cases.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const YAML_TYPE = { 'content-type': 'application/yaml' };
const text = (value: unknown) => JSON.stringify(value);
const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

type Bad = [title: string, body: string | Buffer, codes?: number[]];

function laughs(): string {
  const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    );
  return lines.join('\n');
}

const BODIES: Bad[] = [
  ['an empty body', ''],
  ['a brace', '{'],
  ['half an object', '{"metadata":{"name":"x"'],
  ['trailing garbage', '{"metadata":{"name":"trailing"}} {"more":1'],
  ['an array', '[]'],
  ['an array of objects', '[{"metadata":{"name":"x"}}]'],
  ['a string', '"text"'],
  ['a number', '42'],
  ['true', 'true'],
  ['null', 'null', [400, 422]],
  ['a bare word', 'hello'],
  ['single quotes', "{'metadata':{}}"],
  ['a comment', '{/* here */}'],
  ['NaN', '{"metadata":{"name":"x","generation":NaN}}'],
  ['a NUL byte', '{"metadata":{"name":"\u0000"}}'],
  ['an escaped NUL in a name', '{"metadata":{"name":"a\\u0000b"}}', [422, 400]],
  ['a lone surrogate in a name', '{"metadata":{"name":"\\ud800"}}', [422, 400]],
  ['a byte order mark alone', '\ufeff'],
  [
    'invalid UTF-8 in a name',
    Buffer.from([...Buffer.from('{"metadata":{"name":"'), 0xff, 0xfe, ...Buffer.from('"}}')]),
    [422, 400],
  ],
  ['random bytes', Buffer.from(Array.from({ length: 256 }, (_, i) => 255 - i))],
  ['ten thousand open brackets', '['.repeat(10_000)],
  ['ten thousand arrays', nested(10_000, '[', ']')],
  ['ten thousand objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, [400, 422]],
  ['a number for a name', text({ metadata: { name: 5 } })],
  ['an object for a name', text({ metadata: { name: {} } })],
  ['an array for metadata', text({ metadata: [] })],
  ['a string for metadata', text({ metadata: 'x' })],
  ['an array for labels', text({ metadata: { name: 'x', labels: ['a'] } })],
  ['a number for a label', text({ metadata: { name: 'x', labels: { a: 1 } } })],
  ['an array for data', text({ metadata: { name: 'x' }, data: [1] })],
  ['a number in data', text({ metadata: { name: 'x' }, data: { a: 1 } })],
  ['an object in data', text({ metadata: { name: 'x' }, data: { a: {} } })],
  ['a string for immutable', text({ metadata: { name: 'x' }, immutable: 'yes' })],
  ['a timestamp that is none', text({ metadata: { name: 'x', creationTimestamp: 'yesterday' } })],
  ['a number for finalizers', text({ metadata: { name: 'x', finalizers: 1 } })],
  ['a number for a kind', text({ kind: 1, metadata: { name: 'x' } })],
  ['an object for an apiVersion', text({ apiVersion: {}, metadata: { name: 'x' } })],
  ['an unknown kind', text({ kind: 'Nothing', apiVersion: 'v1', metadata: { name: 'x' } })],
  ['an unknown group', text({ kind: 'ConfigMap', apiVersion: 'nothing.example.com/v1', metadata: { name: 'x' } })],
  ['an apiVersion of slashes', text({ kind: 'ConfigMap', apiVersion: '///', metadata: { name: 'x' } })],
  ['a known kind of elsewhere', text({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'x' } })],
  ['another namespace', text({ metadata: { name: 'x', namespace: 'default' } })],
  ['an empty object', '{}', [422]],
  ['a name with a slash', text({ metadata: { name: 'a/b' } }), [422]],
  ['a name of dots', text({ metadata: { name: '..' } }), [422]],
  ['a name with a percent sign', text({ metadata: { name: 'a%2Fb' } }), [422]],
  ['a name with blanks', text({ metadata: { name: ' a ' } }), [422]],
  ['a name in another script', text({ metadata: { name: 'имя' } }), [422]],
  ['an emoji for a name', text({ metadata: { name: '🙂' } }), [422]],
  ['a name of 300 characters', text({ metadata: { name: 'n'.repeat(300) } }), [422]],
  ['a name of 100,000 characters', text({ metadata: { name: 'n'.repeat(100_000) } }), [422]],
  ['a key of 300 characters', text({ metadata: { name: 'x' }, data: { ['k'.repeat(300)]: '' } }), [422]],
  ['a key with a slash', text({ metadata: { name: 'x' }, data: { 'a/b': '' } }), [422]],
  ['__proto__ as a label', '{"metadata":{"name":"x","labels":{"__proto__":"y"}}}', [422]],
  [
    'a thousand bad labels',
    text({
      metadata: {
        name: 'x',
        labels: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`bad key ${i}`, 'bad value!'])),
      },
    }),
    [422],
  ],
  [
    'annotations of more than 256 KiB',
    text({ metadata: { name: 'x', annotations: { a: 'x'.repeat(150_000), b: 'x'.repeat(150_000) } } }),
    [422],
  ],
  [
    'twenty thousand labels that are too long',
    text({
      metadata: {
        name: 'x',
        labels: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`label-${i}`, 'v'.repeat(64)])),
      },
    }),
    [422],
  ],
  ['ten thousand objects and arrays', `${'{"a":['.repeat(5000)}1${']}'.repeat(5000)}`, [400, 422]],
  ['a hundred thousand objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, [400, 422]],
  ['a number of a million digits', `{"metadata":{"name":"x","generation":${'9'.repeat(1_000_000)}}}`],
  ['binaryData that is no base64', text({ metadata: { name: 'x' }, binaryData: { a: '***' } })],
];

const YAML_BODIES: Bad[] = [
  ['an open bracket', 'a: ['],
  ['a tab for indentation', 'metadata:\n\tname: x'],
  ['a list', '- a\n- b'],
  ['a scalar', 'hello'],
  ['an unknown anchor', 'metadata: *nothing'],
  ['a wrong type', 'metadata:\n  name: x\ndata:\n- 1'],
  ['a name that is a number', 'metadata:\n  name: 5'],
  ['nothing', '', [400, 422]],
  ['invalid UTF-8', Buffer.concat([Buffer.from('metadata:\n  name: "'), Buffer.from([0xff]), Buffer.from('"\n')])],
  ['an escaped surrogate', 'metadata:\n  name: "a\\ud800b"\n'],
  ['ten thousand lists', '['.repeat(10_000) + ']'.repeat(10_000), [400, 422]],
  ['ten thousand maps', '{a: '.repeat(10_000) + '}'.repeat(10_000), [400, 422]],
  ['ten thousand dashes', `${'- '.repeat(10_000)}a`, [400, 422]],
  ['an anchor in itself', '&a [*a]'],
  ['a merge of itself', 'metadata: &m\n  name: x\n  <<: *m\n'],
  ['a bad escape after the same key twice', 'metadata:\n  name: a\n  name: "\\ud800"\n', [400, 422]],
  ['two documents', 'metadata:\n  name: ""\n---\nmetadata:\n  name: b\n', [400, 422]],
  ['a NUL byte', 'metadata:\n  name: "\0"\n'],
  ['a billion laughs', laughs(), [400, 413, 422]],
];

const post = (about: string, headers: Record<string, string>, bad: Bad[]): BadInput[] =>
  bad.map(([title, body, codes = [400]]) => ({
    title: `POST of ${about}${title}`,
    method: 'POST',
    path: 'configmaps',
    headers,
    body,
    codes,
  }));

export const badBodies: BadInput[] = [...post('', JSON_TYPE, BODIES), ...post('YAML that is ', YAML_TYPE, YAML_BODIES)];
