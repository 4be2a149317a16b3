import assert from 'node:assert/strict';
import type { V1Pod, V1PodDisruptionBudget, V1PodDisruptionBudgetStatus } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { isStatus, type StatusError } from '../../openapi/status.ts';
import { policyResources } from '../registry/policy/index.ts';
import {
  type Fixture,
  type Loose,
  NAMESPACE,
  refusedAs,
  WRITE,
  withRegistry,
} from '../registry/store/store.fixture.ts';
import type { UpdateOptions } from '../registry/store/store.ts';
import { ask, pathTo } from './verbs.fixture.ts';

const PATH = pathTo('pods', 'p', 'eviction');
const VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget.";
/** Writes anything. */
const UNCHECKED: UpdateOptions = { strategy: { prepareForUpdate: () => undefined }, createOnUpdate: false };

interface Evicted extends Fixture {
  pod(): V1Pod | undefined;
  budget(name?: string): V1PodDisruptionBudget;
  /** Makes a budget of pods `app=a` whose controller found this. */
  addBudget(status: V1PodDisruptionBudgetStatus, spec?: object, name?: string): Promise<void>;
  evict(body?: object, query?: string): Promise<Loose>;
}

const READY = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
const UNREADY = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] };

/** A test with a pod `p`, labelled `app=a`, on a node. */
const withPod = (test: (fixture: Evicted) => Promise<void>, status: object = READY) =>
  withRegistry(async (fixture) => {
    const { registry, store } = fixture;
    for (const declaration of policyResources({})) registry.add(declaration);
    const budgets = registry.find('policy', 'v1', 'poddisruptionbudgets')?.store;
    assert.ok(budgets);
    const spec = { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] };
    await store('pods').create(NAMESPACE, { metadata: { name: 'p', labels: { app: 'a' } }, spec } as Loose, WRITE);
    const set = (old: KubeObject | undefined): Loose => ({ ...structuredClone(old), status: structuredClone(status) });
    await store('pods').update(NAMESPACE, 'p', set, WRITE, UNCHECKED);
    const pod = () => fixture.cache.get(store('pods').key(NAMESPACE, 'p'))?.object as V1Pod | undefined;
    await test({
      ...fixture,
      pod,
      budget: (name = 'b') => budgets.get(NAMESPACE, name).object as V1PodDisruptionBudget,
      async addBudget(found, more = {}, name = 'b') {
        const object: Loose = { metadata: { name }, spec: { selector: { matchLabels: { app: 'a' } }, ...more } };
        await budgets.create(NAMESPACE, object, WRITE);
        const change = (old: KubeObject | undefined): Loose => ({ ...structuredClone(old), status: found });
        await budgets.update(NAMESPACE, name, change, WRITE, { ...UNCHECKED, fromStored: true });
      },
      evict: (body = {}, query = '') =>
        ask(fixture, 'POST', PATH + query, { body: { metadata: { name: 'p' }, ...body } }),
    });
  });

/** The refusal of a promise, whole. */
async function refusal(promise: Promise<unknown>): Promise<StatusError['status']> {
  const error: unknown = await promise.then(
    () => assert.fail('it went through'),
    (reason: unknown) => reason,
  );
  assert.ok(isStatus(error), String(error));
  return error.status;
}

