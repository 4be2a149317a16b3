/** Disruption budgets, the evictions that ask them, and `kubectl drain`, which asks for evictions. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  includes,
  JSON_PATCH,
  listOf,
  MERGE_PATCH,
  mutate,
  namesOf,
  objectOf,
  STRATEGIC_PATCH,
  server,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
  type Wire,
} from './harness.ts';
import { findKubectls, type Kubectl, KubectlRunner } from './kubectl.ts';

const IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/pause:1';
const needsNode = true;
const since = 21;

function podBody(name: string, labels: object, more: object = {}) {
  const containers = [{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent' }];
  return { metadata: { name, labels }, spec: { terminationGracePeriodSeconds: 1, containers, ...more } };
}

function isReady(pod: Wire): boolean {
  const conditions = (at(pod, 'status.conditions') ?? []) as { type: string; status: string }[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Asks for the eviction of a pod. */
function evict(pods: string, name: string, more: object = {}) {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, ...more };
  return fetchApi('POST', `${pods}/${name}/eviction`, { body });
}

suite('disruption budgets', () => {
  const namespace = testNamespace();
  const budgets = `/apis/policy/v1/namespaces/${namespace.name}/poddisruptionbudgets`;
  const pods = namespace.path('pods');
  const create = async (name: string, spec: object, labels: object = {}) =>
    objectOf(
      await fetchApi('POST', budgets, {
        body: { metadata: { name, labels }, spec: { selector: { matchLabels: { app: name } }, ...spec } },
      }),
      201,
    );
  const processed = (name: string) =>
    eventually(async () => {
      const budget = objectOf(await fetchApi('GET', `${budgets}/${name}`));
      assert.equal(at(budget, 'status.observedGeneration'), budget.metadata.generation);
      return budget;
    });
  const runPods = async (app: string, count: number) => {
    const names = Array.from({ length: count }, (_, index) => `${app}-${index}`);
    for (const name of names) objectOf(await fetchApi('POST', pods, { body: podBody(name, { app }) }), 201);
    await eventually(async () => {
      const { items } = listOf(await fetchApi('GET', `${pods}?labelSelector=app%3D${app}`));
      assert.equal(items.filter(isReady).length, count);
    }, 25_000);
    return names;
  };

  behaviour('DisruptionController should create a PodDisruptionBudget', { since }, async () => {
    await create('made', { minAvailable: '10%' });
    await processed('made');
    await mutate(`${budgets}/made`, (budget) => Object.assign(budget.spec as object, { minAvailable: '20%' }));
    includes(await processed('made'), { spec: { minAvailable: '20%' } });
    const operations = [{ op: 'replace', path: '/spec/minAvailable', value: '30%' }];
    objectOf(await applyPatch(`${budgets}/made`, JSON_PATCH, operations));
    includes(await processed('made'), { spec: { minAvailable: '30%' } });
    assert.equal((await fetchApi('DELETE', `${budgets}/made`)).status, 200);
    await eventually(async () => statusOf(await fetchApi('GET', `${budgets}/made`), { code: 404 }));
  });

  behaviour(
    'DisruptionController Listing PodDisruptionBudgets for all namespaces should list and delete a collection of PodDisruptionBudgets',
    { since },
    async () => {
      const label = uniqueName('many');
      for (const name of ['many-1', 'many-2', 'many-3']) {
        await create(name, { minAvailable: '10%' }, { group: label });
        await processed(name);
      }
      const query = `labelSelector=group%3D${label}`;
      const everywhere = listOf(await fetchApi('GET', `/apis/policy/v1/poddisruptionbudgets?${query}`));
      assert.deepEqual(namesOf(everywhere), ['many-1', 'many-2', 'many-3']);
      assert.equal((await fetchApi('DELETE', `${budgets}?${query}`)).status, 200);
      await eventually(async () => assert.deepEqual(listOf(await fetchApi('GET', `${budgets}?${query}`)).items, []));
    },
  );

  behaviour(
    'DisruptionController should observe PodDisruptionBudget status updated',
    { since, needsNode },
    async () => {
      await create('observed', { minAvailable: 1 });
      await runPods('observed', 3);
      await eventually(async () => {
        includes(objectOf(await fetchApi('GET', `${budgets}/observed`)).status, {
          disruptionsAllowed: 2,
          currentHealthy: 3,
          desiredHealthy: 1,
          expectedPods: 3,
          conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '' }],
        });
      });
    },
  );

  behaviour('DisruptionController should update/patch PodDisruptionBudget status', { since, needsNode }, async () => {
    await create('written', { minAvailable: 1 });
    await runPods('written', 1);
    await eventually(async () => {
      const budget = objectOf(await fetchApi('GET', `${budgets}/written`));
      assert.equal(at(budget, 'status.currentHealthy'), 1);
    });
    const old = { 'written-gone': '2020-01-01T00:00:00Z' };
    const updated = await mutate(`${budgets}/written/status`, (budget) =>
      Object.assign(budget.status as object, { disruptedPods: old }),
    );
    includes(updated.status, { disruptedPods: old });
    const added = { 'written-too': '2020-01-01T00:00:00Z' };
    const patch = { status: { disruptedPods: added } };
    const patched = objectOf(await applyPatch(`${budgets}/written/status`, STRATEGIC_PATCH, patch));
    includes(patched.status, { disruptedPods: added });
    await eventually(async () => {
      const budget = objectOf(await fetchApi('GET', `${budgets}/written`));
      assert.deepEqual(at(budget, 'status.disruptedPods') ?? {}, {}, 'pods that are not there are forgotten');
    });
  });

  behaviour(
    'DisruptionController should block an eviction until the PDB is updated to allow it',
    { since, needsNode },
    async () => {
      await create('blocks', { minAvailable: 3 });
      const [first = ''] = await runPods('blocks', 3);
      await eventually(async () => {
        const budget = objectOf(await fetchApi('GET', `${budgets}/blocks`));
        includes(budget.status, { currentHealthy: 3, disruptionsAllowed: 0 });
      });
      const refused = statusOf(await evict(pods, first), { code: 429, reason: 'TooManyRequests' });
      assert.equal(refused.details?.causes?.[0]?.reason, 'DisruptionBudget');
      assert.match(refused.details?.causes?.[0]?.message ?? '', /needs 3 healthy pods and has 3 currently$/);
      objectOf(await applyPatch(`${budgets}/blocks`, MERGE_PATCH, { spec: { minAvailable: 2 } }));
      await eventually(async () => {
        const budget = await processed('blocks');
        assert.equal(at(budget, 'status.disruptionsAllowed'), 1);
      });
      assert.equal((await evict(pods, first)).status, 201);
      await eventually(async () => statusOf(await fetchApi('GET', `${pods}/${first}`), { code: 404 }), 25_000);
      await eventually(async () => {
        const { status } = objectOf(await fetchApi('GET', `${budgets}/blocks`));
        includes(status, { currentHealthy: 2, expectedPods: 2, disruptionsAllowed: 0 });
        assert.deepEqual(at(status, 'disruptedPods') ?? {}, {});
      });
      objectOf(await applyPatch(`${budgets}/blocks`, MERGE_PATCH, { spec: { minAvailable: 3 } }));
      await processed('blocks');
      statusOf(await evict(pods, 'blocks-1'), { code: 429 });
      assert.equal((await fetchApi('DELETE', `${budgets}/blocks`)).status, 200);
      assert.equal((await evict(pods, 'blocks-1')).status, 201);
    },
  );

  behaves('a dry run evicts nobody and takes nothing from the budget', { since: 22, needsNode }, async () => {
    await create('tried', { minAvailable: 0 });
    const [name = ''] = await runPods('tried', 1);
    await eventually(async () => {
      assert.equal(at(objectOf(await fetchApi('GET', `${budgets}/tried`)), 'status.disruptionsAllowed'), 1);
    });
    assert.equal((await evict(pods, name, { deleteOptions: { dryRun: ['All'] } })).status, 201);
    includes(objectOf(await fetchApi('GET', `${budgets}/tried`)).status, { disruptionsAllowed: 1 });
    assert.equal(objectOf(await fetchApi('GET', `${pods}/${name}`)).metadata.deletionTimestamp, undefined);
    const preconditions = { uid: 'somebody-else' };
    statusOf(await evict(pods, name, { deleteOptions: { preconditions } }), { code: 409, reason: 'Conflict' });
  });

  behaves('a budget in percent counts what the controller of the pods asks for', { since, needsNode }, async () => {
    const labels = { app: 'share' };
    const template = { metadata: { labels }, spec: podBody('', labels).spec };
    const body = { metadata: { name: 'share' }, spec: { replicas: 4, selector: labels, template } };
    objectOf(await fetchApi('POST', namespace.path('replicationcontrollers'), { body }), 201);
    await create('share', { maxUnavailable: '25%' });
    await eventually(async () => {
      includes(objectOf(await fetchApi('GET', `${budgets}/share`)).status, {
        expectedPods: 4,
        desiredHealthy: 3,
        currentHealthy: 4,
        disruptionsAllowed: 1,
      });
    }, 25_000);
  });

  behaves('pods that are not ready may go when the budget says so', { since: 27, needsNode }, async () => {
    const probe = { exec: { command: ['false'] }, periodSeconds: 1 };
    const containers = [{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', readinessProbe: probe }];
    const body = podBody('sick-0', { app: 'sick' }, { containers });
    const annotations = { 'simulation.kubets.dev/ready': 'false' };
    objectOf(await fetchApi('POST', pods, { body: { ...body, metadata: { ...body.metadata, annotations } } }), 201);
    await eventually(async () => {
      assert.equal(at(objectOf(await fetchApi('GET', `${pods}/sick-0`)), 'status.phase'), 'Running');
    }, 25_000);
    await create('sick', { minAvailable: 1 });
    await processed('sick');
    statusOf(await evict(pods, 'sick-0'), { code: 429 });
    objectOf(await applyPatch(`${budgets}/sick`, MERGE_PATCH, { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } }));
    await processed('sick');
    assert.equal((await evict(pods, 'sick-0')).status, 201);
  });
});

