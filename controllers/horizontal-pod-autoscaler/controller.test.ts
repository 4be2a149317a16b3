import assert from 'node:assert/strict';
import { rfc3339 } from '../../base/clock.ts';
import { HORIZONTAL_POD_AUTOSCALERS, PODS } from '../../client/resources.ts';
import type { V2HorizontalPodAutoscaler, V2MetricSpec } from '../../openapi/generated/types.ts';
import { conflict, notFound, pageNotFound } from '../../openapi/status.ts';
import type { ApiCall } from '../../openapi/transport.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { podOf } from './fixtures.ts';

const PERIOD_MS = 15_000;
const SCALE = '/apis/apps/v1/namespaces/default/deployments/web/scale';
const CPU: V2MetricSpec = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
};

describe('horizontal pod autoscaler', () => {
  let cluster: FakeCluster;
  /** What the server says of the target; `undefined` for a target that is not there. */
  let scale: { replicas: number; selector: string } | undefined;
  /** Millicores that each pod uses; `undefined`: nobody measures. */
  let usage: number | undefined;
  /** Why the scale cannot be written. */
  let refusal: Error | undefined;
  let answers: Record<string, unknown>;

  beforeEach(() => {
    cluster = new FakeCluster();
    scale = { replicas: 2, selector: 'app=web' };
    usage = 50;
    refusal = undefined;
    answers = {};
    const rest = cluster.api.call.bind(cluster.api);
    cluster.api.call = async (call) => answer(call) ?? rest(call);
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  /** Plays the parts of a server that the fake has not: scales and metrics. */
  function answer(call: ApiCall): unknown {
    if (call.path === SCALE) return call.method === 'PUT' ? write(call) : read();
    if (call.path.startsWith('/apis/metrics.k8s.io/')) return metrics();
    if (/^\/apis\/(?:custom|external)\.metrics/.test(call.path)) {
      const found = answers[call.path];
      if (found === undefined) throw pageNotFound();
      return found;
    }
    return undefined;
  }

  function read(): unknown {
    if (!scale) throw notFound({ group: 'apps', resource: 'deployments/scale' }, 'web');
    const { replicas, selector } = scale;
    return { metadata: { name: 'web', namespace: 'default' }, spec: { replicas }, status: { replicas, selector } };
  }

  function write(call: ApiCall): unknown {
    if (refusal) throw refusal;
    const { replicas } = (call.body as { spec: { replicas: number } }).spec;
    if (scale) scale = { ...scale, replicas };
    return call.body;
  }

  function metrics(): unknown {
    if (usage === undefined) throw pageNotFound();
    const items = cluster.pods().map(({ metadata }) => ({
      metadata: { name: metadata?.name, namespace: 'default' },
      timestamp: rfc3339(cluster.clock.now()),
      window: '15s',
      containers: [{ name: 'main', usage: { cpu: `${usage}m` } }],
    }));
    return { kind: 'PodMetricsList', items };
  }

  async function start(spec: Partial<V2HorizontalPodAutoscaler['spec']> = {}, name = 'web'): Promise<void> {
    for (const pod of [podOf('p0'), podOf('p1')]) cluster.api.create(PODS, 'default', pod);
    create(spec, name);
    await cluster.start(['horizontalpodautoscaling']);
  }

  function create(spec: Partial<V2HorizontalPodAutoscaler['spec']> = {}, name = 'web'): void {
    cluster.api.create<V2HorizontalPodAutoscaler>(HORIZONTAL_POD_AUTOSCALERS, 'default', {
      metadata: { name },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 10,
        metrics: [CPU],
        ...spec,
      },
    });
  }

  const status = (name = 'web') =>
    cluster.api.peek<V2HorizontalPodAutoscaler>(HORIZONTAL_POD_AUTOSCALERS, name, 'default')?.status;
  const told = (name?: string) =>
    (status(name)?.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is} ${reason}`);
  const look = () => cluster.clock.advance(PERIOD_MS);
  const statusWrites = () => cluster.api.writes.filter((each) => each.endsWith('/horizontalpodautoscalers/web/status'));

  it('scales its target, tells of it and remembers when', async () => {
    usage = 200;
    await start();
    assert.equal(scale?.replicas, 2, 'not before a period has passed');
    await look();
    assert.equal(scale?.replicas, 4);
    assert.deepEqual(told(), [
      'AbleToScale=True SucceededRescale',
      'ScalingActive=True ValidMetricFound',
      'ScalingLimited=True ScaleUpLimit',
    ]);
    assert.deepEqual(
      [status()?.currentReplicas, status()?.desiredReplicas, status()?.lastScaleTime],
      [2, 4, rfc3339(cluster.clock.now())],
    );
    await cluster.until('event', () =>
      cluster
        .events()
        .includes(
          'Normal SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target',
        ),
    );
  });

  it('writes no status that says nothing new', async () => {
    await start();
    await look();
    assert.deepEqual(told(), [
      'AbleToScale=True ReadyForNewScale',
      'ScalingActive=True ValidMetricFound',
      'ScalingLimited=False DesiredWithinRange',
    ]);
    const before = statusWrites().length;
    await look();
    await look();
    assert.equal(statusWrites().length, before);
  });

  it('shrinks only after five minutes', async () => {
    usage = 10;
    await start();
    await look();
    assert.equal(scale?.replicas, 2);
    assert.ok(told().includes('AbleToScale=True ScaleDownStabilized'));
    await cluster.clock.advance(290_000);
    assert.equal(scale?.replicas, 2);
    await cluster.clock.advance(2 * PERIOD_MS);
    assert.equal(scale?.replicas, 1);
  });

  it('says so when nobody measures', async () => {
    usage = undefined;
    await start();
    await look();
    const why =
      'unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';
    assert.deepEqual(told(), ['AbleToScale=True SucceededGetScale', 'ScalingActive=False FailedGetResourceMetric']);
    await cluster.until('event', () =>
      cluster.events().includes(`Warning FailedGetResourceMetric failed to get cpu utilization: ${why}`),
    );
    assert.deepEqual(status()?.currentMetrics, [{ type: '' }]);
  });

  it('says so when the target is not there, and finds it later', async () => {
    scale = undefined;
    await start();
    await look();
    assert.deepEqual(told(), ['AbleToScale=False FailedGetScale']);
    assert.equal(
      status()?.conditions?.[0]?.message,
      'the HPA controller was unable to get the target\'s current scale: deployments/scale.apps "web" not found',
    );
    scale = { replicas: 2, selector: 'app=web' };
    await look();
    assert.ok(told().includes('AbleToScale=True ReadyForNewScale'));
  });

  it('says so when nothing is of the kind of its target', async () => {
    await start({ scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Foo', name: 'x' } });
    await look();
    await cluster.until('event', () =>
      cluster.events().includes('Warning FailedGetScale no matches for kind "Foo" in group "example.com"'),
    );
  });

  it('tries again when the scale could not be written', async () => {
    usage = 200;
    refusal = conflict({ group: 'apps', resource: 'deployments' }, 'web', 'changed');
    await start();
    await look();
    assert.equal(told()[0], 'AbleToScale=False FailedUpdateScale');
    assert.equal(status()?.lastScaleTime, undefined);
    refusal = undefined;
    await look();
    assert.equal(scale?.replicas, 4);
    assert.equal(told()[0], 'AbleToScale=True SucceededRescale');
  });

  it('scales nothing that another autoscaler scales, too', async () => {
    usage = 200;
    await start();
    create({}, 'rival');
    refusal = conflict({ group: 'apps', resource: 'deployments' }, 'web', 'not yet');
    await look();
    await look();
    assert.ok(told().includes('ScalingActive=False AmbiguousSelector'), told().join());
    await cluster.until('event', () =>
      cluster
        .events()
        .some((event) =>
          event.includes('AmbiguousSelector pods by selector app=web are controlled by multiple HPAs: ['),
        ),
    );
    cluster.api.remove(HORIZONTAL_POD_AUTOSCALERS, 'rival', 'default');
    refusal = undefined;
    await look();
    assert.equal(scale?.replicas, 4);
  });

  const selectors: [selector: string, reason: string, event: string][] = [
    ['', 'InvalidSelector', 'Warning SelectorRequired selector is required'],
    [
      'a in',
      'InvalidSelector',
      "Warning InvalidSelector couldn't convert selector into a corresponding internal selector object: ",
    ],
  ];
  for (const [selector, reason, event] of selectors) {
    it(`refuses a target with the selector ${JSON.stringify(selector)}`, async () => {
      scale = { replicas: 2, selector };
      await start();
      await look();
      assert.ok(told().includes(`ScalingActive=False ${reason}`));
      await cluster.until('event', () => cluster.events().some((each) => each.startsWith(event)));
    });
  }

  const value = (text: string, name = '') => ({ describedObject: { name }, value: text });
  const custom = '/apis/custom.metrics.k8s.io';
  const group = { [custom]: { preferredVersion: { groupVersion: 'custom.metrics.k8s.io/v1beta2' } } };
  const namespaced = `${custom}/v1beta2/namespaces/default`;
  const metric = { name: 'qps' };
  const others: [spec: V2MetricSpec, answers: Record<string, unknown>, replicas: number][] = [
    [
      { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: '10' } } },
      { ...group, [`${namespaced}/pods/*/qps`]: { items: [value('15', 'p0'), value('15', 'p1')] } },
      3,
    ],
    [
      {
        type: 'Object',
        object: {
          metric,
          describedObject: { apiVersion: 'v1', kind: 'Service', name: 's' },
          target: { type: 'Value', value: '10' },
        },
      },
      { ...group, [`${namespaced}/services/s/qps`]: { items: [value('15')] } },
      3,
    ],
    [
      { type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '10' } } },
      { '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/qps': { items: [value('25'), value('10')] } },
      4,
    ],
  ];
  for (const [spec, given, replicas] of others) {
    it(`asks the API of ${spec.type} metrics`, async () => {
      answers = given;
      await start({ metrics: [spec] });
      await look();
      assert.equal(scale?.replicas, replicas);
    });
    it(`says so when there is no API of ${spec.type} metrics`, async () => {
      await start({ metrics: [spec] });
      await look();
      assert.ok(told().includes(`ScalingActive=False FailedGet${spec.type}Metric`), told().join());
    });
  }
});
