import assert from 'node:assert/strict';
import type { V1Node, V1NodeSelectorTerm, V1Pod, V1Taint, V1Toleration } from '../../openapi/generated/types.ts';
import type { FilterPlugin } from '../framework.ts';
import { NodeInfo, podInfoOf } from '../node-info.ts';
import { container, node, pod } from '../testing/objects.ts';
import { nodeAffinityFilter } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesFitFilter } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { taintTolerationFilter } from './taint-toleration.ts';

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

function table(plugin: FilterPlugin, cases: Case[]): void {
  describe(plugin.name, () => {
    for (const { title, pod, node: target, existing = [], reasons = [], resolvable } of cases) {
      it(title, () => {
        const info = new NodeInfo('n1', target ?? node('n1'));
        for (const other of existing) info.addPod(podInfoOf(other));
        const rejection = plugin.filter(podInfoOf(pod), info);
        assert.deepEqual(rejection?.reasons ?? [], reasons);
        if (resolvable !== undefined) assert.equal(rejection?.resolvable, resolvable);
      });
    }
  });
}

table(nodeName, [
  { title: 'lets a pod that names no node pass', pod: pod('a') },
  { title: 'lets a pod pass to the node it names', pod: pod('a', { nodeName: 'n1' }) },
  {
    title: 'keeps a pod from other nodes',
    pod: pod('a', { nodeName: 'n2' }),
    reasons: ["node(s) didn't match the requested node name"],
    resolvable: false,
  },
]);

table(nodeUnschedulable, [
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

table(taintTolerationFilter, [
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

table(nodeAffinityFilter, [
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

table(nodePorts, [
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

table(nodeResourcesFitFilter, [
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
  const named = (...lists: string[][]) =>
    nodeAffinityFilter.preFilter?.(
      pod('a', {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchFields: lists.map((values) => ({ key: 'metadata.name', operator: 'In', values })) },
              ],
            },
          },
        },
      }),
    );

  it('narrows the search to the named nodes', () => {
    assert.deepEqual(named(['n1', 'n2'], ['n2', 'n3']), { nodeNames: new Set(['n2']) });
  });

  it('turns the pod away when its terms contradict each other', () => {
    assert.deepEqual(named(['n1'], ['n2']), { error: 'pod affinity terms conflict' });
  });

  it('looks at all nodes when no name is given', () => {
    assert.equal(nodeAffinityFilter.preFilter?.(pod('a')), undefined);
  });
});
