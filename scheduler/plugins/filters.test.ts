import assert from 'node:assert/strict';
import type { V1Node, V1NodeSelectorTerm, V1Pod, V1Taint, V1Toleration } from '../../openapi/generated/types.ts';
import type { Plugin } from '../framework.ts';
import { clusterOf, cycleOf, filtered } from '../testing/cluster.ts';
import { container, node, pod } from '../testing/objects.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { taintToleration } from './taint-toleration.ts';

interface Case {
  title: string;
  pod: V1Pod;
  node?: V1Node;
  /** Pods that are there already. */
  existing?: V1Pod[];
  /** The reasons; none when the node will do. */
  reasons?: string[];
  resolvable?: boolean;
}

function table(plugin: Plugin, cases: Case[]): void {
  describe(plugin.name, () => {
    for (const { title, pod, node: target, existing = [], reasons = [], resolvable } of cases) {
      it(title, () => {
        const placed = existing.map(
          (other): V1Pod => ({ ...other, spec: { containers: [], ...other.spec, nodeName: 'n1' } }),
        );
        const rejection = filtered(plugin, pod, clusterOf([target ?? node('n1')], placed), 'n1');
        assert.deepEqual(rejection?.reasons ?? [], reasons);
        if (resolvable !== undefined) assert.equal(rejection?.resolvable, resolvable);
      });
    }
  });
}

table(nodeName(), [
  { title: 'lets a pod that names no node pass', pod: pod('a') },
  { title: 'lets a pod pass to the node it names', pod: pod('a', { nodeName: 'n1' }) },
  {
    title: 'keeps a pod from other nodes',
    pod: pod('a', { nodeName: 'n2' }),
    reasons: ["node(s) didn't match the requested node name"],
    resolvable: false,
  },
]);

table(nodeUnschedulable(), [
  { title: 'lets pods pass to a node that is not cordoned', pod: pod('a') },
  {
    title: 'keeps pods from a cordoned node',
    pod: pod('a'),
    node: node('n1', { unschedulable: true }),
    reasons: ['node(s) were unschedulable'],
  },
  {
    title: 'lets a pod pass that tolerates the cordon',
    pod: pod('a', { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] }),
    node: node('n1', { unschedulable: true }),
  },
]);

const untolerated = ['node(s) had untolerated taint(s)'];
const taintCase = (title: string, taint: V1Taint, tolerations: V1Toleration[], fits: boolean): Case => ({
  title,
  pod: pod('a', { tolerations }),
  node: node('n1', { taints: [taint] }),
  ...(fits ? {} : { reasons: untolerated, resolvable: false }),
});
const gpu = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };

