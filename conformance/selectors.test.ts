/** Label and field selectors on lists. */
import assert from 'node:assert/strict';
import { behaves, behaviour, fetchApi, listOf, namesOf, objectOf, statusOf, suite, testNamespace } from './harness.ts';
import { sampleConfigMap, samplePod, sampleService } from './kinds.ts';

suite('label selectors', () => {
  const namespace = testNamespace();
  const list = async (selector: string) =>
    namesOf(
      listOf(await fetchApi('GET', `${namespace.path('secrets')}?labelSelector=${encodeURIComponent(selector)}`)),
    );
  before(async () => {
    const objects: Record<string, Record<string, string>> = {
      a: { tier: 'web', size: '1', owned: 'yes' },
      b: { tier: 'db', size: '20', owned: 'yes' },
      c: { tier: '', owned: 'yes', 'example.com/role': 'x' },
      d: { owned: 'yes' },
    };
    for (const [name, labels] of Object.entries(objects)) {
      objectOf(await fetchApi('POST', namespace.path('secrets'), { body: { metadata: { name, labels } } }), 201);
    }
  });

  const cases: [selector: string, found: string][] = [
    ['owned=yes', 'a b c d'],
    ['tier=web', 'a'],
    ['tier==web', 'a'],
    ['tier!=web,owned', 'b c d'],
    ['tier,owned', 'a b c'],
    ['!tier,owned', 'd'],
    ['tier in (web, db)', 'a b'],
    ['tier in (web,)', 'a c'],
    ['tier notin (web),owned', 'b c d'],
    ['tier=,owned', 'c'],
    ['size>1', 'b'],
    ['size<20', 'a'],
    ['example.com/role=x', 'c'],
    ['tier in (web,db),size!=20', 'a'],
    ['  tier  =  web  ', 'a'],
    ['tier=nothing', ''],
  ];
  for (const [selector, found] of cases) {
    behaves(`${selector} finds ${found || 'nothing'}`, async () => {
      assert.equal((await list(selector)).join(' '), found);
    });
  }

  for (const selector of [
    'a===b',
    'tier in',
    'tier in (web',
    '=a',
    'a b',
    '!',
    'tier in (a b)',
    'a=b,',
    '-x=y',
    'a=b c',
  ]) {
    behaves(`${selector} is refused`, async () => {
      const path = `${namespace.path('secrets')}?labelSelector=${encodeURIComponent(selector)}`;
      statusOf(await fetchApi('GET', path), { code: 400, reason: 'BadRequest' });
    });
  }

  behaves('the parser says what it found and what it expected', async () => {
    const path = `${namespace.path('secrets')}?labelSelector=a%3D%3D%3Db`;
    statusOf(await fetchApi('GET', path), {
      code: 400,
      reason: 'BadRequest',
      message: "unable to parse requirement: found '=', expected: identifier",
    });
  });
});

suite('field selectors', () => {
  const namespace = testNamespace();
  const create = async (resource: string, body: object) =>
    objectOf(await fetchApi('POST', namespace.path(resource), { body }), 201);
  const found = async (resource: string, selector: string) =>
    namesOf(
      listOf(await fetchApi('GET', `${namespace.path(resource)}?fieldSelector=${encodeURIComponent(selector)}`)),
    ).join(' ');
  before(async () => {
    for (const name of ['one', 'two']) await create('pods', samplePod(name));
    await create('secrets', { metadata: { name: 'opaque' } });
    await create('secrets', {
      metadata: { name: 'basic' },
      type: 'kubernetes.io/basic-auth',
      stringData: { username: 'u', password: 'p' },
    });
    await create('configmaps', sampleConfigMap('map'));
    const event = (name: string, kind: string, reason: string) => ({
      metadata: { name },
      involvedObject: { kind, name, namespace: namespace.name },
      reason,
      type: 'Warning',
    });
    await create('events', event('e1', 'Pod', 'Killed'));
    await create('events', event('e2', 'Service', 'Moved'));
    const target = { apiVersion: 'v1', kind: 'Node', name: 'conformance-selected' };
    const bound = await fetchApi('POST', namespace.path('pods', 'two', 'binding'), {
      body: { metadata: { name: 'two' }, target },
    });
    assert.equal(bound.status, 201, bound.text);
  });

  const cases: [resource: string, selector: string, found: string][] = [
    ['pods', 'metadata.name=one', 'one'],
    ['pods', 'metadata.name!=one', 'two'],
    ['pods', 'spec.nodeName=conformance-selected', 'two'],
    ['pods', 'spec.nodeName=', 'one'],
    ['pods', 'spec.nodeName==,status.phase=Pending', 'one'],
    ['pods', 'spec.restartPolicy=Always,spec.schedulerName=conformance-nobody', 'one two'],
    ['pods', 'spec.serviceAccountName=default', 'one two'],
    ['pods', 'status.phase!=Pending', ''],
    ['secrets', 'type=kubernetes.io/basic-auth', 'basic'],
    ['configmaps', 'metadata.name=map', 'map'],
    ['configmaps', 'metadata.name=other', ''],
    ['events', 'involvedObject.kind=Pod', 'e1'],
    ['events', 'involvedObject.name=e2,type=Warning', 'e2'],
    ['events', 'reason=Moved', 'e2'],
  ];
  for (const [resource, selector, names] of cases) {
    behaves(`${resource}: ${selector} finds ${names || 'nothing'}`, async () => {
      assert.equal(await found(resource, selector), names);
    });
  }

  for (const resource of ['pods', 'configmaps', 'nodes']) {
    behaves(`${resource}: a field that cannot be selected is refused by name`, async () => {
      const path = resource === 'nodes' ? '/api/v1/nodes' : namespace.path(resource);
      statusOf(await fetchApi('GET', `${path}?fieldSelector=spec.unheard=x`), {
        code: 400,
        reason: 'BadRequest',
        message: /field label not supported: spec\.unheard|"spec\.unheard" is not a known field selector/,
      });
    });
  }
});

suite('lists across namespaces', () => {
  const first = testNamespace();
  const second = testNamespace();

  behaviour('Services should find a service from listing all namespaces', async () => {
    for (const namespace of [first, second]) {
      objectOf(await fetchApi('POST', namespace.path('services'), { body: sampleService('everywhere') }), 201);
    }
    const list = listOf(await fetchApi('GET', '/api/v1/services?fieldSelector=metadata.name%3Deverywhere'));
    const namespaces = list.items.map(({ metadata }) => metadata.namespace);
    assert.ok(namespaces.includes(first.name) && namespaces.includes(second.name), namespaces.join());
  });

  behaves('a list of a namespace that does not exist is empty', async () => {
    assert.deepEqual(listOf(await fetchApi('GET', '/api/v1/namespaces/conformance-never/configmaps')).items, []);
  });
});
