import assert from 'node:assert/strict';
import type { V1Deployment, V1PodTemplateSpec, V1ReplicaSet } from '../../openapi/generated/types.ts';
import {
  DESIRED_REPLICAS,
  historyWith,
  lastRevision,
  MAX_REPLICAS,
  maxRevision,
  newSetAnnotations,
  REVISION,
  REVISION_HISTORY,
  ROLLBACK_TO,
} from './annotations.ts';
import { maxSurge, maxUnavailable } from './bounds.ts';
import { byRevision, splitReplicaSets } from './replica-sets.ts';
import { newReplicaSetOf } from './revisions.ts';
import { rollBack, rollbackTarget } from './rollback.ts';
import {
  activeOrLatest,
  isScaled,
  maxScaledDown,
  newSetSize,
  oldScaleDown,
  proportionalSizes,
  scaledSets,
  unhealthyScaleDown,
} from './scaling.ts';
import { equalIgnoringHash, HASH_LABEL, replicaSetName, templateHash } from './template.ts';

type Bound = number | string;

function deployment(replicas: number, surge: Bound = '25%', unavailable: Bound = '25%'): V1Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', uid: 'd' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
      template: template('i:1'),
    },
  };
}

function template(image: string, labels: Record<string, string> = { app: 'web' }): V1PodTemplateSpec {
  return { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } };
}

function set(name: string, replicas: number, more: { available?: number; at?: number; max?: number } = {}) {
  const { available = replicas, at = 0, max } = more;
  const result: V1ReplicaSet = {
    metadata: {
      name,
      uid: name,
      creationTimestamp: `2026-01-01T00:00:0${at}Z`,
      annotations: max === undefined ? {} : { [MAX_REPLICAS]: String(max) },
    },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available },
  };
  return result;
}

const annotated = (annotations: Record<string, string>): V1ReplicaSet => ({ metadata: { annotations } });
const sizes = (scalings: { set: V1ReplicaSet; replicas: number }[] | undefined) =>
  scalings && Object.fromEntries(scalings.map(({ set, replicas }) => [set.metadata?.name, replicas]));

describe('bounds of a rolling update', () => {
  const cases: [number, Bound, Bound, number, number][] = [
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [2, '0%', '1%', 0, 1],
    [2, 0, 0, 0, 1],
    [3, 2, 5, 2, 3],
    [0, '25%', '25%', 0, 0],
    [100, '1%', '0%', 1, 0],
  ];
  for (const [replicas, surge, unavailable, expectedSurge, expectedUnavailable] of cases) {
    it(`${replicas} pods, surge ${surge}, unavailable ${unavailable}: ${expectedSurge} and ${expectedUnavailable}`, () => {
      const d = deployment(replicas, surge, unavailable);
      assert.equal(maxSurge(d), expectedSurge);
      assert.equal(maxUnavailable(d), expectedUnavailable);
    });
  }

  it('are none for Recreate', () => {
    const d = deployment(10);
    d.spec!.strategy = { type: 'Recreate' };
    assert.deepEqual([maxSurge(d), maxUnavailable(d)], [0, 0]);
  });
});

