/** What the tests of scheduling share: nodes with room of their own kind, and pods that want it. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  eventually,
  fetchApi,
  MERGE_PATCH,
  objectOf,
  server,
  uniqueName,
  type Wire,
} from './harness.ts';

const IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/pause:1';

/** The first Ready node. */
export function readyNode(): string {
  const [name] = server.readyNodes;
  assert.ok(name, 'a Ready node');
  return name;
}

/** A pod for `pods` of some namespace. */
export function podOf(name: string, spec: object = {}, metadata: object = {}): object {
  return {
    metadata: { name, ...metadata },
    spec: { terminationGracePeriodSeconds: 1, containers: [containerOf()], ...spec },
  };
}

export function containerOf(fields: object = {}): object {
  return { name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', ...fields };
}

/** Containers that take so many of an extended resource. */
export function taking(resource: string, count: number): object {
  const amount = { [resource]: String(count) };
  return { containers: [containerOf({ resources: { requests: amount, limits: amount } })] };
}

async function patchNode(name: string, patch: object, subresource = ''): Promise<void> {
  objectOf(await applyPatch(`/api/v1/nodes/${name}${subresource}`, MERGE_PATCH, patch));
}

/** Gives a node an extended resource that no other pod asks for; takes it away after the suite. */
export function slots(count: number): { resource: string } {
  const resource = `example.com/${uniqueName('slots')}`;
  const set = (value: string | null) => ({
    status: { capacity: { [resource]: value }, allocatable: { [resource]: value } },
  });
  before(() => patchNode(readyNode(), set(String(count)), '/status'));
  after(() => patchNode(readyNode(), set(null), '/status'));
  return { resource };
}

/** Puts a label of its own on a node; takes it away after the suite. Gives back the key. */
export function nodeLabel(value: string): string {
  const key = `example.com/${uniqueName('label')}`;
  before(() => patchNode(readyNode(), { metadata: { labels: { [key]: value } } }));
  after(() => patchNode(readyNode(), { metadata: { labels: { [key]: null } } }));
  return key;
}

/** Priority classes with these values, for the suite; gives back their names. */
export function priorityClasses<K extends string>(values: Record<K, number>): Record<K, string> {
  const collection = '/apis/scheduling.k8s.io/v1/priorityclasses';
  const names = Object.fromEntries(Object.keys(values).map((key) => [key, uniqueName(key)])) as Record<K, string>;
  before(async () => {
    for (const [key, name] of Object.entries<string>(names)) {
      const body = { metadata: { name }, value: values[key as K] };
      objectOf(await fetchApi('POST', collection, { body }), 201);
    }
  });
  after(async () => {
    for (const name of Object.values<string>(names)) await fetchApi('DELETE', `${collection}/${name}`);
  });
  return names;
}

/** Nodes without a kubelet, where nothing lands that does not ask for it, with the labels given by name. */
export function bareNodes(labels: Record<string, Record<string, string>>): {
  key: string;
  nameOf(short: string): string;
} {
  const key = `example.com/${uniqueName('bare')}`;
  const suffix = uniqueName('n');
  const nameOf = (short: string) => `${short}-${suffix}`;
  before(async () => {
    for (const [short, own] of Object.entries(labels)) {
      const name = nameOf(short);
      const taints = [{ key, effect: 'NoSchedule' }];
      const body = { metadata: { name, labels: { [key]: '', ...own } }, spec: { taints } };
      objectOf(await fetchApi('POST', '/api/v1/nodes', { body }), 201);
      const allocatable = { cpu: '4', memory: '8Gi', pods: '10' };
      const conditions = [{ type: 'Ready', status: 'True', reason: 'Made', message: 'made by a test' }];
      await patchNode(name, { status: { capacity: allocatable, allocatable, conditions } }, '/status');
    }
  });
  after(async () => {
    for (const short of Object.keys(labels)) await fetchApi('DELETE', `/api/v1/nodes/${nameOf(short)}`);
  });
  return { key, nameOf };
}

/** Waits until the pod is on a node, which it gives back. */
export function scheduled(path: string): Promise<string> {
  return eventually(async () => {
    const pod = objectOf(await fetchApi('GET', path));
    const nodeName = at(pod, 'spec.nodeName');
    assert.ok(nodeName, JSON.stringify(pod.status));
    return String(nodeName);
  });
}

export function running(path: string): Promise<Wire> {
  return eventually(async () => {
    const pod = objectOf(await fetchApi('GET', path));
    assert.equal(at(pod, 'status.phase'), 'Running', JSON.stringify(pod.status));
    return pod;
  }, 25_000);
}

/** Waits until the pod says that it fits nowhere; gives back why. */
export function unschedulable(path: string): Promise<string> {
  return eventually(async () => {
    const pod = objectOf(await fetchApi('GET', path));
    const conditions = (at(pod, 'status.conditions') ?? []) as Record<string, string>[];
    const condition = conditions.find(({ type }) => type === 'PodScheduled');
    assert.equal(condition?.status, 'False', JSON.stringify(pod.status));
    assert.equal(condition?.reason, 'Unschedulable');
    assert.equal(at(pod, 'spec.nodeName'), undefined);
    return condition?.message ?? '';
  });
}
