import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import {
  type Fixture,
  type Loose,
  NAMESPACE,
  refusedAs,
  WRITE,
  withRegistry,
} from '../registry/store/store.fixture.ts';
import { ask, pathTo } from './verbs.fixture.ts';

const pod = (spec: object = {}): Loose => ({
  metadata: { name: 'p', annotations: { own: 'kept' } },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const binding = (node = 'node-1', extra: object = {}) => ({
  metadata: { name: 'p', ...extra },
  target: { kind: 'Node', name: node },
});

const podOf = ({ store }: Fixture) => store('pods').get(NAMESPACE, 'p').object as V1Pod;

describe('binding', () => {
  const withPod = (test: (fixture: Fixture) => Promise<void>, spec: object = {}) =>
    withRegistry(async (fixture) => {
      await fixture.store('pods').create(NAMESPACE, pod(spec), WRITE);
      await test(fixture);
    });

  for (const path of [pathTo('pods', 'p', 'binding'), pathTo('bindings')]) {
    it(
      `assigns a pod to a node by POST to ${path}`,
      withPod(async (fixture) => {
        const before = podOf(fixture);
        const body = binding('node-1', { annotations: { scheduler: 'said' } });
        const status = await ask(fixture, 'POST', path, { body });
        assert.deepEqual([status.kind, status.status], ['Status', 'Success']);
        const { spec, status: after, metadata } = podOf(fixture);
        assert.equal(spec?.nodeName, 'node-1');
        assert.deepEqual(metadata?.annotations, { own: 'kept', scheduler: 'said' });
        const scheduled = after?.conditions?.find((condition) => condition.type === 'PodScheduled');
        assert.equal(scheduled?.status, 'True');
        assert.equal(before.spec?.nodeName, undefined, 'what was cached stays as it was');
      }),
    );
  }

  it(
    'is done once, whoever asks for which node',
    withPod(async (fixture) => {
      const bindings = Array.from({ length: 10 }, (_, i) =>
        ask(fixture, 'POST', pathTo('pods', 'p', 'binding'), { body: binding(`node-${i}`) }),
      );
      const settled = await Promise.allSettled(bindings);
      const won = settled.findIndex((each) => each.status === 'fulfilled');
      assert.equal(settled.filter((each) => each.status === 'fulfilled').length, 1);
      assert.equal(podOf(fixture).spec?.nodeName, `node-${won}`);
      for (const each of settled)
        if (each.status === 'rejected') assert.ok(refusedAs('Conflict', /is already assigned to node/)(each.reason));
    }),
  );

  const refused: { title: string; body: object; reason: string; message: RegExp; spec?: object; path?: string }[] = [
    {
      title: 'a pod that has a node',
      spec: { nodeName: 'node-0' },
      body: binding(),
      reason: 'Conflict',
      message: /pod p is already assigned to node "node-0"$/,
    },
    {
      title: 'a pod with a gate',
      spec: { schedulingGates: [{ name: 'example.com/wait' }] },
      body: binding(),
      reason: 'Conflict',
      message: /pod p has non-empty .spec.schedulingGates$/,
    },
    {
      title: 'another pod of the name',
      body: binding('node-1', { uid: 'other' }),
      reason: 'Conflict',
      message: /Precondition failed: UID in precondition: other/,
    },
    {
      title: 'no node',
      body: { metadata: { name: 'p' }, target: {} },
      reason: 'Invalid',
      message: /target.name: Required value$/,
    },
    {
      title: 'what is no node',
      body: { metadata: { name: 'p' }, target: { kind: 'Pod', name: 'x' } },
      reason: 'Invalid',
      message: /target.kind: Unsupported value: "Pod"/,
    },
    {
      title: 'another name than the path says',
      body: { ...binding(), metadata: { name: 'q' } },
      reason: 'BadRequest',
      message: /^name in URL does not match name in Binding object$/,
    },
    {
      title: 'a pod that does not exist',
      body: { ...binding(), metadata: { name: 'q' } },
      path: pathTo('bindings'),
      reason: 'NotFound',
      message: /^pods "q" not found$/,
    },
  ];
  for (const { title, body, reason, message, spec, path = pathTo('pods', 'p', 'binding') } of refused) {
    it(
      `refuses ${title}`,
      withPod(async (fixture) => {
        const version = podOf(fixture).metadata?.resourceVersion;
        await assert.rejects(ask(fixture, 'POST', path, { body }), refusedAs(reason, message));
        assert.equal(podOf(fixture).metadata?.resourceVersion, version);
      }, spec),
    );
  }

  it(
    'refuses a pod that is being deleted',
    withRegistry(async (fixture) => {
      const held = pod();
      held.metadata = { name: 'p', finalizers: ['example.com/held'] };
      await fixture.store('pods').create(NAMESPACE, held, WRITE);
      await fixture.store('pods').delete(NAMESPACE, 'p', {}, WRITE);
      const path = pathTo('pods', 'p', 'binding');
      await assert.rejects(
        ask(fixture, 'POST', path, { body: binding() }),
        refusedAs('Conflict', /pod p is being deleted, cannot be assigned to a host$/),
      );
    }),
  );

  it(
    'in a dry run assigns nothing',
    withPod(async (fixture) => {
      await ask(fixture, 'POST', `${pathTo('pods', 'p', 'binding')}?dryRun=All`, { body: binding() });
      assert.equal(podOf(fixture).spec?.nodeName, undefined);
    }),
  );
});
