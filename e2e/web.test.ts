/** The main job with real containers, driven by stock kubectl: README's tour, step by step. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1Endpoints, V1Node, V1Pod, V1Service } from '../openapi/generated/types.ts';
import { packageRoot } from '../openapi/generated-file.ts';
import type { KubeList } from '../openapi/object.ts';
import { answersOf, eventually, run, succeed, TestCluster } from './harness.ts';

const EXAMPLE = join(packageRoot(), 'examples', 'web.yaml');
const NODE_PORT = 30080;

describe('a web service on Docker', function () {
  this.timeout(120_000);
  let cluster: TestCluster;

  before(async () => {
    cluster = await TestCluster.create('--node', 'docker');
    await cluster.up();
  });
  after(() => cluster?.destroy());

  const pods = async () => (await cluster.get<KubeList<V1Pod>>('pods', '-l', 'app=web')).items;
  const running = (count: number) =>
    eventually(`${count} pods run and are ready`, async () => {
      const all = await pods();
      const ready = all.filter((pod) =>
        pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      );
      return all.length === count && ready.length === count ? ready : undefined;
    });
  const addresses = async () => {
    const endpoints = await cluster.get<V1Endpoints>('endpoints', 'web');
    return (endpoints.subsets ?? []).flatMap((subset) => (subset.addresses ?? []).map(({ ip }) => ip)).sort();
  };
  const clusterIP = async () => (await cluster.get<V1Service>('service', 'web')).spec?.clusterIP ?? '';
  const rules = () => succeed('iptables-save', ['-t', 'nat']);

  it('says what runs and how to reach it', async () => {
    assert.match(cluster.output, /apiserver ready: https:\/\/127\.0\.0\.1:\d+/);
    assert.match(cluster.output, /kubelet ready: node \S+, docker /);
    assert.match(cluster.output, /proxy ready: iptables/);
    assert.match(cluster.output, new RegExp(`export KUBECONFIG=${cluster.home}/kubeconfig`));
    const { items } = await cluster.get<KubeList<V1Node>>('nodes');
    assert.equal(items.length, 1);
    assert.match(items[0]?.status?.nodeInfo?.containerRuntimeVersion ?? '', /^docker:\/\//);
  });

  it('runs three pods and answers through all of them', async () => {
    assert.match(
      await cluster.kubectl('create', '-f', EXAMPLE),
      /replicationcontroller\/web created\nservice\/web created/,
    );
    const names = (await running(3)).map((pod) => pod.metadata?.name ?? '').sort();
    for (const url of [`http://${await clusterIP()}/`, `http://127.0.0.1:${NODE_PORT}/`]) {
      assert.deepEqual([...(await answersOf(url, 3))].sort(), names, url);
    }
    assert.equal((await cluster.containers()).length, 6, 'a sandbox and a container for each pod');
  });

  it('shows them: get -o wide, describe, logs, events', async () => {
    const wide = await cluster.kubectl('get', 'pods', '-o', 'wide');
    assert.match(
      wide,
      /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\nweb-\w+ +1\/1 +Running +0 /,
    );
    const name = (await pods())[0]?.metadata?.name ?? '';
    assert.match(await cluster.kubectl('logs', name), new RegExp(`${name} listens on port 80`));
    assert.match(await cluster.kubectl('logs', name, '--tail=1', '--timestamps'), /^\d{4}-\d\d-\d\dT/);
    const described = await cluster.kubectl('describe', 'pod', name);
    for (const part of [
      /Status: +Running/,
      /Controlled By: +ReplicationController\/web/,
      /Normal +Scheduled/,
      /Normal +Started/,
    ])
      assert.match(described, part);
    assert.match(await cluster.kubectl('describe', 'service', 'web'), /NodePort: +http +30080\/TCP/);
  });

  it('executes commands: output, input, exit code', async () => {
    const name = (await pods())[0]?.metadata?.name ?? '';
    assert.equal((await cluster.kubectl('exec', name, '--', 'hostname')).trim(), name);
    const failed = await cluster.kubectlRaw('exec', name, '--', 'sh', '-c', 'echo out; echo err >&2; exit 3');
    assert.deepEqual([failed.code, failed.stdout], [3, 'out\n']);
    assert.match(failed.stderr, /^err\n/);
    const echoed = await run('kubectl', ['exec', '-i', name, '--', 'cat'], {
      env: cluster.env,
      input: 'through the pipe\n',
    });
    assert.equal(echoed.stdout, 'through the pipe\n');
  });

  it('follows logs until it is told to stop', async () => {
    const name = (await pods())[0]?.metadata?.name ?? '';
    const child = spawn('kubectl', ['logs', '-f', name], { env: cluster.env });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await eventually('the first lines come', async () => text.includes('listens on port 80'));
    await answersOf(`http://${(await cluster.get<V1Pod>('pod', name)).status?.podIP}/`, 1);
    await eventually('the request shows in the log', async () => /response:200|GET|url/.test(text));
    child.kill('SIGINT');
  });

  it('labels, patches and applies, and a second apply changes nothing', async () => {
    assert.match(await cluster.kubectl('label', 'pods', '-l', 'app=web', 'tier=front'), /pod\/web-\w+ labeled/);
    assert.match(
      await cluster.kubectl('patch', 'rc', 'web', '-p', '{"metadata":{"annotations":{"note":"patched"}}}'),
      /patched/,
    );
    await cluster.kubectl('apply', '-f', EXAMPLE);
    assert.equal(
      await cluster.kubectl('apply', '-f', EXAMPLE),
      'replicationcontroller/web unchanged\nservice/web unchanged\n',
    );
  });

  it('restarts a container that was killed, and counts it', async () => {
    const victim = (await cluster.containers()).find(({ name }) => name.startsWith('k8s_httpd_'));
    const podName = victim?.name.split('_')[2] ?? '';
    await succeed('docker', ['kill', victim?.id ?? '']);
    await eventually('the container is back', async () => {
      const status = (await cluster.get<V1Pod>('pod', podName)).status?.containerStatuses?.[0];
      return status?.restartCount === 1 && status.ready && status.lastState?.terminated?.exitCode === 137;
    });
    assert.match(await cluster.kubectl('logs', podName, '--previous'), /listens on port 80/);
  });

  it('replaces a pod that was deleted', async () => {
    const gone = (await pods())[0]?.metadata?.name ?? '';
    await cluster.kubectl('delete', 'pod', gone);
    const names = (await running(3)).map((pod) => pod.metadata?.name ?? '').sort();
    assert.ok(!names.includes(gone));
    assert.deepEqual([...(await answersOf(`http://${await clusterIP()}/`, 3))].sort(), names);
  });

  it('shows changes as they come: get -w', async () => {
    const child = spawn('kubectl', ['get', 'pods', '-l', 'app=web', '-w'], { env: cluster.env });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await eventually('the present state comes', async () => (text.match(/Running/g) ?? []).length >= 3);
    await cluster.kubectl('scale', 'rc', 'web', '--replicas=4');
    await eventually(
      'the new pod is seen from Pending to Running',
      async () =>
        /Pending[\s\S]*ContainerCreating[\s\S]*1\/1 +Running/.test(text.slice(text.lastIndexOf('Pending'))) ||
        /Pending/.test(text),
    );
    await running(4);
    child.kill('SIGINT');
  });

  it('scales down: the pod leaves Docker, Endpoints and iptables', async () => {
    await cluster.kubectl('scale', 'rc', 'web', '--replicas=1');
    const [left] = await running(1);
    await eventually('Docker runs one pod', async () => (await cluster.containers()).length === 2);
    const ip = left?.status?.podIP ?? '';
    await eventually('Endpoints name one address', async () => (await addresses()).join() === ip);
    await eventually('iptables leads to one address', async () => {
      const targets = new Set([...(await rules()).matchAll(/--to-destination ([\d.]+):80/g)].map((match) => match[1]));
      return targets.size === 1 && targets.has(ip);
    });
  });

  it('stops cleanly, and continues where it was without a restart', async () => {
    const before = await cluster.containers();
    const [pod] = await running(1);
    assert.equal(await cluster.stop('SIGINT'), 0, cluster.output);
    assert.deepEqual(await cluster.containers(), before, 'containers run on without us');
    await cluster.up();
    const [again] = await running(1);
    assert.equal(again?.metadata?.uid, pod?.metadata?.uid);
    assert.equal(
      again?.status?.containerStatuses?.[0]?.restartCount,
      pod?.status?.containerStatuses?.[0]?.restartCount,
    );
    assert.deepEqual(await cluster.containers(), before);
    await answersOf(`http://${await clusterIP()}/`, 1);
  });

  it('deletes, and nothing of it is left', async () => {
    await cluster.kubectl('delete', '-f', EXAMPLE);
    await eventually('no pod is left', async () => (await pods()).length === 0);
    await eventually('no container is left', async () => (await cluster.containers()).length === 0);
    await eventually('no rule is left', async () => !(await rules()).includes('default/web'));
  });

  it('goes down without a trace', async () => {
    await cluster.kubectl('create', '-f', EXAMPLE);
    await running(3);
    const result = await cluster.kubets('down');
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(await cluster.containers(), []);
    assert.doesNotMatch(await succeed('iptables-save', []), /KUBE-/);
    await eventually('the process is gone', async () => (await cluster.stop('SIGKILL')) === null);
    assert.equal(await succeed('docker', ['network', 'ls', '-q', '--filter', 'name=^kubets$']), '');
    assert.match(await readFile(join(cluster.home, 'kubeconfig'), 'utf8'), /token/);
  });
});
