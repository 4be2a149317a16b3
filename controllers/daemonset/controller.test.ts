import assert from 'node:assert/strict';
import { CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS } from '../../client/resources.ts';
import type { V1ControllerRevision, V1DaemonSet, V1Node, V1Pod } from '../../openapi/generated/types.ts';
import { forbidden } from '../../openapi/status.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { targetNode } from './placement.ts';
import { daemonSet, node } from './testing.ts';

const POST_POD = 'POST /api/v1/namespaces/default/pods';
const rolling = (rollingUpdate: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });

describe('daemon set controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const set = () => cluster.api.peek<V1DaemonSet>(DAEMON_SETS, 'agent', 'default')!;
  const change = (edit: (spec: NonNullable<V1DaemonSet['spec']>) => object) =>
    cluster.api.change<V1DaemonSet>(DAEMON_SETS, 'agent', 'default', (old) => ({
      ...old,
      spec: { ...old.spec!, ...edit(old.spec!) },
    }));
  const setImage = (image: string) =>
    change((spec) => ({ template: { ...spec.template, spec: { containers: [{ name: 'c', image }] } } }));
  const addNode = (name: string, labels: Record<string, string> = {}) =>
    cluster.api.create(NODES, undefined, node(name, labels));
  const changeNode = (name: string, edit: (old: V1Node) => V1Node) => cluster.api.change(NODES, name, undefined, edit);
  const podsOn = (name: string) => cluster.live().filter((pod) => targetNode(pod) === name);
  const imageOn = (name: string) => podsOn(name).map((pod) => pod.spec?.containers[0]?.image);
  const creations = () => cluster.api.writes.filter((write) => write === POST_POD).length;
  const revisions = () =>
    cluster.api.all<V1ControllerRevision>(CONTROLLER_REVISIONS, 'default').sort((a, b) => a.revision - b.revision);
  const run = (pod: V1Pod, ready = true) => cluster.run(pod.metadata!.name!, { node: targetNode(pod)!, ready });
  const status = (...counts: (keyof NonNullable<V1DaemonSet['status']>)[]) =>
    counts.map((count) => set().status?.[count]);

  async function start(nodes: readonly string[], more: object = {}, pod: object = {}): Promise<void> {
    for (const name of nodes) addNode(name);
    cluster.api.create(DAEMON_SETS, 'default', daemonSet(more, pod));
    await cluster.start(['daemonset']);
  }

  async function startRunning(nodes: readonly string[], more: object = {}): Promise<void> {
    await start(nodes, more);
    await cluster.until('all are made', () => cluster.live().length === nodes.length);
    for (const pod of cluster.live()) run(pod);
    await cluster.until('all are ready', () => set().status?.numberReady === nodes.length);
  }

  /** As kubelets do: what goes is gone, what is new runs. Until `done`. */
  async function settled(what: string, done: () => boolean): Promise<void> {
    await cluster.until(what, () => {
      for (const pod of cluster.pods()) {
        if (pod.metadata?.deletionTimestamp) cluster.api.remove(PODS, pod.metadata.name!, 'default');
        else if (!pod.status?.phase) run(pod);
      }
      return done();
    });
  }

  it('makes a pod for every node, which only that node can get', async () => {
    await start(['n1', 'n2']);
    await cluster.until('two', () => cluster.live().length === 2);
    assert.deepEqual(cluster.live().map(targetNode).sort(), ['n1', 'n2']);
    const [pod] = podsOn('n1');
    assert.match(pod!.metadata!.name!, /^agent-[a-z0-9]{5}$/);
    assert.equal(
      pod!.metadata!.labels!['controller-revision-hash'],
      revisions()[0]!.metadata!.labels!['controller-revision-hash'],
    );
    assert.deepEqual(pod!.metadata!.ownerReferences, [
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        name: 'agent',
        uid: 'set-uid',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    await cluster.until('event', () =>
      cluster.events().includes(`Normal SuccessfulCreate Created pod: ${pod!.metadata!.name}`),
    );
  });

  it('tells how things stand', async () => {
    await start(['n1', 'n2']);
    await cluster.until('two', () => cluster.live().length === 2);
    run(podsOn('n1')[0]!);
    await cluster.until('ready', () => set().status?.numberReady === 1);
    assert.deepEqual(set().status, {
      observedGeneration: 1,
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      numberMisscheduled: 0,
      numberReady: 1,
      updatedNumberScheduled: 2,
      numberAvailable: 1,
      numberUnavailable: 1,
    });
  });

  it('follows nodes as they come, change their labels, and go', async () => {
    await start(['n1'], {}, { nodeSelector: { role: 'edge' } });
    await cluster.until('looked', () => set().status?.observedGeneration === 1);
    assert.equal(cluster.live().length, 0);
    addNode('n2', { role: 'edge' });
    await cluster.until('on n2', () => podsOn('n2').length === 1);
    changeNode('n1', (old) => ({ ...old, metadata: { ...old.metadata, labels: { role: 'edge' } } }));
    await cluster.until('on n1', () => podsOn('n1').length === 1);
    await cluster.until('status', () => set().status?.desiredNumberScheduled === 2);
    run(podsOn('n2')[0]!);
    changeNode('n2', (old) => ({ ...old, metadata: { ...old.metadata, labels: {} } }));
    await cluster.until('off n2', () => podsOn('n2').length === 0);
    cluster.api.remove(NODES, 'n1');
    await cluster.until('its pod, which was never bound, goes', () => podsOn('n1').length === 0);
    await cluster.until('status', () => set().status?.desiredNumberScheduled === 0);
  });

  it('leaves the pod on a node that wants no new ones, and counts it', async () => {
    await startRunning(['n1']);
    changeNode('n1', (old) => ({ ...old, spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } }));
    await cluster.until('counted', () => set().status?.numberMisscheduled === 1);
    assert.equal(podsOn('n1').length, 1);
    changeNode('n1', (old) => ({ ...old, spec: { taints: [{ key: 'x', effect: 'NoExecute' }] } }));
    await cluster.until('gone', () => podsOn('n1').length === 0);
  });

  it('looks at no set when a node only reports', async () => {
    await startRunning(['n1']);
    const reads = cluster.api.writes.length;
    changeNode('n1', (old) => ({ ...old, status: { conditions: [{ type: 'Ready', status: 'True' }] } }));
    await cluster.clock.advance(1000);
    assert.equal(cluster.api.writes.length, reads);
  });

  it('replaces a pod that is deleted', async () => {
    await startRunning(['n1', 'n2']);
    const [pod] = podsOn('n1');
    cluster.api.remove(PODS, pod!.metadata!.name!, 'default');
    await cluster.until('another', () => podsOn('n1').length === 1);
    assert.equal(creations(), 3);
  });

  it('replaces failed pods, more slowly each time, and says so', async () => {
    await startRunning(['n1']);
    const fail = () => {
      const name = podsOn('n1')[0]!.metadata!.name!;
      cluster.changePod(name, (pod) => ({ ...pod, status: { phase: 'Failed' } }));
      return name;
    };
    const first = fail();
    await settled('replaced', () => podsOn('n1').length === 1 && podsOn('n1')[0]!.metadata!.name !== first);
    await cluster.until('event', () =>
      cluster
        .events()
        .includes(`Warning FailedDaemonPod Found failed daemon pod default/${first} on node n1, will try to kill it`),
    );
    const second = fail();
    await cluster.clock.advance(900);
    assert.equal(podsOn('n1')[0]!.metadata!.name, second);
    await cluster.clock.advance(200);
    await settled('replaced', () => podsOn('n1').length === 1 && podsOn('n1')[0]!.metadata!.name !== second);
  });

  it('rolls a new template out, one node after the other', async () => {
    await startRunning(['n1', 'n2', 'n3']);
    setImage('i:2');
    let most = 0;
    await settled('all are new', () => {
      most = Math.max(most, 3 - (set().status?.numberAvailable ?? 0));
      return cluster.live().filter((pod) => pod.spec?.containers[0]?.image === 'i:2').length === 3;
    });
    await settled('told', () => set().status?.updatedNumberScheduled === 3 && set().status?.numberAvailable === 3);
    assert.equal(most, 1);
    assert.deepEqual(
      revisions().map(({ revision }) => revision),
      [1, 2],
    );
  });

  it('goes back to a former revision, and leaves pods alone that are of it', async () => {
    await startRunning(['n1', 'n2']);
    const [first] = revisions();
    setImage('i:2');
    await cluster.until('one goes', () => cluster.live().length === 1);
    const [kept] = cluster.live();
    setImage('i:1');
    await settled('all are as before', () => set().status?.updatedNumberScheduled === 2 && cluster.live().length === 2);
    assert.ok(cluster.live().some(({ metadata }) => metadata?.uid === kept?.metadata?.uid));
    assert.deepEqual(
      revisions().map(({ metadata, revision }) => [metadata?.name === first?.metadata?.name, revision]),
      [
        [false, 2],
        [true, 3],
      ],
    );
  });

  it('makes the new pod beside the old one where it may', async () => {
    await startRunning(['n1', 'n2'], rolling({ maxSurge: 1, maxUnavailable: 0 }));
    setImage('i:2');
    await cluster.until('a second pod', () => cluster.live().length === 3);
    await cluster.until('told', () => set().status?.observedGeneration === 2);
    assert.equal(cluster.live().length, 3);
    let fewest = 2;
    await settled('all are new', () => {
      fewest = Math.min(fewest, set().status?.numberAvailable ?? 0);
      return imageOn('n1').concat(imageOn('n2')).join() === 'i:2,i:2';
    });
    assert.equal(fewest, 2);
  });

  it('updates pods only when somebody deletes them, if told so', async () => {
    await startRunning(['n1', 'n2'], { updateStrategy: { type: 'OnDelete' } });
    setImage('i:2');
    await cluster.until('seen', () => set().status?.observedGeneration === 2);
    assert.deepEqual(status('updatedNumberScheduled', 'numberReady'), [0, 2]);
    cluster.api.remove(PODS, podsOn('n1')[0]!.metadata!.name!, 'default');
    await cluster.until('new', () => imageOn('n1')[0] === 'i:2');
    assert.deepEqual(imageOn('n2'), ['i:1']);
  });

  it('keeps as many revisions as the limit says', async () => {
    await startRunning(['n1'], { revisionHistoryLimit: 1 });
    for (const image of ['i:2', 'i:3', 'i:4']) {
      setImage(image);
      await settled(image, () => imageOn('n1')[0] === image && set().status?.numberReady === 1);
    }
    await cluster.until('two are left', () => revisions().length === 2);
    assert.deepEqual(
      revisions().map(({ revision }) => revision),
      [3, 4],
    );
  });

  it('counts a collision of names and takes another', async () => {
    await startRunning(['n1']);
    const name = revisions()[0]!.metadata!.name!;
    await cluster.stop();
    cluster = new FakeCluster();
    cluster.api.create(CONTROLLER_REVISIONS, 'default', { metadata: { name }, data: { other: 1 }, revision: 1 });
    await start(['n1']);
    await cluster.clock.advance(1000);
    await cluster.until('a pod', () => cluster.live().length === 1);
    assert.equal(set().status?.collisionCount, 1);
    assert.equal(revisions().length, 2);
  });

  it('keeps one of two revisions that say the same, and labels the pods as being of it', async () => {
    await startRunning(['n1']);
    const { metadata, ...revision } = revisions()[0]!;
    await cluster.stop();
    const labels = { ...metadata?.labels, 'controller-revision-hash': 'twin' };
    cluster.api.create(CONTROLLER_REVISIONS, 'default', {
      ...revision,
      metadata: { name: 'agent-twin', labels, ownerReferences: metadata!.ownerReferences! },
      revision: 2,
    });
    await cluster.start(['daemonset']);
    await cluster.until('one is left', () => revisions().length === 1);
    assert.equal(podsOn('n1')[0]?.metadata?.labels?.['controller-revision-hash'], 'twin');
    assert.equal(creations(), 1);
  });

  it('adopts the pods of a former set instead of making more, and releases what lost its labels', async () => {
    const spec = { containers: [{ name: 'c', image: 'i:1' }], nodeName: 'n1' };
    cluster.api.create(PODS, 'default', { metadata: { name: 'orphan', labels: { app: 'agent' } }, spec });
    await start(['n1'], { updateStrategy: { type: 'OnDelete' } });
    await cluster.until('adopted', () => cluster.pod('orphan')?.metadata?.ownerReferences?.[0]?.uid === 'set-uid');
    await cluster.until('counted', () => set().status?.currentNumberScheduled === 1);
    assert.equal(creations(), 0);
    cluster.changePod('orphan', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }));
    await cluster.until('released', () => cluster.pod('orphan')?.metadata?.ownerReferences?.length === 0);
    await cluster.until('another', () => creations() === 1);
  });

  it('makes no pod twice while its copy is behind', async () => {
    const held: (() => void)[] = [];
    const watch = cluster.api.watch.bind(cluster.api);
    cluster.api.watch = async function* (call) {
      for await (const event of watch(call)) {
        if (call.path.endsWith('/pods')) await new Promise<void>((resolve) => held.push(resolve));
        yield event;
      }
    };
    await start(['n1', 'n2']);
    await cluster.until('two are made', () => creations() === 2);
    change(() => ({ minReadySeconds: 1 }));
    addNode('n3');
    await cluster.until('three are made', () => creations() === 3);
    await cluster.clock.advance(5000);
    assert.equal(creations(), 3);
    while (held.length > 0 || set().status?.currentNumberScheduled !== 3) {
      held.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(creations(), 3);
  });

  it('makes 250 pods in one look and the rest in the next', async () => {
    let most = 0;
    cluster.api.intercept = (call) => {
      if (call.path.endsWith('/daemonsets/agent/status') && most === 0) most = creations();
    };
    await start(Array.from({ length: 300 }, (_, i) => `n${i}`));
    await cluster.until('all are there', () => cluster.live().length === 300);
    assert.equal(most, 250);
  });

  it('says why a pod could not be made, and tries again', async () => {
    let refuse = true;
    cluster.api.intercept = (call) => {
      if (refuse && call.method === 'POST' && call.path.endsWith('/pods')) throw forbidden(PODS, '', 'exceeded quota');
    };
    await start(Array.from({ length: 100 }, (_, i) => `n${i}`));
    await cluster.until('event', () =>
      cluster.events().includes('Warning FailedCreate Error creating: exceeded quota'),
    );
    assert.ok(creations() < 10, `${creations()} attempts`);
    refuse = false;
    await cluster.clock.advance(10_000);
    await cluster.until('all are there', () => cluster.live().length === 100);
  });

  it('waits until pods have been ready long enough', async () => {
    await startRunning(['n1', 'n2'], { minReadySeconds: 10 });
    assert.deepEqual(status('numberReady', 'numberAvailable'), [2, 0]);
    await cluster.clock.advance(10_000);
    await cluster.until('available', () => set().status?.numberAvailable === 2);
  });

  it('complains about a selector that selects everything, and does nothing', async () => {
    await start(['n1'], { selector: {} });
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
    await cluster.until('event', () => cluster.events().includes(`Warning SelectingAll ${message}`));
    assert.equal(creations(), 0);
  });

  it('looks only at the nodes that changed', async () => {
    const count = 200;
    await startRunning(Array.from({ length: count }, (_, i) => `n${i}`));
    const writes = cluster.api.writes.length;
    const [pod] = podsOn('n7');
    cluster.api.remove(PODS, pod!.metadata!.name!, 'default');
    await cluster.until('another', () => podsOn('n7').length === 1);
    run(podsOn('n7')[0]!);
    await cluster.until('ready', () => set().status?.numberReady === count);
    const since = cluster.api.writes.slice(writes).filter((write) => !write.includes('/events'));
    assert.equal(since.filter((write) => write === POST_POD).length, 1);
    assert.ok(since.length <= 5, since.join('\n'));
  });
});
