/** Bad input of every kind: always a clear Status with a right code, and nothing lost. */
import assert from 'node:assert/strict';
import { badInputs } from './bad-input-cases.ts';
import { atLeast, behaves, fetchApi, objectOf, statusOf, suite, testNamespace, type Wire } from './harness.ts';
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
      const full = path.startsWith('/') ? path : namespace.path(path);
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

  behaves('many labels are no bad input', async () => {
    const labels = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`example.com/label-${i}`, `value-${i}`]));
    const created = await fetchApi('POST', namespace.path('configmaps'), { body: sampleConfigMap('labelled', labels) });
    assert.equal(Object.keys(objectOf(created, 201).metadata.labels ?? {}).length, 2000);
  });

  behaves('what was there is there, unchanged, and the server is well', async () => {
    const still = objectOf(await fetchApi('GET', namespace.path('configmaps', 'target')));
    assert.deepEqual(still, target);
    assert.equal((await fetchApi('GET', '/readyz')).text, 'ok');
  });
});
