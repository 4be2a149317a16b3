/** HorizontalPodAutoscalers at work. Clusters look at each of them four times a minute. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  eventually,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  objectOf,
  server,
  suite,
  type Wire,
} from './harness.ts';
import { findKubectls, KubectlRunner } from './kubectl.ts';
import { rolledOut, workloadNamespace } from './replicas.ts';
import { isMeasured, MEASURED_MS, usingTemplate } from './usage.ts';

/** autoscaling/v2 came with 1.23. */
const marks = { needsNode: true, since: 23 };
const isTried = server.readyNodes.length > 0 && server.minor >= marks.since;
/** Two looks. */
const LOOKED_AT_MS = 45_000;

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

suite(
  'horizontal pod autoscalers',
  () => {
    const namespace = workloadNamespace();
    const base = () => `/apis/autoscaling/v2/namespaces/${namespace.name}/horizontalpodautoscalers`;
    const cpu = (averageUtilization: number) => ({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
    });

    async function deploy(name: string, replicas: number, isBusy = false): Promise<void> {
      const labels = { app: name };
      const spec = { replicas, selector: { matchLabels: labels }, template: usingTemplate(labels, isBusy) };
      objectOf(await fetchApi('POST', namespace.apps('deployments'), { body: { metadata: { name }, spec } }), 201);
    }

    async function autoscale(name: string, spec: object): Promise<void> {
      const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
      const body = { metadata: { name }, spec: { scaleTargetRef, metrics: [cpu(50)], ...spec } };
      objectOf(await fetchApi('POST', base(), { body }), 201);
    }

    const autoscaler = async (name: string) => objectOf(await fetchApi('GET', `${base()}/${name}`));
    const replicasOf = async (name: string) =>
      at(objectOf(await fetchApi('GET', namespace.apps('deployments', name))), 'spec.replicas');

    async function told(name: string, type: string, deadlineMs = LOOKED_AT_MS): Promise<Condition> {
      return eventually(async () => {
        const conditions = (at(await autoscaler(name), 'status.conditions') ?? []) as Condition[];
        const found = conditions.find((condition) => condition.type === type);
        assert.ok(found, JSON.stringify(conditions));
        return found;
      }, deadlineMs);
    }

    async function events(name: string): Promise<string[]> {
      const selector = encodeURIComponent(`involvedObject.name=${name},involvedObject.kind=HorizontalPodAutoscaler`);
      const { items } = listOf(await fetchApi('GET', `${namespace.path('events')}?fieldSelector=${selector}`));
      return items.map((event: Wire) => `${event.type} ${event.reason} ${event.message}`);
    }

    const tells = (name: string, event: string) =>
      eventually(async () => assert.ok((await events(name)).includes(event), JSON.stringify(await events(name))));

    // All at once, so that the wait for the next look is one.
    before(async () => {
      if (!isTried) return;
      const external = { metric: { name: 'queue' }, target: { type: 'Value', value: '1' } };
      const setUps: [name: string, replicas: number, spec: object][] = [
        ['above', 3, { maxReplicas: 1 }],
        ['below', 1, { minReplicas: 2, maxReplicas: 3 }],
        ['off', 0, { maxReplicas: 3 }],
        ['external', 1, { maxReplicas: 3, metrics: [{ type: 'External', external }] }],
      ];
      for (const [name, replicas, spec] of setUps) {
        await deploy(name, replicas);
        await autoscale(name, spec);
      }
      await autoscale('missing', { maxReplicas: 3 });
      if (!isMeasured) return;
      await deploy('busy', 1, true);
      const behavior = { scaleDown: { stabilizationWindowSeconds: 0 } };
      await autoscale('busy', { maxReplicas: 3, behavior });
    });
    after(async () => {
      if (!isTried) return;
      const { items } = listOf(await fetchApi('GET', base()));
      for (const { metadata } of items) await fetchApi('DELETE', `${base()}/${metadata.name}`);
    });

    behaves('more replicas than the maximum are brought down to it', marks, async () => {
      await eventually(async () => assert.equal(await replicasOf('above'), 1), LOOKED_AT_MS);
      await tells(
        'above',
        'Normal SuccessfulRescale New size: 1; reason: Current number of replicas above Spec.MaxReplicas',
      );
    });

    behaves('fewer replicas than the minimum are brought up to it', marks, async () => {
      await eventually(async () => assert.equal(await replicasOf('below'), 2), LOOKED_AT_MS);
      await tells(
        'below',
        'Normal SuccessfulRescale New size: 2; reason: Current number of replicas below Spec.MinReplicas',
      );
      const able = await told('below', 'AbleToScale');
      assert.equal(able.status, 'True');
      await eventually(async () => assert.ok(at(await autoscaler('below'), 'status.lastScaleTime')));
    });

    behaves('a target without replicas is left alone', marks, async () => {
      includes(await told('off', 'ScalingActive'), {
        status: 'False',
        reason: 'ScalingDisabled',
        message: 'scaling is disabled since the replica count of the target is zero',
      });
      assert.equal(await replicasOf('off'), 0);
    });

    behaves('a target that is not there is told of', marks, async () => {
      const able = await told('missing', 'AbleToScale');
      includes(able, { status: 'False', reason: 'FailedGetScale' });
      assert.match(
        able.message,
        /^the HPA controller was unable to get the target's current scale: .*"missing" not found$/,
      );
    });

    behaves('a metric that nobody serves is told of', marks, async () => {
      const active = await told('external', 'ScalingActive');
      includes(active, { status: 'False', reason: 'FailedGetExternalMetric' });
      assert.match(active.message, /^the HPA was unable to compute the replica count: unable to get external metric /);
      assert.equal(await replicasOf('external'), 1);
    });

    if (isMeasured) {
      behaves('replicas follow what pods use, up and down', marks, async () => {
        await eventually(async () => assert.equal(await replicasOf('busy'), 3), MEASURED_MS + LOOKED_AT_MS);
        includes(await told('busy', 'ScalingActive'), { status: 'True', reason: 'ValidMetricFound' });
        const limited = async () =>
          includes(await told('busy', 'ScalingLimited'), { status: 'True', reason: 'TooManyReplicas' });
        await eventually(limited, LOOKED_AT_MS);
        const [metric] = at(await autoscaler('busy'), 'status.currentMetrics') as Wire[];
        includes(metric, { type: 'Resource', resource: { name: 'cpu' } });
        assert.ok(Number(at(metric, 'resource.current.averageUtilization')) > 50);
        const up = 'reason: cpu resource utilization (percentage of request) above target';
        await eventually(async () => assert.ok((await events('busy')).some((event) => event.endsWith(up))));

        const template = usingTemplate({ app: 'busy' }, false);
        objectOf(await applyPatch(namespace.apps('deployments', 'busy'), MERGE_PATCH, { spec: { template } }));
        await rolledOut(namespace.apps('deployments', 'busy'));
        await eventually(async () => assert.equal(await replicasOf('busy'), 1), MEASURED_MS + LOOKED_AT_MS);
        await tells('busy', 'Normal SuccessfulRescale New size: 1; reason: All metrics below target');
      });
    } else it('replicas follow what pods use (left out: nobody measures them)');

    for (const kubectl of findKubectls()) {
      behaves(`kubectl ${kubectl.version} autoscale makes one, and shows it`, marks, async () => {
        const name = `typed-${kubectl.version.replace('.', '-')}`;
        await deploy(name, 1);
        const runner = new KubectlRunner(kubectl, namespace.name);
        try {
          const made = await runner.ok(['autoscale', 'deployment', name, '--min=2', '--max=4', '--cpu-percent=80']);
          assert.equal(made, `horizontalpodautoscaler.autoscaling/${name} autoscaled\n`);
          includes((await autoscaler(name)).spec, {
            minReplicas: 2,
            maxReplicas: 4,
            scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
            metrics: [cpu(80)],
          });
          assert.match(
            await runner.ok(['get', 'hpa', name]),
            new RegExp(`^${name} +Deployment/${name} +.*/80% +2 +4 `, 'm'),
          );
          assert.match(await runner.ok(['describe', 'hpa', name]), /^Min replicas: +2$/m);
        } finally {
          runner.dispose();
        }
      });
    }
  },
  2 * (MEASURED_MS + LOOKED_AT_MS),
);
