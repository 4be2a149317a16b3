/** Bad input of every kind: always a clear Status with a right code, and nothing lost. */
import assert from 'node:assert/strict';
import { badInputs } from './bad-input-cases.ts';
import { extremes } from './bad-numbers.ts';
import { oddProtobuf } from './bad-protobuf.ts';
import { customKind } from './custom-kinds.ts';
import { at, atLeast, behaves, fetchApi, objectOf, statusOf, suite, testNamespace, type Wire } from './harness.ts';
import { sampleConfigMap } from './kinds.ts';

/** The real 1.20 answers some of it with 500; nobody who speaks 1.36 here is let off. */
suite('bad input', () => {
  const namespace = testNamespace();
  let target: Wire;
  before(async () => {
    target = objectOf(await fetchApi('POST', namespace.path('configmaps'), { body: sampleConfigMap('target') }), 201);
  });

  for (const { title, method, path, headers, body, codes } of badInputs) {
    behaves(`${title}: ${codes[0]}`, async () => {
      const full = path.startsWith('/') ? path.replace('NAMESPACE', namespace.name) : namespace.path(path);
      const options = { ...(headers ? { headers } : {}), ...(body === undefined ? {} : { body }) };
      const code = atLeast(36) ? codes.filter((each) => each !== 500) : codes;
      const status = statusOf(await fetchApi(method, full, options), { code });
      assert.ok(status.message, 'a message says what was wrong');
    });
  }

  const harmless = [
    'limit=-1',
    'limit=9223372036854775807',
    'timeoutSeconds=-5',
    'timeoutSeconds=99999999',
    'labelSelector=',
    'fieldSelector=',
    'resourceVersion=',
    'pretty=nonsense',
    'unheard=of',
    'watch=false',
    `labelSelector=${Array.from({ length: 200 }, (_, i) => `a${i}!%3Db`).join(',')}`,
  ];
  for (const query of harmless) {
    behaves(`GET with ${query.slice(0, 40)} is answered with the list`, async () => {
      const answer = await fetchApi('GET', `${namespace.path('configmaps')}?${query}`);
      assert.equal(answer.status, 200, answer.text);
      assert.ok(answer.json<{ items: Wire[] }>().items.some(({ metadata }) => metadata.name === 'target'));
    });
  }

  for (const { title, path, body, at: where, value } of extremes) {
    behaves(title, async () => {
      const answer = await fetchApi('POST', path.replace('NAMESPACE', namespace.name), { body });
      assert.deepEqual(at(objectOf(answer, 201), where), value);
    });
  }

  behaves('the largest number of 64 bits comes back to the last digit', async () => {
    const extreme = extremes.find(({ value }) => value === 2 ** 63);
    const path = extreme?.path.replace('NAMESPACE', namespace.name) ?? '';
    const { text } = await fetchApi('POST', path, { body: extreme?.body ?? '' });
    assert.match(text, /"terminationGracePeriodSeconds": ?9223372036854775807\b/);
  });

  const repeated = 'metadata:\n  name: first\nmetadata:\n  name: last\n';
  const yaml = { headers: { 'content-type': 'application/yaml' }, body: repeated };
  behaves('of a key that YAML has twice the last counts', async () => {
    const path = `${namespace.path('configmaps')}?dryRun=All&fieldValidation=Ignore`;
    assert.equal(objectOf(await fetchApi('POST', path, yaml), 201).metadata.name, 'last');
  });

  behaves('a key that YAML has twice is told of, or refused', { since: 27 }, async () => {
    const path = `${namespace.path('configmaps')}?dryRun=All`;
    const warned = await fetchApi('POST', path, yaml);
    assert.match(String(warned.headers.warning), /line 3: key .*metadata.* already set in map/);
    const message = /strict decoding error: yaml: unmarshal errors:\n {2}line 3: key "metadata" already set in map$/;
    statusOf(await fetchApi('POST', `${path}&fieldValidation=Strict`, yaml), {
      code: 400,
      reason: 'BadRequest',
      message,
    });
  });

  for (const [title, name, body, value] of oddProtobuf) {
    behaves(`protobuf with ${title} is read`, async () => {
      const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' };
      const made = objectOf(await fetchApi('POST', namespace.path('configmaps'), { headers, body }), 201);
      assert.deepEqual([made.metadata.name, made.data], [name, { key: value }]);
    });
  }

  const texts: [title: string, text: string | Buffer, value: string][] = [
    ['bytes that are no UTF-8', Buffer.from('61fffe62', 'hex'), 'a\ufffd\ufffdb'],
    ['an overlong form', Buffer.from('c080', 'hex'), '\ufffd\ufffd'],
    ['a surrogate in UTF-8', Buffer.from('eda080', 'hex'), '\ufffd\ufffd\ufffd'],
    ['an escaped surrogate', 'a\\ud800b', 'a\ufffdb'],
    ['an escaped pair', '\\ud83d\\ude42', '🙂'],
    ['an escaped NUL', '\\u0000', '\0'],
  ];
  for (const [title, text, value] of texts) {
    behaves(`${title} in a value of JSON is read as upstream reads it`, async () => {
      const [start, end] = ['{"metadata":{"name":"text"},"data":{"a":"', '"}}'];
      const body = Buffer.concat([Buffer.from(start), Buffer.from(text as string), Buffer.from(end)]);
      const made = await fetchApi('POST', `${namespace.path('configmaps')}?dryRun=All`, { body });
      assert.deepEqual(objectOf(made, 201).data, { a: value });
    });
  }

  for (const quantity of ['1e999999999', '1e-999999999', `1${'0'.repeat(100_000)}`, `0.${'0'.repeat(100_000)}1`]) {
    // An older server works out every digit, and is not heard of again.
    behaves(`a quantity of ${quantity.slice(0, 12)} is answered at once`, { since: 36 }, async () => {
      const body = { metadata: { name: 'large' }, spec: { hard: { pods: quantity } } };
      const path = `/api/v1/namespaces/${namespace.name}/resourcequotas?dryRun=All`;
      const { status } = await fetchApi('POST', path, { body, deadlineMs: 2000 });
      assert.ok([201, 400, 422].includes(status), `${status}`);
    });
  }

  behaves('a hundred levels are not too deep', async () => {
    const body = `{"metadata":{"name":"deep"},"unheard":${'['.repeat(100)}${']'.repeat(100)}}`;
    objectOf(await fetchApi('POST', `${namespace.path('configmaps')}?dryRun=All`, { body }), 201);
    const headers = { 'content-type': 'application/yaml' };
    const yaml = `metadata:\n  name: deep\nunheard: ${'['.repeat(200)}${']'.repeat(200)}\n`;
    objectOf(await fetchApi('POST', `${namespace.path('configmaps')}?dryRun=All`, { headers, body: yaml }), 201);
  });

  behaves('many labels are no bad input', async () => {
    const labels = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`example.com/label-${i}`, `value-${i}`]));
    const created = await fetchApi('POST', namespace.path('configmaps'), { body: sampleConfigMap('labelled', labels) });
    assert.equal(Object.keys(objectOf(created, 201).metadata.labels ?? {}).length, 2000);
  });

  const kinds: [title: string, patch: object[]][] = [
    ['a number', [{ op: 'add', path: '/kind', value: 5 }]],
    ['an object', [{ op: 'add', path: '/kind', value: {} }]],
    [
      'a list, and no version',
      [
        { op: 'add', path: '/kind', value: [] },
        { op: 'remove', path: '/apiVersion' },
      ],
    ],
  ];
  const custom = customKind();
  for (const [title, patch] of kinds) {
    behaves(`a patch that makes ${title} of a custom resource's kind is refused in every encoding`, async () => {
      await fetchApi('POST', custom.path(), { body: custom.object('odd') });
      for (const accept of ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']) {
        const headers = { 'content-type': 'application/json-patch+json', accept };
        const answer = await fetchApi('PATCH', custom.path('odd'), { headers, body: patch });
        assert.ok([400, 406, 422].includes(answer.status), `${accept}: ${answer.status} ${answer.text}`);
      }
    });
  }

  behaves('what was there is there, unchanged, and the server is well', async () => {
    const still = objectOf(await fetchApi('GET', namespace.path('configmaps', 'target')));
    assert.deepEqual(still, target);
    assert.equal((await fetchApi('GET', '/readyz')).text, 'ok');
  });
});