describe('templates', () => {
  it('are the same whatever their hash label, the order of keys, and lists that are empty or absent', () => {
    const a = template('i');
    const b: V1PodTemplateSpec = {
      spec: { volumes: [], containers: [{ image: 'i', name: 'c' }] },
      metadata: { labels: { [HASH_LABEL]: 'x', app: 'web' } },
    };
    assert.ok(equalIgnoringHash(a, b));
    assert.ok(equalIgnoringHash({ metadata: { labels: { [HASH_LABEL]: 'x' } } }, {}));
  });

  const different: [string, V1PodTemplateSpec][] = [
    ['an image', template('other')],
    ['a label', template('i', { app: 'web', tier: 'x' })],
    ['an annotation', { ...template('i'), metadata: { labels: { app: 'web' }, annotations: { restartedAt: '1' } } }],
    ['a false that was not there', { ...template('i'), spec: { ...template('i').spec!, enableServiceLinks: false } }],
    ['a container more', { ...template('i'), spec: { containers: [{ name: 'c', image: 'i' }, { name: 'd' }] } }],
  ];
  for (const [what, other] of different) {
    it(`are different when they differ in ${what}`, () => {
      assert.ok(!equalIgnoringHash(template('i'), other));
      assert.notEqual(templateHash(template('i')), templateHash(other));
    });
  }

  it('have a hash that depends on what they say, not how, and on collisions', () => {
    const swapped = { spec: { containers: [{ image: 'i', name: 'c' }] }, metadata: { labels: { app: 'web' } } };
    assert.equal(templateHash(template('i')), templateHash(swapped));
    assert.match(templateHash(template('i')), /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    assert.notEqual(templateHash(template('i')), templateHash(template('i'), 0));
    assert.notEqual(templateHash(template('i'), 0), templateHash(template('i'), 1));
  });

  it('name ReplicaSets no longer than a name may be', () => {
    assert.equal(replicaSetName(deployment(1), 'abc'), 'web-abc');
    const long = { metadata: { name: 'x'.repeat(253) } };
    assert.equal(replicaSetName(long, 'abc').length, 253);
    assert.ok(replicaSetName(long, 'abc').endsWith('x-abc'));
  });
});

describe('newReplicaSetOf', () => {
  it('is the template with its hash, the next revision, and as many pods as the surge allows', () => {
    const d = deployment(10);
    d.metadata!.annotations = { team: 'a', [REVISION]: '4', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    d.spec!.minReadySeconds = 5;
    const made = newReplicaSetOf(d, [{ ...set('old', 10), metadata: { annotations: { [REVISION]: '4' } } }]);
    const hash = templateHash(d.spec!.template!);
    assert.deepEqual(made, {
      metadata: {
        name: `web-${hash}`,
        namespace: 'default',
        labels: { app: 'web', [HASH_LABEL]: hash },
        annotations: { team: 'a', [REVISION]: '5', [DESIRED_REPLICAS]: '10', [MAX_REPLICAS]: '13' },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            name: 'web',
            uid: 'd',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        replicas: 3,
        minReadySeconds: 5,
        selector: { matchLabels: { app: 'web', [HASH_LABEL]: hash } },
        template: template('i:1', { app: 'web', [HASH_LABEL]: hash }),
      },
    });
  });
});

describe('annotations', () => {
  it('are copied from the Deployment, and the revision is raised', () => {
    const d = deployment(1);
    d.metadata!.annotations = { cause: 'edit' };
    assert.deepEqual(newSetAnnotations(d, { own: 'x', [REVISION]: '2' }, 3n), {
      own: 'x',
      cause: 'edit',
      [REVISION]: '3',
      [REVISION_HISTORY]: '2',
    });
  });

  it('stay as they are when nothing is new, or the revision is higher already', () => {
    assert.equal(newSetAnnotations(deployment(1), { [REVISION]: '3' }, 3n), undefined);
    assert.equal(newSetAnnotations(deployment(1), { [REVISION]: '9' }, 3n), undefined);
    assert.equal(newSetAnnotations(deployment(1), { [REVISION]: 'x' }, 3n), undefined);
  });

  it('keep a history of at most 2000 characters', () => {
    assert.equal(historyWith('', '1'), '1');
    assert.equal(historyWith('1,2', '5'), '1,2,5');
    const long = Array.from({ length: 1000 }, (_, i) => String(i % 10)).join(',');
    const longer = historyWith(long, '77');
    assert.ok(longer.length <= 2000, String(longer.length));
    assert.ok(longer.endsWith(',77') && longer.startsWith('1,2'), longer.slice(0, 9));
  });

  it('count on from revisions of 64 bits', () => {
    const old = [annotated({ [REVISION]: '3546343826724305832' })];
    const made = newReplicaSetOf(deployment(1), old);
    assert.equal(made.metadata!.annotations![REVISION], '3546343826724305833');
  });

  it('tell the highest revision and the one before it', () => {
    const sets = ['3', '7', 'x', '5'].map((revision) => annotated({ [REVISION]: revision }));
    assert.equal(maxRevision(sets), 7n);
    assert.equal(lastRevision(sets), 5n);
    assert.equal(lastRevision(sets.slice(0, 1)), 0n);
  });
});

describe('splitReplicaSets', () => {
  it('takes the oldest with the template for the new one', () => {
    const d = deployment(1);
    const of = (name: string, at: number, image: string) => {
      const made = set(name, 1, { at });
      made.spec!.template = template(image, { app: 'web', [HASH_LABEL]: name });
      return made;
    };
    const [a, b, c] = [of('a', 2, 'i:1'), of('b', 1, 'i:1'), of('c', 0, 'i:0')];
    const { current, old } = splitReplicaSets(d, [a!, b!, c!]);
    assert.equal(current, b);
    assert.deepEqual(old, [c, a]);
    assert.equal(splitReplicaSets({ ...d, spec: { ...d.spec!, template: template('new') } }, [a!]).current, undefined);
  });

  it('sorts by revision as numbers', () => {
    const sets = ['10', '9', '2'].map((revision) => annotated({ [REVISION]: revision }));
    assert.deepEqual(
      sets.sort(byRevision).map((each) => each.metadata?.annotations?.[REVISION]),
      ['2', '9', '10'],
    );
  });
});

describe('newSetSize', () => {
  const cases: [string, V1Deployment, number, number, number][] = [
    ['takes the room that the surge leaves', deployment(10, 3), 0, 10, 3],
    ['takes no more than is asked for', deployment(10, 5), 8, 10, 10],
    ['stays when there is no room', deployment(10, 3), 5, 13, 5],
    ['takes all when there are no others', deployment(10), 0, 0, 10],
    ['has no surge to use when only pods may be missing', deployment(10, 0, 2), 0, 10, 0],
  ];
  for (const [title, d, size, total, expected] of cases) {
    it(title, () => assert.equal(newSetSize(d, size, total), expected));
  }
  it('is everything for Recreate', () => {
    const d = deployment(10);
    d.spec!.strategy = { type: 'Recreate' };
    assert.equal(newSetSize(d, 0, 10), 10);
  });
});

describe('scaling of old ReplicaSets', () => {
  it('counts the unavailable pods of the new one against what may go', () => {
    const current = set('new', 5, { available: 0 });
    assert.equal(maxScaledDown(deployment(10, 3, 2), current, [current, set('old', 8)]), 0);
    const ready = set('new', 5);
    assert.equal(maxScaledDown(deployment(10, 3, 2), ready, [ready, set('old', 8)]), 5);
  });

  it('takes those that are not available first, of the oldest first, and no more than may go', () => {
    const old = [set('b', 5, { available: 1, at: 2 }), set('a', 5, { available: 3, at: 1 }), set('c', 2)];
    assert.deepEqual(sizes(unhealthyScaleDown(old, 10)), { a: 3, b: 1 });
    assert.deepEqual(sizes(unhealthyScaleDown(old, 3)), { a: 3, b: 4 });
    assert.deepEqual(sizes(unhealthyScaleDown(old, 1)), { a: 4 });
  });

  it('waits while a status is behind', () => {
    assert.equal(unhealthyScaleDown([set('a', 5, { available: 8 })], 3), undefined);
  });

  it('then takes what is available beyond what must be', () => {
    const d = deployment(10, 3, 2);
    const old = [set('b', 5, { at: 2 }), set('a', 3, { at: 1 })];
    assert.deepEqual(sizes(oldScaleDown(d, set('new', 5), old)), { a: 0, b: 3 });
    assert.deepEqual(sizes(oldScaleDown(d, set('new', 5, { available: 0 }), old)), {});
  });
});

describe('scaling of a Deployment', () => {
  it('is noticed by the size for which the ReplicaSets were made', () => {
    const made = { ...set('a', 3), metadata: { annotations: { [DESIRED_REPLICAS]: '3' } } };
    assert.equal(isScaled(deployment(3), { current: made, old: [] }), false);
    assert.equal(isScaled(deployment(4), { current: made, old: [] }), true);
    const empty = { ...made, spec: { replicas: 0, selector: {} } };
    assert.equal(isScaled(deployment(4), { current: empty, old: [] }), false);
  });

  it('goes to the one active ReplicaSet, or the latest', () => {
    const [empty, active] = [set('empty', 0), set('active', 2)];
    assert.equal(activeOrLatest({ current: empty, old: [active] }), active);
    assert.equal(activeOrLatest({ current: empty, old: [set('old', 0)] }), empty);
    assert.equal(
      activeOrLatest({ current: undefined, old: [set('old', 0), set('newer', 0, { at: 3 })] })!.metadata!.name,
      'newer',
    );
    assert.equal(activeOrLatest({ current: active, old: [set('old', 1)] }), undefined);
  });

  it('empties old ReplicaSets when the new one has all it needs', () => {
    const current = { ...set('new', 3), metadata: { name: 'new', annotations: { [DESIRED_REPLICAS]: '3' } } };
    assert.deepEqual(sizes(scaledSets(deployment(3), { current, old: [set('old', 2), set('none', 0)] })), { old: 0 });
  });

  const cases: [string, V1Deployment, V1ReplicaSet[], Record<string, number>][] = [
    [
      'up, in proportion, what is left to the largest',
      deployment(20, 0, 1),
      [set('a', 5, { max: 10 }), set('b', 5, { max: 10, at: 1 })],
      { a: 10, b: 10 },
    ],
    [
      'up with a surge (the example of the documentation)',
      deployment(15, 3, 2),
      [set('old', 8, { max: 13 }), set('new', 5, { max: 13, at: 1 })],
      { old: 11, new: 7 },
    ],
    [
      'down, the older of one size first',
      deployment(5, 0, 1),
      [set('a', 5, { max: 10 }), set('b', 5, { max: 10, at: 1 })],
      { a: 2, b: 3 },
    ],
    ['to nothing', deployment(0), [set('a', 5, { max: 10 }), set('b', 2, { max: 10 })], { a: 0, b: 0 }],
    [
      'not at all when the sum is right',
      deployment(10, 0, 1),
      [set('a', 5, { max: 10 }), set('b', 5, { max: 10 })],
      { a: 5, b: 5 },
    ],
  ];
  for (const [title, d, sets, expected] of cases) {
    it(`spreads over several active ones: ${title}`, () => {
      assert.deepEqual(sizes(proportionalSizes(d, sets)), expected);
    });
  }

  it('does not spread for Recreate', () => {
    const d = deployment(20);
    d.spec!.strategy = { type: 'Recreate' };
    assert.deepEqual(scaledSets(d, { current: set('a', 5), old: [set('b', 5)] }), []);
  });
});

describe('rollBack', () => {
  const old: V1ReplicaSet = {
    metadata: { annotations: { [REVISION]: '1', cause: 'create' } },
    spec: { selector: {}, template: template('i:0', { app: 'web', [HASH_LABEL]: 'x' }) },
  };
  const now: V1ReplicaSet = {
    metadata: { annotations: { [REVISION]: '2' } },
    spec: { selector: {}, template: template('i:1', { app: 'web', [HASH_LABEL]: 'y' }) },
  };
  const asking = (revision: string) => {
    const d = deployment(1);
    d.metadata!.annotations = { [ROLLBACK_TO]: revision, [REVISION]: '2', cause: 'edit' };
    return d;
  };

  it('is asked for by an annotation with a number', () => {
    assert.equal(rollbackTarget(asking('0')), 0n);
    assert.equal(rollbackTarget(asking('x')), undefined);
    assert.equal(rollbackTarget(deployment(1)), undefined);
  });

  for (const revision of ['0', '1']) {
    it(`takes the template and the annotations of revision ${revision}`, () => {
      const { deployment: wanted, event } = rollBack(asking(revision), [now, old], BigInt(revision));
      assert.deepEqual(wanted.spec!.template, template('i:0'));
      assert.deepEqual(wanted.metadata!.annotations, { [REVISION]: '2', cause: 'create' });
      assert.equal(event.message, 'Rolled back deployment "web" to revision 1');
    });
  }

  const refused: [string, bigint, V1ReplicaSet[], string][] = [
    ['there is none before', 0n, [now], 'Unable to find last revision.'],
    ['the revision is unknown', 9n, [now, old], 'Unable to find the revision to rollback to.'],
    ['it is the same', 2n, [now, old], 'The rollback revision contains the same template as current deployment "web"'],
  ];
  for (const [title, target, sets, message] of refused) {
    it(`gives up when ${title}`, () => {
      const { deployment: wanted, event } = rollBack(asking(String(target)), sets, target);
      assert.equal(event.message, message);
      assert.equal(event.type, 'Warning');
      assert.deepEqual(wanted.metadata!.annotations, { [REVISION]: '2', cause: 'edit' });
      assert.deepEqual(wanted.spec!.template, template('i:1'));
    });
  }
});
