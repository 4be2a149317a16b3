import assert from 'node:assert/strict';
import { settle } from '../base/fake-clock.ts';
import { NAMESPACES } from '../client/resources.ts';
import { IDENTITIES, isEnabled } from './manager.ts';
import { FakeCluster } from './runtime/fake-cluster.ts';

const ACCOUNT = 'system:serviceaccount:kube-system:';

describe('isEnabled', () => {
  const cases: { selection: string[]; replication: boolean; endpoint: boolean }[] = [
    { selection: ['*'], replication: true, endpoint: true },
    { selection: [], replication: false, endpoint: false },
    { selection: ['endpoint'], replication: false, endpoint: true },
    { selection: ['*', '-replication'], replication: false, endpoint: true },
    { selection: ['-endpoint', '*'], replication: true, endpoint: false },
    { selection: ['*', '-replicationcontroller-controller'], replication: false, endpoint: true },
  ];
  for (const { selection, replication, endpoint } of cases) {
    it(`understands ${JSON.stringify(selection)}`, () => {
      assert.equal(isEnabled(['replication', 'replicationcontroller-controller'], selection), replication);
      assert.equal(isEnabled(['endpoint'], selection), endpoint);
    });
  }
});

describe('startControllers', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(() => cluster.stop());

  it('gives each controller an identity of its own, and the informers theirs', async () => {
    await cluster.start(['*']);
    assert.deepEqual(new Set(cluster.identities), new Set(IDENTITIES));
    const [first, ...others] = IDENTITIES;
    assert.equal(first, 'system:kube-controller-manager');
    for (const name of ['replication-controller', 'endpoint-controller', 'generic-garbage-collector']) {
      assert.ok(others.includes(ACCOUNT + name), name);
    }
    for (const identity of others) assert.ok(identity.startsWith(ACCOUNT), identity);
  });

  it('starts only what is asked for', async () => {
    await cluster.start(['*', '-garbage-collector', '-nodelifecycle', '-taint-eviction']);
    assert.ok(!cluster.identities.includes(`${ACCOUNT}generic-garbage-collector`));
    assert.ok(!cluster.identities.includes(`${ACCOUNT}node-controller`));
    assert.ok(cluster.identities.includes(`${ACCOUNT}namespace-controller`));
  });

  it('refuses a name that is none', async () => {
    await assert.rejects(cluster.start(['replicatoin']), /"replicatoin" is not in the list of known controllers/);
    await assert.rejects(cluster.start(['*', '-nope']), /"-nope" is not in the list/);
  });

  it('watches each resource once, however many controllers want it', async () => {
    await cluster.start(['*']);
    const watches = cluster.api.calls.filter((call) => call.query?.watch === 'true').map((call) => call.path);
    assert.deepEqual(watches, [...new Set(watches)]);
    assert.ok(watches.includes('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'));
  });

  it('stops only when what it began is done', async () => {
    let finish: () => void = () => undefined;
    let begun = false;
    cluster.api.create(NAMESPACES, undefined, { metadata: { name: 'a' } });
    cluster.api.intercept = (call) => {
      if (call.method !== 'POST') return undefined;
      begun = true;
      return new Promise((resolve) => {
        finish = resolve;
      });
    };
    await cluster.start(['serviceaccount']);
    await cluster.until('it creates an account', () => begun);
    let stopped = false;
    const stopping = cluster.stop().then(() => {
      stopped = true;
    });
    await settle();
    assert.equal(stopped, false);
    finish();
    await stopping;
  });

  it('leaves no watch and no timer when it stops, twice if need be', async () => {
    await cluster.start(['*']);
    assert.ok(cluster.api.openWatches > 5);
    await cluster.stop();
    await cluster.stop();
    await settle();
    assert.equal(cluster.api.openWatches, 0);
    assert.equal(cluster.clock.timers, 0);
  });
});
