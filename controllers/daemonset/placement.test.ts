import assert from 'node:assert/strict';
import type { V1Taint } from '../../openapi/generated/types.ts';
import { daemonTolerations, type Fit, Placement, targetNode } from './placement.ts';
import { daemonTemplate, isUpdated, templateFor, templateGeneration } from './template.ts';
import { daemonSet, node } from './testing.ts';

const taint = (key: string, effect: string): V1Taint => ({ key, effect });
const required = (...nodeSelectorTerms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});

describe('Placement', () => {
  const cases: { title: string; pod?: object; labels?: Record<string, string>; taints?: V1Taint[]; fit: Fit }[] = [
    { title: 'every node suits a set that asks for nothing', fit: 'run' },
    { title: 'a node needs the labels of the selector', pod: { nodeSelector: { disk: 'ssd' } }, fit: 'leave' },
    {
      title: 'a node with the labels of the selector suits',
      pod: { nodeSelector: { disk: 'ssd' } },
      labels: { disk: 'ssd' },
      fit: 'run',
    },
    { title: 'another node than the one that is named does not', pod: { nodeName: 'other' }, fit: 'leave' },
    { title: 'the node that is named does', pod: { nodeName: 'n1' }, fit: 'run' },
    {
      title: 'a node needs to meet one term of the affinity',
      pod: required({ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }),
      fit: 'leave',
    },
    {
      title: 'one term that is met is enough',
      pod: required(
        { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] },
        { matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['4'] }] },
      ),
      labels: { cores: '8' },
      fit: 'run',
    },
    {
      title: 'a term may name the node',
      pod: required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }),
      fit: 'run',
    },
    { title: 'an empty term matches nothing', pod: required({}), fit: 'leave' },
    { title: 'a taint keeps new pods away', taints: [taint('x', 'NoSchedule')], fit: 'stay' },
    { title: 'a taint drives pods out', taints: [taint('x', 'NoSchedule'), taint('y', 'NoExecute')], fit: 'leave' },
    { title: 'a preference of the node is none', taints: [taint('x', 'PreferNoSchedule')], fit: 'run' },
    {
      title: 'a taint may be tolerated',
      pod: { tolerations: [{ key: 'x', operator: 'Exists' }] },
      taints: [taint('x', 'NoSchedule'), taint('x', 'NoExecute')],
      fit: 'run',
    },
    {
      title: 'a node in trouble suits',
      taints: [
        taint('node.kubernetes.io/not-ready', 'NoExecute'),
        taint('node.kubernetes.io/unreachable', 'NoExecute'),
        taint('node.kubernetes.io/disk-pressure', 'NoSchedule'),
        taint('node.kubernetes.io/memory-pressure', 'NoSchedule'),
        taint('node.kubernetes.io/pid-pressure', 'NoSchedule'),
        taint('node.kubernetes.io/unschedulable', 'NoSchedule'),
      ],
      fit: 'run',
    },
    {
      title: 'a node without network suits only pods that bring none',
      taints: [taint('node.kubernetes.io/network-unavailable', 'NoSchedule')],
      fit: 'stay',
    },
    {
      title: 'a node without network suits pods that use that of the node',
      pod: { hostNetwork: true },
      taints: [taint('node.kubernetes.io/network-unavailable', 'NoSchedule')],
      fit: 'run',
    },
  ];
  for (const { title, pod, labels, taints, fit } of cases) {
    it(title, () => {
      const placement = new Placement(daemonSet({}, pod));
      assert.equal(placement.fitOf(node('n1', labels, taints ? { taints } : {})), fit);
    });
  }

  it('lets pods leave a node that is gone', () => {
    assert.equal(new Placement(daemonSet()).fitOf(undefined), 'leave');
  });
});

describe('daemonTolerations', () => {
  it('keeps those of the template and makes them last for ever where need be', () => {
    const own = { key: 'own', operator: 'Exists' };
    const brief = {
      key: 'node.kubernetes.io/not-ready',
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 9,
    };
    const tolerations = daemonTolerations({ containers: [], tolerations: [brief, own] });
    assert.deepEqual(tolerations[0], { key: brief.key, operator: 'Exists', effect: 'NoExecute' });
    assert.deepEqual(tolerations[1], own);
    assert.equal(tolerations.length, 7);
  });
});

describe('the pods of a daemon set', () => {
  it('carry the hash and the generation, and are meant for one node', () => {
    const set = daemonSet({}, required({ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }));
    set.metadata!.annotations = { 'deprecated.daemonset.template.generation': '3' };
    const template = templateFor(daemonTemplate(set, 'h1'), 'n1');
    assert.deepEqual(template.metadata?.labels, {
      app: 'agent',
      'pod-template-generation': '3',
      'controller-revision-hash': 'h1',
    });
    assert.deepEqual(template.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution, {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
    });
    assert.equal(targetNode({ spec: template.spec! }), 'n1');
    assert.equal(targetNode({ spec: { ...template.spec!, nodeName: 'n2' } }), 'n2');
    assert.equal(targetNode({ spec: { containers: [] } }), undefined);
  });

  for (const [labels, hash, generation, updated] of [
    [{ 'controller-revision-hash': 'h1' }, 'h1', undefined, true],
    [{ 'controller-revision-hash': 'h0' }, 'h1', undefined, false],
    [{ 'controller-revision-hash': '' }, '', undefined, false],
    [{ 'controller-revision-hash': 'h0', 'pod-template-generation': '3' }, 'h1', '3', true],
    [{ 'pod-template-generation': '2' }, 'h1', '3', false],
  ] as const) {
    it(`${updated ? 'are' : 'are not'} of ${hash || 'no hash'}, generation ${generation}, with ${JSON.stringify(labels)}`, () => {
      assert.equal(isUpdated({ metadata: { labels } }, hash, generation), updated);
    });
  }

  it('have no generation when it is no number', () => {
    const set = daemonSet();
    assert.equal(templateGeneration(set), undefined);
    set.metadata!.annotations = { 'deprecated.daemonset.template.generation': 'x' };
    assert.equal(templateGeneration(set), undefined);
  });
});
