import assert from 'node:assert/strict';
import type {
  V1ControllerRevision,
  V1DaemonSet,
  V1Deployment,
  V1ReplicaSet,
  V1StatefulSet,
} from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { contextOf, created, declarationOf, type Loose, updated } from '../test-support.ts';

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const fresh = <T extends KubeObject>(kind: string, spec: object = {}, rest: Loose = {}): T =>
  created<T>(kind, {
    metadata: { name: 'a' },
    ...rest,
    spec: { selector: { matchLabels: { a: 'b' } }, template, ...spec },
  });

const KINDS = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'];
type Controller = KubeObject & {
  spec: { replicas?: number; paused?: boolean; template: { metadata: { annotations?: object } } };
  status: object;
};

describe('controllers of pods', () => {
  for (const kind of KINDS) {
    it(`begin as the first generation, without a status: ${kind}`, () => {
      const object = fresh<Controller>(kind, {}, { status: { observedGeneration: 3 } });
      assert.equal(object.metadata?.generation, 1);
      assert.equal('observedGeneration' in object.status, false);
    });

    it(`count changes of the spec, and keep the status from writers of it: ${kind}`, () => {
      const old = fresh<Controller>(kind);
      const change = (object: Controller) => {
        object.spec.template.metadata.annotations = { x: 'y' };
        object.status = { observedGeneration: 9 };
      };
      const { object, errors } = updated(kind, old, change);
      assert.deepEqual(errors, []);
      assert.equal(object.metadata?.generation, 2);
      assert.deepEqual(object.status, old.status);
    });

    it(`keep the spec from writers of the status: ${kind}`, () => {
      const old = fresh<Controller>(kind);
      const change = (object: Controller) => {
        object.spec.template.metadata.annotations = { x: 'y' };
        object.status = { ...old.status, observedGeneration: 1 };
      };
      const { object, errors } = updated(kind, old, change, 'status');
      assert.deepEqual(errors, []);
      assert.deepEqual(object.spec, old.spec);
      assert.deepEqual(object.status, { ...old.status, observedGeneration: 1 });
      assert.equal(object.metadata?.generation, 1);
    });

    it(`take their pods along when they are deleted: ${kind}`, () => {
      assert.notEqual(declarationOf(kind).strategy.orphansByDefault, true);
    });
  }

  for (const kind of ['Deployment', 'ReplicaSet', 'StatefulSet']) {
    it(`are scaled by their replicas: ${kind}`, () => {
      const { scale } = declarationOf(kind);
      const object = { ...fresh<Controller>(kind, { replicas: 2 }), status: { replicas: 1 } };
      scale?.setReplicas(object, 5);
      assert.deepEqual(
        [scale?.specReplicas(object), scale?.statusReplicas(object), scale?.selector(object)],
        [5, 1, 'a=b'],
      );
    });
  }
});

describe('deployments', () => {
  it('roll out a quarter at a time, keep ten revisions and wait ten minutes', () => {
    const { spec, status } = fresh<V1Deployment>('Deployment');
    assert.deepEqual(spec?.strategy, {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
    });
    assert.deepEqual([spec?.replicas, spec?.revisionHistoryLimit, spec?.progressDeadlineSeconds], [1, 10, 600]);
    assert.deepEqual(status, {});
  });

  it('count changes of their annotations, too, but not of labels', () => {
    const old = fresh<V1Deployment>('Deployment');
    const changed = (metadata: object) =>
      updated<V1Deployment>('Deployment', old, (object) => Object.assign(object.metadata ?? {}, metadata)).object
        .metadata;
    const annotations = { 'deployment.kubernetes.io/revision': '3' };
    assert.equal(changed({ annotations })?.generation, 2);
    assert.deepEqual(changed({ annotations })?.annotations, annotations);
    assert.equal(changed({ labels: { x: 'y' } })?.generation, 1);
  });

  it('keep their labels from writers of the status', () => {
    const old = fresh<V1Deployment>('Deployment', {}, { metadata: { name: 'a', labels: { x: 'y' } } });
    const change = (object: V1Deployment) => Object.assign(object.metadata ?? {}, { labels: { z: 'z' } });
    assert.deepEqual(updated('Deployment', old, change, 'status').object.metadata?.labels, { x: 'y' });
  });

  it('warn of names that hostnames cannot begin with', () => {
    const { warnings } = declarationOf('Deployment').strategy;
    const [warning = ''] = warnings?.({ metadata: { name: 'a.b' } }) ?? [];
    assert.match(warning, /^metadata\.name: this is used in Pod names and hostnames, .*: \[must not contain dots\]$/);
    assert.deepEqual(warnings?.({ metadata: { name: 'ab' } }), []);
    assert.deepEqual(warnings?.({ metadata: { name: 'a.b' } }, { metadata: { name: 'a.b' } }), []);
  });
});

describe('replica sets', () => {
  it('want one replica, and have none', () => {
    const { spec, status } = fresh<V1ReplicaSet>('ReplicaSet');
    assert.equal(spec?.replicas, 1);
    assert.deepEqual(status, { replicas: 0 });
  });
});

