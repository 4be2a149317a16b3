import assert from 'node:assert/strict';
import type { V1Pod, V1PodDisruptionBudget } from '../../openapi/generated/types.ts';
import type { NodeFilter } from '../framework.ts';
import { nodeResourcesFit } from '../plugins/node-resources-fit.ts';
import { podInfoOf } from '../pod-info.ts';
import { clusterOf, cycleOf, nodeOf } from '../testing/cluster.ts';
import { container, node, pod } from '../testing/objects.ts';
import { type Candidate, cheapest, selectVictims, splitByBudgets } from './victims.ts';

interface Placed {
  name: string;
  priority?: number;
  cpu?: string;
  started?: string;
  labels?: Record<string, string>;
}

const podOf = ({ name, priority = 0, cpu = '1', started, labels }: Placed): V1Pod => {
  const made = pod(name, { priority, nodeName: 'n1', containers: [container({ cpu })] }, labels ? { labels } : {});
  return started ? { ...made, status: { phase: 'Running', startTime: started } } : made;
};
const budget = (app: string, disruptionsAllowed: number, disruptedPods = {}): V1PodDisruptionBudget => ({
  metadata: { name: app, namespace: 'default' },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, disruptedPods },
});

function victims(wanted: Placed, placed: Placed[], budgets: V1PodDisruptionBudget[] = []) {
  const cluster = clusterOf([node('n1')], placed.map(podOf));
  const { nodeName: _, ...spec } = podOf(wanted).spec ?? { containers: [] };
  const target = pod(wanted.name, spec);
  const result = nodeResourcesFit().preFilter?.(cycleOf(target, cluster));
  assert.ok(result && 'filter' in result && result.filter);
  const filter: NodeFilter = result.filter;
  const found = selectVictims(podInfoOf(target), nodeOf(cluster, 'n1'), cluster, filter, budgets);
  assert.equal(nodeOf(cluster, 'n1').pods.size, placed.length, 'all pods are back');
  assert.equal(
    nodeOf(cluster, 'n1').requested.cpu,
    placed.reduce((sum, { cpu = '1' }) => sum + 1000 * Number(cpu), 0),
  );
  return found;
}

const named = (found: ReturnType<typeof victims>) =>
  'victims' in found ? found.victims.map(({ pod }) => pod.metadata?.name) : found.reasons;

describe('the victims on a node', () => {
  const wanted = { name: 'new', priority: 100, cpu: '2' };

  it('are the fewest and least important', () => {
    const placed = [
      { name: 'low', priority: 1, cpu: '2' },
      { name: 'middle', priority: 2, cpu: '2' },
    ];
    assert.deepEqual(named(victims(wanted, placed)), ['low']);
  });

  it('are of equals those that started last', () => {
    const placed = [
      { name: 'young', cpu: '2', started: '2026-01-02T00:00:00Z' },
      { name: 'old', cpu: '2', started: '2026-01-01T00:00:00Z' },
    ];
    assert.deepEqual(named(victims(wanted, placed)), ['young']);
  });

  it('are none when no pod is less important', () => {
    assert.deepEqual(named(victims(wanted, [{ name: 'peer', priority: 100, cpu: '4' }])), [
      'No preemption victims found for incoming pod',
    ]);
  });

  it('are none when their room would not do', () => {
    const placed = [
      { name: 'peer', priority: 100, cpu: '3' },
      { name: 'low', cpu: '1' },
    ];
    assert.deepEqual(named(victims(wanted, placed)), ['Insufficient cpu']);
  });

  it('are rather those that no budget protects, though they are more important', () => {
    const placed = [
      { name: 'guarded', priority: 1, cpu: '2', labels: { app: 'guarded' } },
      { name: 'free', priority: 5, cpu: '2' },
    ];
    const found = victims(wanted, placed, [budget('guarded', 0)]);
    assert.deepEqual(named(found), ['free']);
    assert.equal('violations' in found && found.violations, 0);
  });

  it('are protected ones where there is no other way, and that is counted', () => {
    const placed = [
      { name: 'one', cpu: '2', labels: { app: 'guarded' }, started: '2026-01-01T00:00:00Z' },
      { name: 'two', cpu: '2', labels: { app: 'guarded' }, started: '2026-01-02T00:00:00Z' },
    ];
    const found = victims({ ...wanted, cpu: '4' }, placed, [budget('guarded', 1)]);
    assert.deepEqual(named(found), ['one', 'two']);
    assert.equal('violations' in found && found.violations, 1);
  });
});

describe('budgets', () => {
  const infos = ['a', 'b'].map((name) => podInfoOf(podOf({ name, labels: { app: 'x' } })));
  const split = (budgets: V1PodDisruptionBudget[]) =>
    splitByBudgets(infos, budgets).violating.map(({ pod }) => pod.metadata?.name);

  it('allow as many evictions as they say', () => assert.deepEqual(split([budget('x', 1)]), ['b']));
  it('do not count a pod again that the server has counted', () => {
    assert.deepEqual(split([budget('x', 1, { a: '2026-01-01T00:00:00Z' })]), []);
  });
  it('of other namespaces or without a selector protect nothing', () => {
    const elsewhere = { ...budget('x', 0), metadata: { namespace: 'other' } };
    assert.deepEqual(split([elsewhere, { ...budget('x', 0), spec: { selector: {} } }]), []);
  });
});

describe('the cheapest candidate', () => {
  const candidate = (name: string, violations: number, ...placed: Omit<Placed, 'name'>[]): Candidate => ({
    node: nodeOf(clusterOf([node(name)]), name),
    violations,
    victims: placed.map((each, i) => podInfoOf(podOf({ name: `${name}-${i}`, ...each }))),
  });
  const cases: { title: string; cheap: Candidate; dear: Candidate }[] = [
    {
      title: 'breaks the fewest budgets',
      cheap: candidate('n1', 0, { priority: 9 }),
      dear: candidate('n2', 1, { priority: 1 }),
    },
    {
      title: 'has the least important first victim',
      cheap: candidate('n1', 0, { priority: 4 }, { priority: 4 }),
      dear: candidate('n2', 0, { priority: 5 }),
    },
    {
      title: 'has the least sum of priorities',
      cheap: candidate('n1', 0, { priority: 5 }, { priority: 1 }),
      dear: candidate('n2', 0, { priority: 5 }, { priority: 2 }),
    },
    {
      title: 'has fewer victims, also of negative priority',
      cheap: candidate('n1', 0, { priority: -5 }),
      dear: candidate('n2', 0, { priority: -5 }, { priority: -5 }),
    },
    {
      title: 'has the victims that started last',
      cheap: candidate('n1', 0, { started: '2026-01-02T00:00:00Z' }),
      dear: candidate('n2', 0, { started: '2026-01-01T00:00:00Z' }),
    },
  ];
  for (const { title, cheap, dear } of cases) {
    it(title, () => {
      assert.equal(cheapest([cheap, dear]), cheap);
      assert.equal(cheapest([dear, cheap]), cheap);
    });
  }
});
