/** Fills a store with pods, faster than through an API server: each is one that a server made, under another name. */
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { homeAt } from '../cmd/home.ts';
import { openStore } from '../cmd/store-flags.ts';
import type { Client } from './client.ts';

/** How many pods, in how many namespaces besides the one of `CROWD`. */
export interface Population {
  pods: number;
  namespaces: number;
}

/** So many pods are selected by a label, and are in a namespace by themselves, however many there are in all. */
export const CONSTANT = 100;
/** Their namespace. */
export const CROWD = 'crowd';
const AT_ONCE = 2_000;
const TEMPLATE = 'template';

export const namespaceName = (i: number) => `team-${i}`;
export const podName = (i: number) => `web-${String(i).padStart(6, '0')}`;
/** Where pod `i` is: one after the other in each namespace. */
export const podPath = (i: number, { namespaces }: Population) =>
  `/api/v1/namespaces/${namespaceName(i % namespaces)}/pods/${podName(i)}`;

/** A pod as people write it: a container with probes, resources and an environment. */
export function newPod(name: string): object {
  const probe = { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 5 };
  const container = {
    name: 'app',
    image: 'registry.example.com/team/app:v1.2.3',
    args: ['--port=8080', '--log-level=info'],
    ports: [{ name: 'http', containerPort: 8080 }],
    env: [
      { name: 'REGION', value: 'eu-west-1' },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
    livenessProbe: probe,
    readinessProbe: probe,
  };
  const labels = { app: 'web', tier: 'backend', 'pod-template-hash': '6d4b75cb6d', group: 'most' };
  const spec = { schedulerName: 'none', automountServiceAccountToken: false, containers: [container] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels }, spec };
}

interface Served {
  metadata: { name: string; namespace?: string; uid: string; resourceVersion?: string; labels?: object };
}

/** What the server makes of a namespace, its service account and a pod. */
export interface Templates {
  namespace: Served;
  account: Served;
  pod: Served;
}

export async function templatesOf(client: Client): Promise<Templates> {
  const path = `/api/v1/namespaces/${TEMPLATE}`;
  const made = (at: string, object: object) => client.json('POST', at, object) as Promise<Served>;
  const namespace = await made('/api/v1/namespaces', { metadata: { name: TEMPLATE } });
  const account = await made(`${path}/serviceaccounts`, { metadata: { name: 'default' } });
  return { namespace, account, pod: await made(`${path}/pods`, newPod(podName(0))) };
}

/** Writes the population into the store below a state folder, which no server uses meanwhile. */
export async function populate(home: string, templates: Templates, population: Population): Promise<void> {
  const storage = await openStore(homeAt(home).store, {}, systemClock, silentLog);
  try {
    let writes: Promise<number>[] = [];
    for (const [key, object] of objectsOf(templates, population)) {
      writes.push(storage.create(key, Buffer.from(JSON.stringify(object))));
      if (writes.length < AT_ONCE) continue;
      await Promise.all(writes);
      writes = [];
    }
    await Promise.all(writes);
  } finally {
    await storage.close();
  }
}

function* objectsOf({ namespace, account, pod }: Templates, population: Population): Generator<[string, object]> {
  const { pods, namespaces } = population;
  const names = [CROWD, ...Array.from({ length: namespaces }, (_, i) => namespaceName(i))];
  for (const name of names) {
    yield [`/registry/namespaces/${name}`, as(namespace, { name, labels: { 'kubernetes.io/metadata.name': name } })];
    yield [`/registry/serviceaccounts/${name}/default`, as(account, { name: 'default', namespace: name })];
  }
  for (let i = 0; i < pods - CONSTANT; i++) {
    const at = { name: podName(i), namespace: namespaceName(i % namespaces) };
    yield [`/registry/pods/${at.namespace}/${at.name}`, as(pod, at)];
  }
  for (let i = 0; i < CONSTANT; i++) {
    const at = { name: podName(i), namespace: CROWD, labels: { ...pod.metadata.labels, group: 'few' } };
    yield [`/registry/pods/${CROWD}/${at.name}`, as(pod, at)];
  }
}

let uids = 0;

/** The same object elsewhere: without a resourceVersion, which the store gives it, and with a uid of its own. */
function as(made: Served, changed: { name: string; namespace?: string; labels?: object }): object {
  const { resourceVersion: _, ...metadata } = made.metadata;
  const uid = `${made.metadata.uid.slice(0, -8)}${String(uids++).padStart(8, '0')}`;
  const { kind, apiVersion, ...rest } = made as Served & { kind: string; apiVersion: string };
  return { kind, apiVersion, ...rest, metadata: { ...metadata, ...changed, uid } };
}
