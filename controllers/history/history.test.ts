import assert from 'node:assert/strict';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { CONTROLLER_REVISIONS, DAEMON_SETS } from '../../client/resources.ts';
import type { V1ControllerRevision } from '../../openapi/generated/types.ts';
import { conflict } from '../../openapi/status.ts';
import { recorderFactory } from '../runtime/context.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { InformerFactory } from '../runtime/informers.ts';
import { RevisionHistory } from './history.ts';
import { templatePatch } from './revision.ts';

describe('RevisionHistory', () => {
  const cluster = { current: new FakeCluster() };
  let history: RevisionHistory;
  let abort: AbortController;
  let running: Promise<void>;
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default', uid: 'o' },
  };

  beforeEach(async () => {
    cluster.current = new FakeCluster();
    abort = new AbortController();
    const { client, clock } = cluster.current;
    const common = { client, clock, random: seededRandom(1), log: silentLog };
    const informers = new InformerFactory(common);
    history = new RevisionHistory({ ...common, informers, recorder: recorderFactory(common).recorder });
    running = informers.run(abort.signal);
    await history.informer.synced();
  });
  afterEach(async () => {
    abort.abort();
    await running;
  });

  const stored = (name: string) =>
    cluster.current.api.peek<V1ControllerRevision>(CONTROLLER_REVISIONS, name, 'default');
  async function add(name: string, revision: number, labels: Record<string, string>, uid?: string) {
    const reference = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: uid ?? '', controller: true };
    const metadata = { name, labels, ...(uid ? { ownerReferences: [reference] } : {}) };
    const made = cluster.current.api.create<V1ControllerRevision>(CONTROLLER_REVISIONS, 'default', {
      metadata,
      revision,
    });
    await cluster.current.until('seen', () => history.informer.get(`default/${name}`));
    return made;
  }
  const claim = (unmatched: 'release' | 'keep') =>
    history.claim(
      owner,
      ({ metadata }) => metadata?.labels?.app === 'agent',
      () => cluster.current.client.resource(DAEMON_SETS).get('agent', 'default'),
      unmatched,
    );

  it("claims what is its own and what is nobody else's, oldest first, and releases what it lost", async () => {
    cluster.current.api.create(DAEMON_SETS, 'default', owner);
    await add('b', 2, { app: 'agent' }, 'o');
    await add('a', 1, { app: 'agent' });
    await add('lost', 3, {}, 'o');
    await add('other', 4, { app: 'agent' }, 'another');
    const claimed = await claim('release');
    assert.deepEqual(
      claimed.map(({ metadata }) => metadata?.name),
      ['a', 'b'],
    );
    assert.equal(stored('a')?.metadata?.ownerReferences?.[0]?.uid, 'o');
    assert.deepEqual(stored('lost')?.metadata?.ownerReferences, []);
    assert.equal(stored('other')?.metadata?.ownerReferences?.[0]?.uid, 'another');
  });

  it('leaves what matches no longer as it is when told to keep it', async () => {
    await add('lost', 3, {}, 'o');
    assert.deepEqual(await claim('keep'), []);
    assert.equal(stored('lost')?.metadata?.ownerReferences?.[0]?.uid, 'o');
  });

  it('knows the template that a revision holds', async () => {
    const template = { metadata: { labels: { app: 'agent' } } };
    const revision = { revision: 1, data: templatePatch(template) };
    assert.equal(history.holds(revision, template), true);
    assert.equal(history.holds(revision, { metadata: { labels: { app: 'other' } } }), false);
    assert.equal(history.holds({ revision: 1 }, template), false);
    assert.equal(history.holds(revision, undefined), false);
  });

  it('gives a revision another number though somebody else changed it meanwhile', async () => {
    const seen = await add('a', 1, { app: 'agent' });
    cluster.current.api.change<V1ControllerRevision>(CONTROLLER_REVISIONS, 'a', 'default', (old) => ({
      ...old,
      metadata: { ...old.metadata, annotations: { by: 'somebody' } },
    }));
    const renumbered = await history.renumber(seen, 5);
    assert.equal(renumbered.revision, 5);
    assert.equal(stored('a')?.revision, 5);
    assert.deepEqual(stored('a')?.metadata?.annotations, { by: 'somebody' });
    const writes = cluster.current.api.writes.length;
    await history.renumber(renumbered, 5);
    assert.equal(cluster.current.api.writes.length, writes, 'nothing is written that is so already');
  });

  it('gives up when it is always too late', async () => {
    const seen = await add('a', 1, { app: 'agent' });
    cluster.current.api.intercept = (call) => {
      if (call.method === 'PUT') throw conflict(CONTROLLER_REVISIONS, 'a', 'always');
    };
    await assert.rejects(history.renumber(seen, 5), /always/);
    assert.equal(cluster.current.api.calls.filter(({ method }) => method === 'PUT').length, 5);
  });

  it('labels a revision, and removes it once', async () => {
    const seen = await add('a', 1, { app: 'agent' });
    await history.label(seen, 'more', 'yes');
    assert.deepEqual(stored('a')?.metadata?.labels, { app: 'agent', more: 'yes' });
    await history.remove(seen);
    await history.remove(seen);
    assert.equal(stored('a'), undefined);
  });
});