table(taintToleration(), [
  taintCase('turns away a pod without tolerations', gpu, [], false),
  taintCase(
    'turns away from NoExecute, as on a node that is not ready',
    { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
    [],
    false,
  ),
  taintCase('does not filter by PreferNoSchedule', { ...gpu, effect: 'PreferNoSchedule' }, [], true),
  taintCase('accepts an equal value', gpu, [{ key: 'dedicated', value: 'gpu' }], true),
  taintCase('refuses another value', gpu, [{ key: 'dedicated', operator: 'Equal', value: 'cpu' }], false),
  taintCase('accepts any value with Exists', gpu, [{ key: 'dedicated', operator: 'Exists' }], true),
  taintCase('refuses another effect', gpu, [{ key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }], false),
  taintCase('accepts everything with an Exists that has no key', gpu, [{ operator: 'Exists' }], true),
]);

const mismatch = ["node(s) didn't match Pod's node affinity/selector"];
const labelled = node('n1', { labels: { disk: 'ssd', cores: '8' } });
const affinityCase = (title: string, terms: V1NodeSelectorTerm[], fits: boolean): Case => ({
  title,
  pod: pod('a', {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
  }),
  node: labelled,
  ...(fits ? {} : { reasons: mismatch, resolvable: false }),
});
const expression = (key: string, operator: string, ...values: string[]): V1NodeSelectorTerm => ({
  matchExpressions: [{ key, operator, values }],
});

table(nodeAffinity(), [
  { title: 'lets a pod without wishes pass', pod: pod('a'), node: labelled },
  { title: 'meets a nodeSelector', pod: pod('a', { nodeSelector: { disk: 'ssd' } }), node: labelled },
  {
    title: 'fails a nodeSelector of which one label differs',
    pod: pod('a', { nodeSelector: { disk: 'ssd', zone: 'b' } }),
    node: labelled,
    reasons: mismatch,
  },
  affinityCase(
    'needs one of several terms',
    [expression('disk', 'In', 'hdd'), expression('disk', 'In', 'ssd', 'nvme')],
    true,
  ),
  affinityCase('fails In with other values', [expression('disk', 'In', 'hdd')], false),
  affinityCase('meets NotIn for a label that is absent', [expression('zone', 'NotIn', 'a')], true),
  affinityCase('fails NotIn', [expression('disk', 'NotIn', 'ssd')], false),
  affinityCase('meets Exists', [expression('disk', 'Exists')], true),
  affinityCase('fails DoesNotExist', [expression('disk', 'DoesNotExist')], false),
  affinityCase('compares numbers with Gt', [expression('cores', 'Gt', '7')], true),
  affinityCase('compares numbers, not text, with Lt', [expression('cores', 'Lt', '16')], true),
  affinityCase('fails Gt for what is no number', [expression('disk', 'Gt', '1')], false),
  affinityCase(
    'needs all expressions of a term',
    [
      {
        matchExpressions: [
          ...(expression('disk', 'Exists').matchExpressions ?? []),
          ...(expression('zone', 'Exists').matchExpressions ?? []),
        ],
      },
    ],
    false,
  ),
  affinityCase('matches nothing with an empty term', [{}], false),
  affinityCase(
    'meets matchFields by name',
    [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
    true,
  ),
  affinityCase(
    'fails matchFields by name',
    [{ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n1'] }] }],
    false,
  ),
]);

const port = (hostPort: number, hostIP?: string, protocol?: string) =>
  pod(`p${hostPort}${hostIP ?? ''}`, {
    containers: [
      container(
        {},
        {
          ports: [{ containerPort: 80, hostPort, ...(hostIP ? { hostIP } : {}), ...(protocol ? { protocol } : {}) }],
        },
      ),
    ],
  });
const portTaken = ["node(s) didn't have free ports for the requested pod ports"];

table(nodePorts(), [
  { title: 'lets another port pass', pod: port(81), existing: [port(80)] },
  { title: 'refuses the same port', pod: port(80), existing: [port(80)], reasons: portTaken, resolvable: true },
  { title: 'lets another protocol pass', pod: port(80, undefined, 'UDP'), existing: [port(80)] },
  { title: 'lets another address pass', pod: port(80, '127.0.0.1'), existing: [port(80, '127.0.0.2')] },
  {
    title: 'refuses one address when all are taken',
    pod: port(80, '127.0.0.1'),
    existing: [port(80)],
    reasons: portTaken,
  },
  {
    title: 'refuses all addresses when one is taken',
    pod: port(80),
    existing: [port(80, '127.0.0.1')],
    reasons: portTaken,
  },
]);

const asks = (requests: Record<string, string>) => pod('a', { containers: [container(requests)] });
const uses = (requests: Record<string, string>) => pod('b', { containers: [container(requests)] });

table(nodeResourcesFit(), [
  { title: 'lets a pod pass that asks for nothing', pod: pod('a'), existing: [uses({ cpu: '4' })] },
  { title: 'lets a pod pass that fits exactly', pod: asks({ cpu: '1' }), existing: [uses({ cpu: '3' })] },
  {
    title: 'says what is short, and that evictions could help',
    pod: asks({ cpu: '2', memory: '2Gi' }),
    existing: [uses({ cpu: '3', memory: '7Gi' })],
    reasons: ['Insufficient cpu', 'Insufficient memory'],
    resolvable: true,
  },
  {
    title: 'says that evictions cannot help when the node is too small',
    pod: asks({ cpu: '5' }),
    reasons: ['Insufficient cpu'],
    resolvable: false,
  },
  {
    title: 'counts pods',
    pod: pod('a'),
    node: node('n1', { allocatable: { pods: '1' } }),
    existing: [uses({})],
    reasons: ['Too many pods'],
    resolvable: true,
  },
  {
    title: 'counts extended resources and ephemeral storage',
    pod: asks({ 'example.com/gpu': '1', 'ephemeral-storage': '2Gi' }),
    node: node('n1', { allocatable: { 'ephemeral-storage': '1Gi' } }),
    reasons: ['Insufficient ephemeral-storage', 'Insufficient example.com/gpu'],
    resolvable: false,
  },
]);

describe('NodeAffinity before the search', () => {
  const named = (...lists: string[][]) => {
    const matchFields = lists.map((values) => ({ key: 'metadata.name', operator: 'In', values }));
    const required = { nodeSelectorTerms: [{ matchFields }] };
    const target = pod('a', {
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } },
    });
    return nodeAffinity().preFilter?.(cycleOf(target, clusterOf([])));
  };

  it('narrows the search to the named nodes', () => {
    const result = named(['n1', 'n2'], ['n2', 'n3']);
    assert.ok(result && 'nodeNames' in result);
    assert.deepEqual(result.nodeNames, new Set(['n2']));
  });

  it('turns the pod away when its terms contradict each other', () => {
    const result = named(['n1'], ['n2']);
    assert.ok(result && 'rejection' in result);
    assert.deepEqual(result.rejection.reasons, ['pod affinity terms conflict']);
    assert.equal(result.rejection.resolvable, false);
  });

  it('looks at all nodes when no name is given', () => {
    assert.equal(nodeAffinity().preFilter?.(cycleOf(pod('a'), clusterOf([]))), undefined);
  });
});

describe('NodeAffinity of the profile', () => {
  const expression = { key: 'disk', operator: 'In', values: ['ssd'] };
  const addedAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [expression] }] },
  };

  it('holds for pods that ask for nothing themselves', () => {
    const cluster = clusterOf([node('n1'), node('n2', { labels: { disk: 'ssd' } })]);
    const plugin = nodeAffinity({ addedAffinity });
    assert.deepEqual(filtered(plugin, pod('a'), cluster, 'n1')?.reasons, [
      "node(s) didn't match scheduler-enforced node affinity",
    ]);
    assert.equal(filtered(plugin, pod('a'), cluster, 'n2'), undefined);
  });
});

describe('NodeResourcesFit', () => {
  it('leaves extended resources alone that it is told to ignore', () => {
    const cluster = clusterOf([node('n1')]);
    const target = asks({ 'example.com/gpu': '1', 'other.org/fpga': '1' });
    const reasons = (args: object) => filtered(nodeResourcesFit(args), target, cluster, 'n1')?.reasons;
    assert.deepEqual(reasons({ ignoredResourceGroups: ['example.com'] }), ['Insufficient other.org/fpga']);
    assert.equal(reasons({ ignoredResourceGroups: ['example.com'], ignoredResources: ['other.org/fpga'] }), undefined);
  });
});
