import assert from 'node:assert/strict';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../../client/resources.ts';
import type { V1Deployment, V1DeploymentSpec, V1Pod, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { alreadyExists, forbidden } from '../../openapi/status.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { isReady } from '../runtime/pods.ts';
import { REVISION, ROLLBACK_TO } from './annotations.ts';
import { conditionOf } from './conditions.ts';
import { HASH_LABEL, templateHash } from './template.ts';

describe('deployment controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const web = () => cluster.api.peek<V1Deployment>(DEPLOYMENTS, 'web', 'default');
  const sets = () => cluster.api.all<V1ReplicaSet>(REPLICA_SETS, 'default');
  const setOf = (image: string) => sets().find(({ spec }) => spec?.template?.spec?.containers[0]?.image === image);
  const sizeOf = (image: string) => setOf(image)?.spec?.replicas;
  const progress = () => conditionOf(web()?.status, 'Progressing');
  const template = (image: string) => ({
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image }] },
  });

  function create(replicas: number, more: Partial<V1DeploymentSpec> = {}): V1Deployment {
    return cluster.api.create<V1Deployment>(DEPLOYMENTS, 'default', {
      metadata: { name: 'web' },
      spec: {
        replicas,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        template: template('i:1'),
        ...more,
      },
    });
  }

  const change = (spec: Partial<V1DeploymentSpec>) =>
    cluster.api.change<V1Deployment>(DEPLOYMENTS, 'web', 'default', (old) => ({
      ...old,
      spec: { ...old.spec, ...spec } as V1DeploymentSpec,
    }));
  const setImage = (image: string) => change({ template: template(image) });

  /** One step of a kubelet: what is new becomes ready (unless its image is `bad`), what is going goes. */
  function stepPods(): void {
    for (const pod of cluster.pods()) {
      const name = pod.metadata!.name!;
      if (pod.metadata!.deletionTimestamp !== undefined) cluster.api.remove(PODS, name, 'default');
      else if (!isReady(pod) && !isBad(pod)) cluster.run(name);
    }
  }

  const isBad = (pod: V1Pod) => pod.spec?.containers[0]?.image === 'bad';

  async function untilPods(what: string, check: () => boolean | undefined): Promise<void> {
    for (let i = 0; i < 200; i++) {
      if (check()) return;
      stepPods();
      for (let j = 0; j < 20; j++) await new Promise((resolve) => setImmediate(resolve));
      if (i % 10 === 9) await cluster.clock.advance(100);
    }
    throw new Error(`never: ${what} (${JSON.stringify(web()?.status)})`);
  }

  const isDone = () => {
    const { status, metadata, spec } = web() ?? {};
    return (
      progress()?.reason === 'NewReplicaSetAvailable' &&
      status?.observedGeneration === metadata?.generation &&
      status?.updatedReplicas === spec?.replicas &&
      status?.replicas === spec?.replicas &&
      status?.availableReplicas === spec?.replicas
    );
  };

  const start = () => cluster.start(['deployment', 'replicaset']);

  async function deployed(replicas: number, more: Partial<V1DeploymentSpec> = {}): Promise<void> {
    create(replicas, more);
    await start();
    await untilPods('first rollout', isDone);
  }

  it('makes a ReplicaSet of the template, which makes the pods, and says how it goes', async () => {
    create(3);
    await start();
    await cluster.until('pods', () => cluster.live().length === 3);
    const [made] = sets();
    const hash = templateHash(template('i:1'));
    assert.equal(made!.metadata!.name, `web-${hash}`);
    assert.equal(made!.metadata!.ownerReferences![0]!.uid, web()!.metadata!.uid);
    assert.deepEqual(cluster.live()[0]!.metadata!.labels, { app: 'web', [HASH_LABEL]: hash });
    await untilPods('done', isDone);
    assert.equal(progress()?.message, `ReplicaSet "web-${hash}" has successfully progressed.`);
    assert.equal(web()!.metadata!.annotations![REVISION], '1');
    assert.equal(conditionOf(web()!.status, 'Available')?.status, 'True');
    await cluster.until('event', () =>
      cluster.events().includes(`Normal ScalingReplicaSet Scaled up replica set web-${hash} from 0 to 3`),
    );
  });

  it('rolls to a new template, never with too few pods available nor with too many', async () => {
    await deployed(8, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } } });
    const seen = { most: 0, least: 8 };
    setImage('i:2');
    await untilPods('rolled', () => {
      const live = cluster.live();
      seen.most = Math.max(seen.most, live.length);
      seen.least = Math.min(seen.least, live.filter(isReady).length);
      return isDone();
    });
    assert.ok(seen.most <= 10, `${seen.most} pods`);
    assert.ok(seen.least >= 7, `${seen.least} ready`);
    assert.ok(cluster.live().every((pod) => pod.spec?.containers[0]?.image === 'i:2'));
    assert.equal(sizeOf('i:1'), 0);
    assert.equal(web()!.metadata!.annotations![REVISION], '2');
    assert.equal(setOf('i:1')!.metadata!.annotations![REVISION], '1');
  });

  it('writes nothing once all is as asked', async () => {
    await deployed(2);
    await cluster.clock.advance(10_000);
    const before = cluster.api.writes.length;
    cluster.api.change<V1Deployment>(DEPLOYMENTS, 'web', 'default', (old) => ({
      ...old,
      metadata: { ...old.metadata, labels: { touched: 'yes' } },
    }));
    await cluster.clock.advance(10_000);
    assert.deepEqual(cluster.api.writes.slice(before), []);
  });

  it('goes back to an old template by its old ReplicaSet, as a new revision', async () => {
    await deployed(2);
    setImage('i:2');
    await untilPods('rolled', isDone);
    setImage('i:1');
    await untilPods('rolled back', () => isDone() && sizeOf('i:1') === 2 && sizeOf('i:2') === 0);
    assert.equal(sets().length, 2);
    const annotations = setOf('i:1')!.metadata!.annotations!;
    assert.equal(annotations[REVISION], '3');
    assert.equal(annotations['deployment.kubernetes.io/revision-history'], '1');
    await cluster.until('revision', () => web()!.metadata!.annotations![REVISION] === '3');
  });

  it('rolls over: a template that changes in the middle of an update is the next to be reached', async () => {
    await deployed(4);
    setImage('bad');
    await cluster.until('stuck', () => sizeOf('bad') === 2 && sizeOf('i:1') === 3);
    setImage('i:3');
    await untilPods('rolled over', isDone);
    assert.deepEqual([sizeOf('i:1'), sizeOf('bad'), sizeOf('i:3')], [0, 0, 4]);
  });

  it('stops at a template whose pods are never ready, and says after the deadline that it is stuck', async () => {
    await deployed(4, { progressDeadlineSeconds: 30 });
    setImage('bad');
    await untilPods('scaled', () => sizeOf('bad') === 2 && sizeOf('i:1') === 3);
    await cluster.clock.advance(20_000);
    assert.equal(progress()?.status, 'True');
    await cluster.clock.advance(20_000);
    await cluster.until('timed out', () => progress()?.reason === 'ProgressDeadlineExceeded');
    assert.equal(progress()?.status, 'False');
    assert.equal(progress()?.message, `ReplicaSet "${setOf('bad')!.metadata!.name}" has timed out progressing.`);
    assert.equal(cluster.live().filter(isReady).length, 3);
  });

  it('waits with available pods for minReadySeconds, and hands them to its ReplicaSet', async () => {
    create(1, { minReadySeconds: 30 });
    await start();
    await cluster.until('pod', () => cluster.live()[0]);
    stepPods();
    await cluster.until('ready', () => web()?.status?.readyReplicas === 1);
    assert.equal(web()!.status!.availableReplicas ?? 0, 0);
    await cluster.clock.advance(31_000);
    await cluster.until('available', () => isDone());
    change({ minReadySeconds: 60 });
    await cluster.until('passed on', () => sets()[0]!.spec!.minReadySeconds === 60);
  });

  it('recreates: no new pod before the last old one is gone', async () => {
    await deployed(2, { strategy: { type: 'Recreate' } });
    setImage('i:2');
    await cluster.until('old ones going', () => cluster.live().length === 0);
    const [first, second] = cluster.pods();
    await cluster.clock.advance(5000);
    assert.equal(setOf('i:2'), undefined);
    cluster.api.remove(PODS, first!.metadata!.name!, 'default');
    await cluster.clock.advance(5000);
    assert.equal(setOf('i:2'), undefined);
    cluster.api.remove(PODS, second!.metadata!.name!, 'default');
    await untilPods('new ones', () => isDone() && sizeOf('i:2') === 2);
    assert.equal(sizeOf('i:1'), 0);
  });

  it('scales its ReplicaSet when it is scaled', async () => {
    await deployed(2);
    change({ replicas: 5 });
    await untilPods('five', () => isDone() && cluster.live().length === 5);
    change({ replicas: 0 });
    await untilPods('none', () => cluster.pods().length === 0 && web()?.status?.replicas === 0);
    const name = sets()[0]!.metadata!.name;
    await cluster.until('events', () =>
      [`Scaled up replica set ${name} from 2 to 5`, `Scaled down replica set ${name} from 5 to 0`].every((message) =>
        cluster.events().includes(`Normal ScalingReplicaSet ${message}`),
      ),
    );
  });

  it('spreads a change of its size over its ReplicaSets while an update is under way', async () => {
    await deployed(10, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
    setImage('bad');
    await untilPods('half way', () => sizeOf('bad') === 5 && sizeOf('i:1') === 8);
    change({ replicas: 30 });
    await cluster.until('spread', () => sizeOf('i:1') === 20 && sizeOf('bad') === 13);
    for (const { metadata } of sets()) {
      assert.equal(metadata!.annotations!['deployment.kubernetes.io/desired-replicas'], '30');
      assert.equal(metadata!.annotations!['deployment.kubernetes.io/max-replicas'], '33');
    }
  });

  it('takes on no new template while it is paused, but is scaled; then it goes on', async () => {
    await deployed(2);
    change({ paused: true });
    await cluster.until('paused', () => progress()?.reason === 'DeploymentPaused');
    assert.deepEqual([progress()?.status, progress()?.message], ['Unknown', 'Deployment is paused']);
    setImage('i:2');
    change({ replicas: 3 });
    await untilPods('scaled', () => sizeOf('i:1') === 3 && web()?.status?.availableReplicas === 3);
    await cluster.clock.advance(1000);
    assert.equal(setOf('i:2'), undefined);
    change({ paused: false });
    await untilPods('rolled', () => isDone() && sizeOf('i:2') === 3);
  });

  it('says that it goes on', async () => {
    await deployed(1);
    change({ paused: true });
    await cluster.until('paused', () => progress()?.reason === 'DeploymentPaused');
    const reasons: (string | undefined)[] = [];
    cluster.api.intercept = (call) => {
      if (call.method === 'PUT' && call.path.endsWith('/deployments/web/status')) {
        reasons.push(conditionOf((call.body as V1Deployment).status, 'Progressing')?.reason);
      }
    };
    change({ paused: false });
    await cluster.until('resumed', () => reasons.includes('DeploymentResumed'));
  });

  it('keeps as many old ReplicaSets as asked, the latest ones', async () => {
    await deployed(1, { revisionHistoryLimit: 1 });
    for (const image of ['i:2', 'i:3', 'i:4']) {
      setImage(image);
      await untilPods(image, () => isDone() && sizeOf(image) === 1);
    }
    await untilPods('cleaned up', () => sets().length === 2);
    assert.ok(setOf('i:3') && setOf('i:4'));
  });

  it('adopts a ReplicaSet of its template and releases one that no longer matches', async () => {
    const adopted = cluster.api.create<V1ReplicaSet>(REPLICA_SETS, 'default', {
      metadata: { name: 'before', labels: { app: 'web' } },
      spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: template('i:1') },
    });
    await deployed(1);
    assert.deepEqual(
      sets().map(({ metadata }) => metadata!.uid),
      [adopted.metadata!.uid],
    );
    assert.equal(sets()[0]!.metadata!.ownerReferences![0]!.name, 'web');
    cluster.api.change<V1ReplicaSet>(REPLICA_SETS, 'before', 'default', (old) => ({
      ...old,
      metadata: { ...old.metadata, labels: { app: 'other' } },
    }));
    await cluster.until('another', () => sets().length === 2);
    const before = () => cluster.api.peek<V1ReplicaSet>(REPLICA_SETS, 'before', 'default');
    await cluster.until('released', () => before()?.metadata?.ownerReferences?.length === 0);
  });

  it('tries another name when a ReplicaSet of another template has it', async () => {
    const taken = `web-${templateHash(template('i:1'))}`;
    cluster.api.create<V1ReplicaSet>(REPLICA_SETS, 'default', {
      metadata: { name: taken, labels: { app: 'x' } },
      spec: { replicas: 0, selector: { matchLabels: { app: 'x' } }, template: template('other') },
    });
    create(1);
    await start();
    for (let i = 0; i < 20 && !isDone(); i++) {
      await cluster.clock.advance(100);
      stepPods();
    }
    assert.ok(isDone(), JSON.stringify(web()!.status));
    assert.equal(web()!.status!.collisionCount, 1);
    assert.ok(sets().some(({ metadata }) => metadata!.name === `web-${templateHash(template('i:1'), 1)}`));
  });

  it('takes a ReplicaSet that it made already for its own when its copy is behind', async () => {
    let refused = false;
    cluster.api.intercept = (call) => {
      if (call.method !== 'POST' || !call.path.endsWith('/replicasets') || refused) return;
      refused = true;
      const body = call.body as V1ReplicaSet;
      cluster.api.create(REPLICA_SETS, 'default', body);
      throw alreadyExists(REPLICA_SETS, body.metadata!.name!);
    };
    create(1);
    await start();
    for (let i = 0; i < 20 && !isDone(); i++) {
      await cluster.clock.advance(100);
      stepPods();
    }
    assert.ok(isDone());
    assert.equal(web()!.status!.collisionCount, undefined);
    assert.equal(sets().length, 1);
  });

  it('says why it cannot make its ReplicaSet, and why that cannot make pods', async () => {
    let refuse = 'replicasets';
    cluster.api.intercept = (call) => {
      if (call.method === 'POST' && call.path.endsWith(`/${refuse}`)) throw forbidden(PODS, '', 'exceeded quota');
    };
    create(1);
    await start();
    await cluster.until('condition', () => progress()?.reason === 'ReplicaSetCreateError');
    const name = `web-${templateHash(template('i:1'))}`;
    const message = `Failed to create new replica set "${name}": exceeded quota`;
    assert.deepEqual([progress()?.status, progress()?.message], ['False', message]);
    await cluster.until('event', () => cluster.events().includes(`Warning ReplicaSetCreateError ${message}`));
    refuse = 'pods';
    await cluster.clock.advance(10_000);
    await cluster.until('failure', () => conditionOf(web()?.status, 'ReplicaFailure')?.reason === 'FailedCreate');
    refuse = '';
    await cluster.clock.advance(20_000);
    await untilPods('well', () => isDone() && conditionOf(web()?.status, 'ReplicaFailure') === undefined);
  });

  it('rolls back when an annotation asks for it', async () => {
    await deployed(1);
    setImage('i:2');
    await untilPods('rolled', () => isDone() && sizeOf('i:2') === 1);
    cluster.api.change<V1Deployment>(DEPLOYMENTS, 'web', 'default', (old) => ({
      ...old,
      metadata: { ...old.metadata, annotations: { ...old.metadata?.annotations, [ROLLBACK_TO]: '0' } },
    }));
    await untilPods('rolled back', () => isDone() && sizeOf('i:1') === 1 && sizeOf('i:2') === 0);
    assert.equal(web()!.metadata!.annotations![ROLLBACK_TO], undefined);
    await cluster.until('event', () =>
      cluster.events().includes('Normal DeploymentRollback Rolled back deployment "web" to revision 1'),
    );
  });

  it('does nothing with a selector that selects all but say so', async () => {
    create(1, { selector: {} });
    await start();
    await cluster.until('event', () =>
      cluster
        .events()
        .includes('Warning SelectingAll This deployment is selecting all pods. A non-empty selector is required.'),
    );
    assert.equal(sets().length, 0);
    await cluster.until('seen', () => web()?.status?.observedGeneration === 1);
  });

  it('makes nothing any more once it is being deleted', async () => {
    await deployed(1);
    cluster.api.change<V1Deployment>(DEPLOYMENTS, 'web', 'default', (old) => ({
      ...old,
      metadata: { ...old.metadata, finalizers: ['x'] },
    }));
    await cluster.client.resource<V1Deployment>(DEPLOYMENTS).delete('web', 'default');
    setImage('i:2');
    await cluster.until('seen', () => web()?.status?.observedGeneration === web()?.metadata?.generation);
    await cluster.clock.advance(1000);
    assert.equal(setOf('i:2'), undefined);
  });
});
