import assert from 'node:assert/strict';
import type { V1Affinity, V1Pod, V1PodAffinityTerm } from '../../openapi/generated/types.ts';
import type { Labels } from '../../openapi/selectors.ts';
import { clusterOf, filtered, passing, scored } from '../testing/cluster.ts';
import { node, pod } from '../testing/objects.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';
const nodes = ['a1', 'a2', 'b1', 'b2'].map((name) => node(name, { labels: { [ZONE]: name.charAt(0) } }));
const namespaces: Record<string, Labels> = { default: { team: 'x' }, other: { team: 'y' } };
const plugin = interPodAffinity({}, (name) => namespaces[name]);

const term = (app: string, fields: Partial<V1PodAffinityTerm> = {}): V1PodAffinityTerm => ({
  labelSelector: { matchLabels: { app } },
  topologyKey: ZONE,
  ...fields,
});
const near = (...terms: V1PodAffinityTerm[]): V1Affinity => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});
const far = (...terms: V1PodAffinityTerm[]): V1Affinity => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});
const app = (name: string, nodeName: string, affinity?: V1Affinity, metadata = {}): V1Pod =>
  pod(`${name}-${nodeName}`, { nodeName, ...(affinity ? { affinity } : {}) }, { labels: { app: name }, ...metadata });
const incoming = (affinity: V1Affinity, labels: Record<string, string> = { app: 'new' }) =>
  pod('incoming', { affinity }, { labels });

describe('InterPodAffinity filter', () => {
  const cases: { title: string; pod: V1Pod; pods: V1Pod[]; passes: string }[] = [
    {
      title: 'goes where a wanted pod is in the domain',
      pod: incoming(near(term('db'))),
      pods: [app('db', 'a1')],
      passes: 'a1 a2',
    },
    {
      title: 'goes nowhere when no wanted pod is there',
      pod: incoming(near(term('db'))),
      pods: [app('web', 'a1')],
      passes: '',
    },
    {
      title: 'is its own company as the first of its kind',
      pod: incoming(near(term('new'))),
      pods: [app('web', 'a1')],
      passes: 'a1 a2 b1 b2',
    },
    {
      title: 'needs one pod that meets all terms',
      pod: incoming(
        near(term('db'), term('db', { labelSelector: { matchLabels: { tier: 'back' } }, topologyKey: HOST })),
      ),
      pods: [app('db', 'a1'), app('db', 'b1', undefined, { labels: { app: 'db', tier: 'back' } })],
      passes: 'b1',
    },
    {
      title: 'stays away from the domain of unwanted pods',
      pod: incoming(far(term('db'))),
      pods: [app('db', 'a1')],
      passes: 'b1 b2',
    },
    {
      title: 'stays away when a placed pod does not want it',
      pod: pod('incoming', {}, { labels: { app: 'new' } }),
      pods: [app('db', 'a1', far(term('new', { topologyKey: HOST })))],
      passes: 'a2 b1 b2',
    },
    {
      title: 'looks at its own namespace only, unless told otherwise',
      pod: incoming(far(term('db'))),
      pods: [app('db', 'a1', undefined, { namespace: 'other' })],
      passes: 'a1 a2 b1 b2',
    },
    {
      title: 'looks at the namespaces that are named',
      pod: incoming(far(term('db', { namespaces: ['other'] }))),
      pods: [app('db', 'a1', undefined, { namespace: 'other' }), app('db', 'b1')],
      passes: 'b1 b2',
    },
    {
      title: 'looks at the namespaces that are selected',
      pod: incoming(far(term('db', { namespaceSelector: { matchLabels: { team: 'y' } } }))),
      pods: [app('db', 'a1', undefined, { namespace: 'other' }), app('db', 'b1')],
      passes: 'b1 b2',
    },
    {
      title: 'looks at all namespaces with an empty selector of them',
      pod: incoming(far(term('db', { namespaceSelector: {} }))),
      pods: [app('db', 'a1', undefined, { namespace: 'unknown' })],
      passes: 'b1 b2',
    },
    {
      title: 'narrows a term to its own values of matchLabelKeys',
      pod: incoming(far(term('new', { matchLabelKeys: ['hash'] })), { app: 'new', hash: '2' }),
      pods: [
        app('new', 'a1', undefined, { labels: { app: 'new', hash: '1' } }),
        app('new', 'b1', undefined, { labels: { app: 'new', hash: '2' } }),
      ],
      passes: 'a1 a2',
    },
    {
      title: 'leaves its own values of mismatchLabelKeys out of a term',
      pod: incoming(far(term('new', { mismatchLabelKeys: ['hash'] })), { app: 'new', hash: '2' }),
      pods: [
        app('new', 'a1', undefined, { labels: { app: 'new', hash: '1' } }),
        app('new', 'b1', undefined, { labels: { app: 'new', hash: '2' } }),
      ],
      passes: 'b1 b2',
    },
    {
      title: 'matches nothing with a term that has no selector',
      pod: incoming(far({ topologyKey: ZONE })),
      pods: [app('db', 'a1')],
      passes: 'a1 a2 b1 b2',
    },
  ];
  for (const { title, pod: target, pods, passes } of cases) {
    it(title, () => assert.equal(passing(plugin, target, clusterOf(nodes, pods)).sort().join(' '), passes));
  }

  it('says which of the three it is, and whether evictions could help', () => {
    const cluster = clusterOf(nodes, [app('db', 'a1', far(term('new')))]);
    const said = (target: V1Pod, nodeName: string) => {
      const rejection = filtered(plugin, target, cluster, nodeName);
      return [rejection?.reasons.join(), rejection?.resolvable];
    };
    assert.deepEqual(said(incoming(near(term('db'))), 'b1'), ["node(s) didn't match pod affinity rules", false]);
    assert.deepEqual(said(incoming(far(term('db'))), 'a1'), ["node(s) didn't match pod anti-affinity rules", true]);
    const plain = pod('incoming', {}, { labels: { app: 'new' } });
    assert.deepEqual(said(plain, 'a1'), ["node(s) didn't satisfy existing pods anti-affinity rules", true]);
  });

  it('follows pods that come and go, and labels of namespaces that change', () => {
    const cluster = clusterOf(nodes);
    const target = incoming(far(term('db', { namespaceSelector: { matchLabels: { team: 'z' } } })));
    const db = app('db', 'a1', far(term('new')), { namespace: 'other' });
    cluster.setPod(db);
    assert.equal(passing(plugin, target, cluster).length, 4);
    namespaces.other = { team: 'z' };
    cluster.counters.namespacesChanged();
    assert.deepEqual(passing(plugin, target, cluster).sort(), ['b1', 'b2']);
    cluster.removePod(db);
    assert.equal(passing(plugin, target, cluster).length, 4);
    namespaces.other = { team: 'y' };
  });
});