for (const kubectl of findKubectls()) drains(kubectl);

function drains(kubectl: Kubectl): void {
  suite(`kubectl ${kubectl.version} and a node that needs maintenance`, () => {
    const namespace = testNamespace();
    const runner = new KubectlRunner(kubectl, namespace.name);
    const pods = namespace.path('pods');
    const [node = ''] = server.readyNodes;
    const label = 'app=drained';
    after(async () => {
      runner.dispose();
      await applyPatch(`/api/v1/nodes/${node}`, MERGE_PATCH, { spec: { unschedulable: null } });
    });
    const unschedulable = async () =>
      at(objectOf(await fetchApi('GET', `/api/v1/nodes/${node}`)), 'spec.unschedulable') === true;

    behaves('drain waits for the budget, empties the node and leaves it cordoned', { since, needsNode }, async () => {
      const labels = { app: 'drained' };
      const template = { metadata: { labels }, spec: { ...podBody('', labels).spec, nodeName: node } };
      const body = { metadata: { name: 'drained' }, spec: { replicas: 1, selector: labels, template } };
      objectOf(await fetchApi('POST', namespace.path('replicationcontrollers'), { body }), 201);
      const running = await eventually(async () => {
        const { items } = listOf(await fetchApi('GET', `${pods}?labelSelector=${encodeURIComponent(label)}`));
        assert.equal(items.filter(isReady).length, 1);
        return items[0];
      }, 25_000);
      const spec = { minAvailable: 1, selector: { matchLabels: labels } };
      const budgets = `/apis/policy/v1/namespaces/${namespace.name}/poddisruptionbudgets`;
      objectOf(await fetchApi('POST', budgets, { body: { metadata: { name: 'drained' }, spec } }), 201);
      await eventually(async () => {
        const { status } = objectOf(await fetchApi('GET', `${budgets}/drained`));
        includes(status, { currentHealthy: 1, disruptionsAllowed: 0 });
      });
      const selected = ['--ignore-daemonsets', '--force', `--pod-selector=${label}`];
      const refused = await runner.run(['drain', node, ...selected, '--timeout=3s']);
      assert.notEqual(refused.code, 0, refused.stdout);
      assert.match(refused.stderr, /Cannot evict pod as it would violate the pod's disruption budget\./);
      assert.ok(await unschedulable());
      objectOf(await applyPatch(`${budgets}/drained`, MERGE_PATCH, { spec: { minAvailable: 0 } }));
      const drained = await runner.ok(['drain', node, ...selected, '--timeout=20s']);
      assert.match(drained, new RegExp(`pod/${running?.metadata.name} evicted`));
      assert.match(drained, new RegExp(`node/${node} (evicted|drained)`));
      statusOf(await fetchApi('GET', `${pods}/${running?.metadata.name}`), { code: 404 });
    });

    behaves('cordon keeps pods away until uncordon', { since, needsNode }, async () => {
      await runner.ok(['cordon', node]);
      assert.ok(await unschedulable());
      const only = { nodeSelector: { 'kubernetes.io/hostname': node } };
      objectOf(await fetchApi('POST', pods, { body: podBody('kept-away', { app: 'x' }, only) }), 201);
      await eventually(async () => {
        const condition = at(objectOf(await fetchApi('GET', `${pods}/kept-away`)), 'status.conditions.0');
        includes(condition, { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' });
      });
      assert.match(await runner.ok(['uncordon', node]), /uncordoned/);
      assert.ok(!(await unschedulable()));
      await eventually(async () => {
        assert.equal(at(objectOf(await fetchApi('GET', `${pods}/kept-away`)), 'spec.nodeName'), node);
      }, 25_000);
    });
  }, 90_000);
}
