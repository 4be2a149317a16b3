/** What the tests of kinds with replicas share: namespaces that are left empty, templates, and what they wait for. */
import assert from 'node:assert/strict';
import {
  at,
  eventually,
  fetchApi,
  includes,
  listOf,
  objectOf,
  removeAll,
  type TestNamespace,
  testNamespace,
  type Wire,
} from './harness.ts';

/** Runs without arguments. */
const IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/pause:1';
/** Has a shell and a web server. */
const SHELL_IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/busybox:1';
const WEB_PORT = 8080;
/** Pods have to be started. */
export const ROLLOUT_MS = 25_000;

export interface WorkloadNamespace extends TestNamespace {
  /** `/apis/apps/v1/namespaces/NAME/deployments/web/status`; parts left out end the path early. */
  apps(resource: string, name?: string, subresource?: string): string;
}

/** A namespace whose workloads are removed before it: what is left of them would go on making pods. */
export function workloadNamespace(): WorkloadNamespace {
  const created: WorkloadNamespace[] = [];
  // Hooks run in the order in which they are declared: this one before that of the namespace itself.
  after(async () => {
    for (const namespace of created) {
      for (const resource of ['deployments', 'statefulsets', 'daemonsets', 'replicasets'])
        await removeAll(namespace.apps(resource));
    }
  });
  const namespace = testNamespace();
  const apps = (resource: string, name?: string, subresource?: string) =>
    `/apis/apps/v1/namespaces/${namespace.name}/${resource}${name === undefined ? '' : `/${name}`}${subresource ? `/${subresource}` : ''}`;
  created.push({ ...namespace, apps });
  return { ...namespace, apps };
}

/** A template whose pods run until they are stopped; `version` makes one template different from another. */
export function template(labels: object, version = '1') {
  return {
    metadata: { labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', env: [{ name: 'VERSION', value: version }] },
      ],
    },
  };
}

/** A template whose pods never become ready: there is no such image, and a simulated node is told so. */
export function brokenTemplate(labels: object) {
  return {
    metadata: { labels, annotations: { 'simulation.kubets.dev/ready': 'false' } },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'example.invalid/missing:1' }] },
  };
}

/** A template whose pods answer with their own name. */
export function webTemplate(labels: object) {
  const script = `mkdir -p /tmp/www && hostname >/tmp/www/index.html && exec httpd -f -p ${WEB_PORT} -h /tmp/www`;
  return {
    metadata: { labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'main',
          image: SHELL_IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', script],
          ports: [{ containerPort: WEB_PORT }],
        },
      ],
    },
  };
}

/** Asks each pod for its name. Nothing answers on a simulated node, so that there it is enough to run. */
export async function assertServes(namespace: TestNamespace, pods: readonly Wire[]): Promise<void> {
  for (const pod of pods) {
    const node = objectOf(await fetchApi('GET', `/api/v1/nodes/${String(at(pod, 'spec.nodeName'))}`));
    if (String(at(node, 'status.nodeInfo.containerRuntimeVersion')).startsWith('simulated:')) continue;
    const path = namespace.path('pods', `${pod.metadata.name}:${WEB_PORT}`, 'proxy/');
    await eventually(async () => {
      const answer = await fetchApi('GET', path);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text.trim(), pod.metadata.name);
    });
  }
}

/** The pods with these labels that are not on their way out. */
export async function livePods(namespace: TestNamespace, selector: string): Promise<Wire[]> {
  const list = listOf(await fetchApi('GET', `${namespace.path('pods')}?labelSelector=${encodeURIComponent(selector)}`));
  return list.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Waits until just so many pods with these labels are there, and they run. */
export function runningPods(namespace: TestNamespace, selector: string, count: number): Promise<Wire[]> {
  return eventually(async () => {
    const pods = await livePods(namespace, selector);
    assert.equal(pods.length, count, JSON.stringify(pods.map(({ metadata, status }) => [metadata.name, status])));
    for (const pod of pods) assert.equal(at(pod, 'status.phase'), 'Running', JSON.stringify(pod.status));
    return pods;
  }, ROLLOUT_MS);
}

/** Waits until a ReplicaSet or ReplicationController has as many available pods as it wants, and its status is fresh. */
export function available(path: string): Promise<Wire> {
  return eventually(async () => {
    const object = objectOf(await fetchApi('GET', path));
    const replicas = at(object, 'spec.replicas');
    const { generation } = object.metadata;
    includes(object.status, {
      replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      observedGeneration: generation,
    });
    return object;
  }, ROLLOUT_MS);
}

/** Waits until a Deployment is rolled out: all pods are of its template and available, no others are left. */
export function rolledOut(path: string): Promise<Wire> {
  return eventually(async () => {
    const object = objectOf(await fetchApi('GET', path));
    const replicas = at(object, 'spec.replicas');
    const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
    includes(object.status, { ...counts, observedGeneration: object.metadata.generation });
    return object;
  }, ROLLOUT_MS);
}

/** The value of the environment variable by which templates differ. */
export function versionOf(object: Wire): unknown {
  return at(object, 'spec.containers.0.env.0.value') ?? at(object, 'spec.template.spec.containers.0.env.0.value');
}