describe('eviction', () => {
  it(
    'deletes a pod that no budget guards, and writes why into it',
    withPod(async ({ evict, pod }) => {
      const status = await evict();
      assert.deepEqual([status.kind, status.status], ['Status', 'Success']);
      assert.equal(pod()?.metadata?.deletionGracePeriodSeconds, 30);
      const target = pod()?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
      assert.deepEqual(
        [target?.status, target?.reason, target?.message, target?.observedGeneration],
        ['True', 'EvictionByEvictionAPI', 'Eviction API: evicting', 1],
      );
    }),
  );

  it(
    'takes one disruption of the budget, which then knows of the pod',
    withPod(async ({ addBudget, budget, evict, pod }) => {
      await addBudget({ observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 });
      await evict();
      assert.ok(pod()?.metadata?.deletionTimestamp);
      const { status } = budget();
      assert.equal(status?.disruptionsAllowed, 0);
      assert.deepEqual(status?.disruptedPods, { p: '2026-01-01T00:00:00Z' });
      assert.deepEqual(status?.conditions, [
        {
          type: 'DisruptionAllowed',
          status: 'False',
          observedGeneration: 1,
          lastTransitionTime: '2026-01-01T00:00:00Z',
          reason: 'InsufficientPods',
          message: '',
        },
      ]);
    }),
  );

  it(
    'leaves all as it is when it is only tried',
    withPod(async ({ addBudget, budget, evict, pod }) => {
      await addBudget({ observedGeneration: 1, disruptionsAllowed: 1 });
      const before = [pod(), budget()];
      await evict({}, '?dryRun=All');
      await evict({ deleteOptions: { dryRun: ['All'] } });
      assert.deepEqual([pod(), budget()], before);
    }),
  );

  it(
    'takes null for an eviction that says nothing, not even its name',
    withPod(async (fixture) => {
      const refused = refusedAs('BadRequest', /^name in URL does not match name in Eviction object$/);
      await assert.rejects(ask(fixture, 'POST', PATH, { raw: 'null' }), refused);
    }),
  );

  it(
    'goes on one by one, however many ask at once',
    withPod(async ({ store, addBudget, budget, ...fixture }) => {
      const names = Array.from({ length: 5 }, (_, i) => `q${i}`);
      for (const name of names) {
        const spec = { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] };
        await store('pods').create(NAMESPACE, { metadata: { name, labels: { app: 'a' } }, spec } as Loose, WRITE);
        const change = (old: KubeObject | undefined): Loose => ({
          ...structuredClone(old),
          status: structuredClone(READY),
        });
        await store('pods').update(NAMESPACE, name, change, WRITE, UNCHECKED);
      }
      await addBudget({ observedGeneration: 1, disruptionsAllowed: 2, currentHealthy: 5, desiredHealthy: 3 });
      const asked = names.map((name) =>
        ask({ store, ...fixture }, 'POST', pathTo('pods', name, 'eviction'), { body: { metadata: { name } } }),
      );
      const settled = await Promise.allSettled(asked);
      assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 2);
      assert.equal(Object.keys(budget().status?.disruptedPods ?? {}).length, 2);
    }),
  );

  const refused: { title: string; status: V1PodDisruptionBudgetStatus; cause: string; retry?: number }[] = [
    {
      title: 'a budget that allows none',
      status: { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1 },
      cause: 'The disruption budget b needs 1 healthy pods and has 1 currently',
    },
    {
      title: 'a budget that its controller has not seen',
      status: { disruptionsAllowed: 1 },
      cause: 'The disruption budget b is still being processed by the server.',
      retry: 10,
    },
    {
      title: 'a budget that its controller cannot work out',
      status: {
        observedGeneration: 1,
        conditions: [
          {
            type: 'DisruptionAllowed',
            status: 'False',
            reason: 'SyncFailed',
            message: 'no scale',
            lastTransitionTime: '',
          },
        ],
      },
      cause: 'The disruption budget b does not allow evicting pods currently because it failed sync: no scale',
    },
    {
      title: 'a budget that says why not',
      status: {
        observedGeneration: 1,
        currentHealthy: 2,
        desiredHealthy: 1,
        conditions: [
          { type: 'DisruptionAllowed', status: 'False', reason: 'Other', message: 'so it is', lastTransitionTime: '' },
        ],
      },
      cause: 'The disruption budget b does not allow evicting pods currently (Other): so it is',
    },
    {
      title: 'a budget that does not say why not',
      status: { observedGeneration: 1, currentHealthy: 2, desiredHealthy: 1 },
      cause: 'The disruption budget b does not allow evicting pods currently',
    },
  ];
  for (const { title, status, cause, retry } of refused) {
    it(
      `respects ${title}`,
      withPod(async ({ addBudget, evict, pod, budget }) => {
        await addBudget(status);
        const { code, reason, message, details } = await refusal(evict());
        assert.deepEqual([code, reason, message], [429, 'TooManyRequests', VIOLATES]);
        assert.deepEqual(details, {
          causes: [{ reason: 'DisruptionBudget', message: cause }],
          ...(retry ? { retryAfterSeconds: retry } : {}),
        });
        assert.equal(pod()?.metadata?.deletionTimestamp, undefined);
        assert.deepEqual(budget().status, status);
      }),
    );
  }

  it(
    'refuses budgets that went wrong',
    withPod(async ({ addBudget, evict }) => {
      await addBudget({ observedGeneration: 1, disruptionsAllowed: -1 });
      const { code, message } = await refusal(evict());
      assert.deepEqual(
        [code, message],
        [403, 'poddisruptionbudget.policy "b" is forbidden: pdb disruptions allowed is negative'],
      );
    }),
  );

  it(
    'refuses pods of two budgets',
    withPod(async ({ addBudget, evict }) => {
      await addBudget({ observedGeneration: 1, disruptionsAllowed: 1 });
      await addBudget({ observedGeneration: 1, disruptionsAllowed: 1 }, {}, 'c');
      const { code, reason, message } = await refusal(evict());
      const text = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
      assert.deepEqual([code, reason, message], [500, undefined, text]);
    }),
  );

  it(
    'asks only budgets that select the pod',
    withPod(async ({ addBudget, evict, pod }) => {
      await addBudget({}, { selector: { matchLabels: { app: 'b' } } });
      await addBudget({}, { selector: undefined }, 'c');
      await evict();
      assert.ok(pod()?.metadata?.deletionTimestamp);
    }),
  );

  const STRICT = { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2 };
  const unready: { title: string; status: V1PodDisruptionBudgetStatus; policy?: string; goes: boolean }[] = [
    { title: 'where enough others are healthy', status: { ...STRICT, currentHealthy: 2 }, goes: true },
    { title: 'where too few are', status: STRICT, goes: false },
    { title: 'where too few are and the budget does not mind', status: STRICT, policy: 'AlwaysAllow', goes: true },
  ];
  for (const { title, status, policy, goes } of unready) {
    it(
      `${goes ? 'lets go of' : 'keeps'} a pod that is not ready ${title}`,
      withPod(async ({ addBudget, evict, pod, budget }) => {
        await addBudget(status, policy ? { unhealthyPodEvictionPolicy: policy } : {});
        if (goes) await evict();
        else await assert.rejects(evict(), refusedAs('TooManyRequests'));
        assert.equal(pod()?.metadata?.deletionTimestamp !== undefined, goes);
        assert.deepEqual(budget().status, status, 'nothing is taken of the budget');
      }, UNREADY),
    );
  }

  for (const phase of ['Pending', 'Succeeded', 'Failed']) {
    it(
      `asks no budget about a pod that is ${phase}`,
      withPod(
        async ({ addBudget, evict, pod, budget }) => {
          await addBudget(STRICT);
          await evict();
          assert.equal(pod() === undefined || pod()?.metadata?.deletionTimestamp !== undefined, true);
          assert.deepEqual(budget().status, STRICT);
        },
        { phase },
      ),
    );
  }

  it(
    'keeps to the preconditions of the deletion',
    withPod(async ({ evict, pod }) => {
      const conflict = refusedAs('Conflict', /the UID in the precondition \(x\) does not match the UID in record/);
      await assert.rejects(evict({ deleteOptions: { preconditions: { uid: 'x' } } }), conflict);
      const { resourceVersion = '' } = pod()?.metadata ?? {};
      await evict({ deleteOptions: { preconditions: { resourceVersion }, gracePeriodSeconds: 5 } });
      assert.equal(pod()?.metadata?.deletionGracePeriodSeconds, 5);
    }),
  );

  it(
    'takes the older version of the request, and no other kind',
    withPod(async ({ evict, pod }) => {
      await assert.rejects(
        evict({ apiVersion: 'v1', kind: 'Pod' }),
        refusedAs('BadRequest', /cannot be handled as a Eviction/),
      );
      await evict({ apiVersion: 'policy/v1beta1', kind: 'Eviction' });
      assert.ok(pod()?.metadata?.deletionTimestamp);
    }),
  );

  it(
    'needs the name of the pod in the body',
    withPod(async ({ evict }) => {
      const message = /^name in URL does not match name in Eviction object$/;
      await assert.rejects(evict({ metadata: {} }), refusedAs('BadRequest', message));
      await assert.rejects(evict({ metadata: { name: 'q' } }), refusedAs('BadRequest', message));
    }),
  );
});