describe('stateful sets', () => {
  it('go in order, pod by pod, and leave their claims behind', () => {
    const { spec, status } = fresh<V1StatefulSet>('StatefulSet');
    assert.equal(spec?.podManagementPolicy, 'OrderedReady');
    const rollingUpdate = { partition: 0, maxUnavailable: 1 };
    assert.deepEqual(spec?.updateStrategy, { type: 'RollingUpdate', rollingUpdate });
    const policy = { whenDeleted: 'Retain', whenScaled: 'Retain' };
    assert.deepEqual(spec?.persistentVolumeClaimRetentionPolicy, policy);
    assert.deepEqual([spec?.replicas, spec?.revisionHistoryLimit], [1, 10]);
    assert.deepEqual(status, { replicas: 0, availableReplicas: 0 });
  });

  it('give no parameters to a type of update that was named', () => {
    const { spec } = fresh<V1StatefulSet>('StatefulSet', { updateStrategy: { type: 'RollingUpdate' } });
    assert.deepEqual(spec?.updateStrategy, { type: 'RollingUpdate' });
  });

  it('complete the templates of their claims', () => {
    const claim = { metadata: { name: 'd' }, spec: { resources: { requests: { storage: '1024Mi' } } } };
    const { spec } = fresh<V1StatefulSet>('StatefulSet', { volumeClaimTemplates: [claim] });
    assert.deepEqual(spec?.volumeClaimTemplates, [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'd' },
        spec: { resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' },
        status: { phase: 'Pending' },
      },
    ]);
  });

  it('warn when they keep revisions for ever', () => {
    const set = fresh<V1StatefulSet>('StatefulSet', { revisionHistoryLimit: -1 });
    assert.deepEqual(declarationOf('StatefulSet').strategy.warnings?.(set), [
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    ]);
  });
});

describe('daemon sets', () => {
  const GENERATION = 'deprecated.daemonset.template.generation';
  const generationOf = (set: V1DaemonSet) => set.metadata?.annotations?.[GENERATION];

  it('replace one pod at a time', () => {
    const { spec, status } = fresh<V1DaemonSet>('DaemonSet');
    const rollingUpdate = { maxUnavailable: 1, maxSurge: 0 };
    assert.deepEqual(spec?.updateStrategy, { type: 'RollingUpdate', rollingUpdate });
    assert.equal(spec?.revisionHistoryLimit, 10);
    assert.deepEqual(status, {
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    });
  });

  it('count changes of their template in an annotation, whatever a writer says', () => {
    const old = fresh<V1DaemonSet>('DaemonSet');
    assert.equal(generationOf(old), '1');
    const lie = (set: V1DaemonSet) => {
      set.metadata = { ...set.metadata, annotations: { [GENERATION]: '7' } };
    };
    const change = (set: V1DaemonSet) => {
      lie(set);
      Object.assign(set.spec?.template.metadata ?? {}, { annotations: { x: 'y' } });
    };
    assert.equal(generationOf(updated('DaemonSet', old, lie).object), '1');
    assert.equal(generationOf(updated('DaemonSet', old, lie, 'status').object), '1');
    assert.equal(generationOf(updated('DaemonSet', old, change).object), '2');
  });
});

describe('controller revisions', () => {
  const revision = (rest: object = {}) =>
    created<V1ControllerRevision>('ControllerRevision', {
      metadata: { name: 'a' },
      revision: 1,
      data: { a: 1 },
      ...rest,
    });

  it('keep their data', () => {
    const { errors } = updated('ControllerRevision', revision(), (object) => Object.assign(object, { data: { a: 2 } }));
    assert.deepEqual(errors, ['data: Invalid value: {"a":2}: field is immutable']);
    const renumbered = updated('ControllerRevision', revision(), (object) => Object.assign(object, { revision: 2 }));
    assert.deepEqual(renumbered.errors, []);
  });

  it('show whose they are', () => {
    const cell = (object: V1ControllerRevision) =>
      declarationOf('ControllerRevision')
        .columns.find(({ name }) => name === 'Controller')
        ?.value(object, 0);
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: '1', controller: true };
    assert.equal(cell(revision({ metadata: { name: 'a', ownerReferences: [owner] } })), 'statefulset.apps/web');
    assert.equal(cell(revision()), '<none>');
  });
});

describe('tables of controllers', () => {
  const cells = (kind: string, object: KubeObject) =>
    declarationOf(kind).columns.map(({ name, value }) => [name, value(object, contextOf().clock.now())]);

  it('show deployments', () => {
    const status = { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 3 };
    assert.deepEqual(
      cells('Deployment', { ...fresh<V1Deployment>('Deployment', { replicas: 4 }), status } as KubeObject),
      [
        ['Name', 'a'],
        ['Ready', '1/4'],
        ['Up-to-date', 2],
        ['Available', 3],
        ['Age', '<unknown>'],
        ['Containers', 'c'],
        ['Images', 'i'],
        ['Selector', 'a=b'],
      ],
    );
  });

  it('show daemon sets', () => {
    const status = {
      desiredNumberScheduled: 1,
      currentNumberScheduled: 2,
      numberReady: 3,
      updatedNumberScheduled: 4,
      numberAvailable: 5,
    };
    assert.deepEqual(cells('DaemonSet', { ...fresh<V1DaemonSet>('DaemonSet'), status } as KubeObject).slice(1, 7), [
      ['Desired', 1],
      ['Current', 2],
      ['Ready', 3],
      ['Up-to-date', 4],
      ['Available', 5],
      ['Node Selector', '<none>'],
    ]);
  });

  it('show replica sets and stateful sets', () => {
    const status = { replicas: 2, readyReplicas: 1 };
    const set = { ...fresh<V1ReplicaSet>('ReplicaSet', { replicas: 3 }), status } as KubeObject;
    assert.deepEqual(cells('ReplicaSet', set).slice(1, 4), [
      ['Desired', 3],
      ['Current', 2],
      ['Ready', 1],
    ]);
    assert.deepEqual(cells('StatefulSet', set)[1], ['Ready', '1/3']);
  });
});
