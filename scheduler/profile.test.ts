import assert from 'node:assert/strict';
import type { KubeSchedulerConfiguration } from './configuration.ts';
import { podInfoOf } from './pod-info.ts';
import { hintsOf, makeProfiles } from './profile.ts';
import { node, pod } from './testing/objects.ts';
import { handleFor, profileFor } from './testing/profile.ts';

const names = (plugins: Iterable<{ name: string }>) => [...plugins].map(({ name }) => name);

describe('profiles', () => {
  it('have upstream’s plugins and weights by default', () => {
    const { score, postFilter, bind, reserve, preBind, preEnqueue } = profileFor();
    assert.deepEqual(Object.fromEntries(score.map(({ plugin, weight }) => [plugin.name, weight])), {
      TaintToleration: 3,
      NodeAffinity: 2,
      NodeResourcesFit: 1,
      PodTopologySpread: 2,
      InterPodAffinity: 2,
      NodeResourcesBalancedAllocation: 1,
      ImageLocality: 1,
    });
    assert.deepEqual(names(preEnqueue), ['SchedulingGates', 'DefaultPreemption']);
    assert.deepEqual(names(postFilter), ['DefaultPreemption']);
    assert.deepEqual(names(bind), ['DefaultBinder']);
    assert.deepEqual([names(reserve), names(preBind)], [['VolumeBinding'], ['VolumeBinding']]);
  });

  const cases: { title: string; plugins: object; score: string }[] = [
    {
      title: 'drop a plugin at one point',
      plugins: { score: { disabled: [{ name: 'ImageLocality' }] } },
      score:
        'TaintToleration 3, NodeAffinity 2, NodeResourcesFit 1, PodTopologySpread 2, InterPodAffinity 2, NodeResourcesBalancedAllocation 1',
    },
    {
      title: 'drop all and take some',
      plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeAffinity', weight: 7 }] } },
      score: 'NodeAffinity 7',
    },
    {
      title: 'drop all everywhere but one',
      plugins: { multiPoint: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit', weight: 5 }] } },
      score: 'NodeResourcesFit 5',
    },
    {
      title: 'give a new weight without a new place',
      plugins: {
        multiPoint: { disabled: [{ name: 'ImageLocality' }], enabled: [{ name: 'NodeResourcesFit', weight: 9 }] },
      },
      score:
        'TaintToleration 3, NodeAffinity 2, NodeResourcesFit 9, PodTopologySpread 2, InterPodAffinity 2, NodeResourcesBalancedAllocation 1',
    },
  ];
  for (const { title, plugins, score } of cases) {
    it(title, () => {
      const profile = profileFor({}, { profiles: [{ plugins }] });
      assert.equal(profile.score.map(({ plugin, weight }) => `${plugin.name} ${weight}`).join(', '), score);
    });
  }

  it('are told apart by scheduler name, and take plugins of one’s own', () => {
    const configuration: KubeSchedulerConfiguration = {
      percentageOfNodesToScore: 20,
      profiles: [
        {},
        { schedulerName: 'mine', percentageOfNodesToScore: 70, plugins: { filter: { enabled: [{ name: 'Odd' }] } } },
      ],
    };
    const odd = () => ({ name: 'Odd', preFilter: () => undefined });
    const profiles = makeProfiles(configuration, handleFor(), { Odd: odd });
    assert.deepEqual([...profiles.keys()], ['default-scheduler', 'mine']);
    assert.deepEqual(
      [...profiles.values()].map(({ percentageOfNodesToScore }) => percentageOfNodesToScore),
      [20, 70],
    );
    assert.ok(names(profiles.get('mine')?.filter ?? []).includes('Odd'));
    assert.ok(!names(profiles.get('default-scheduler')?.filter ?? []).includes('Odd'));
  });

  it('try a pod again after what may help in one of them', () => {
    const affinity = (value: string) => ({
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'In', values: [value] }] }],
      },
    });
    const profile = (schedulerName: string) => ({
      schedulerName,
      pluginConfig: [{ name: 'NodeAffinity', args: { addedAffinity: affinity(schedulerName) } }],
    });
    const profiles = makeProfiles({ profiles: [profile('a'), profile('b')] }, handleFor());
    const hint = hintsOf(profiles.values()).get('NodeAffinity')?.NodeAdd;
    const helps = (pool: string) => hint?.(podInfoOf(pod('p')), node('n1', { labels: { pool } }), undefined);
    assert.deepEqual(['a', 'b', 'c'].map(helps), [true, true, false]);
  });

  it('refuse plugins that nobody knows, and two profiles of one name', () => {
    const unknown = { profiles: [{ plugins: { score: { enabled: [{ name: 'Nothing' }] } } }] };
    assert.throws(() => profileFor({}, unknown), /plugin "Nothing" does not exist/);
    assert.throws(() => profileFor({}, { profiles: [{}, {}] }), /duplicate profile/);
  });
});