describe('InterPodAffinity score', () => {
  const wish = (kind: 'podAffinity' | 'podAntiAffinity', weight: number, wanted: V1PodAffinityTerm): V1Affinity => ({
    [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: wanted }] },
  });
  const plain = pod('incoming', {}, { labels: { app: 'new' } });

  it('adds what the pod wishes, for each pod in the domain', () => {
    const cluster = clusterOf(nodes, [app('db', 'a1'), app('db', 'a2'), app('db', 'b1')]);
    const scores = scored(plugin, incoming(wish('podAffinity', 5, term('db'))), cluster);
    assert.deepEqual(scores, { a1: 100, a2: 100, b1: 0, b2: 0 });
    const away = scored(plugin, incoming(wish('podAntiAffinity', 5, term('db'))), cluster);
    assert.deepEqual(away, { a1: 0, a2: 0, b1: 100, b2: 100 });
  });

  it('adds what placed pods wish of the new one', () => {
    const cluster = clusterOf(nodes, [
      app('db', 'a1', wish('podAffinity', 10, term('new', { topologyKey: HOST }))),
      app('db', 'b1', wish('podAntiAffinity', 10, term('new', { topologyKey: HOST }))),
    ]);
    assert.deepEqual(scored(plugin, plain, cluster), { a1: 100, a2: 50, b1: 0, b2: 50 });
    const deaf = interPodAffinity({ ignorePreferredTermsOfExistingPods: true }, () => undefined);
    assert.equal(scored(deaf, plain, cluster), undefined);
  });

  it('counts a placed pod’s required affinity with the weight of the profile', () => {
    const cluster = clusterOf(nodes, [app('db', 'a1', near(term('new')))]);
    assert.deepEqual(scored(plugin, plain, cluster), { a1: 100, a2: 100, b1: 0, b2: 0 });
    assert.equal(
      scored(
        interPodAffinity({ hardPodAffinityWeight: 0 }, () => undefined),
        plain,
        cluster,
      ),
      undefined,
    );
  });

  it('has no opinion when nobody wishes anything', () => {
    assert.equal(scored(plugin, plain, clusterOf(nodes, [app('db', 'a1')])), undefined);
  });
});
