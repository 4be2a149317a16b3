import assert from 'node:assert/strict';
import type { ContainerSpec, SandboxSpec } from '../runtime.ts';
import { containerOptions, resolvConf, sandboxOptions } from './spec.ts';

const settings = { clusterId: 'c1', networkName: 'net', negativeOomScores: true };
const pod = { uid: 'u-1', namespace: 'default', name: 'web-0' };
const sandbox: SandboxSpec = { pod, hostname: 'web-0', hostNetwork: false, attempt: 2, ports: [] };
const container: ContainerSpec = {
  pod,
  sandboxId: 's1',
  name: 'app',
  attempt: 3,
  image: 'image:1',
  command: [],
  args: [],
  env: [],
  stdin: false,
  tty: false,
  mounts: [],
  resources: {},
  oomScoreAdj: 0,
  security: { privileged: false, readOnlyRootFilesystem: false, addCapabilities: [], dropCapabilities: [] },
  labels: {},
};

describe('What Docker is asked for', () => {
  it('names containers and labels them as Kubernetes does, with the cluster', () => {
    const holder = sandboxOptions(sandbox, settings, 1234);
    assert.equal(holder.name, 'k8s_POD_web-0_default_u-1_2');
    assert.deepEqual(holder.Labels, {
      'io.kubets.cluster': 'c1',
      'io.kubets.attempt': '2',
      'io.kubets.created-at': '1234',
      'io.kubernetes.pod.name': 'web-0',
      'io.kubernetes.pod.namespace': 'default',
      'io.kubernetes.pod.uid': 'u-1',
      'io.kubernetes.container.name': 'POD',
      'io.kubernetes.docker.type': 'podsandbox',
    });
    const app = containerOptions({ ...container, labels: { mine: '1', 'io.kubets.cluster': 'forged' } }, settings);
    assert.equal(app.name, 'k8s_app_web-0_default_u-1_3');
    assert.equal(app.Labels?.mine, '1');
    assert.equal(app.Labels?.['io.kubets.cluster'], 'c1');
    assert.equal(app.Labels?.['io.kubernetes.docker.type'], 'container');
    assert.equal(app.Labels?.['io.kubernetes.sandbox.id'], 's1');
  });

  it('joins containers to the network and IPC namespaces of their sandbox', () => {
    const { HostConfig: host } = containerOptions(container, settings);
    assert.equal(host?.NetworkMode, 'container:s1');
    assert.equal(host?.IpcMode, 'container:s1');
  });

  it('publishes host ports on the sandbox, and only those', () => {
    const ports: SandboxSpec['ports'] = [
      { protocol: 'TCP', containerPort: 80, hostPort: 8080 },
      { protocol: 'TCP', containerPort: 80, hostPort: 8081, hostIP: '127.0.0.1' },
      { protocol: 'UDP', containerPort: 53 },
    ];
    const options = sandboxOptions({ ...sandbox, ports }, settings, 0);
    assert.deepEqual(options.ExposedPorts, { '80/tcp': {} });
    assert.deepEqual(options.HostConfig?.PortBindings, {
      '80/tcp': [
        { HostIp: '', HostPort: '8080' },
        { HostIp: '127.0.0.1', HostPort: '8081' },
      ],
    });
    const onHost = sandboxOptions({ ...sandbox, ports, hostNetwork: true }, settings, 0);
    assert.equal(onHost.HostConfig?.NetworkMode, 'host');
    assert.equal(onHost.HostConfig?.PortBindings, undefined);
    assert.equal(onHost.Hostname, undefined);
  });

  it('overrides the entrypoint with the command and the command with the arguments, each only where given', () => {
    const plain = containerOptions(container, settings);
    assert.deepEqual([plain.Entrypoint, plain.Cmd], [undefined, undefined]);
    const args = containerOptions({ ...container, args: ['a'] }, settings);
    assert.deepEqual([args.Entrypoint, args.Cmd], [undefined, ['a']]);
    const command = containerOptions({ ...container, command: ['c'] }, settings);
    assert.deepEqual([command.Entrypoint, command.Cmd], [['c'], undefined]);
  });

  const cpu: [ContainerSpec['resources'], { CpuShares: number; CpuQuota?: number }][] = [
    [{}, { CpuShares: 2 }],
    [{ cpuRequestMillis: 1 }, { CpuShares: 2 }],
    [{ cpuRequestMillis: 250 }, { CpuShares: 256 }],
    [{ cpuLimitMillis: 500 }, { CpuShares: 512, CpuQuota: 50_000 }],
    [
      { cpuRequestMillis: 100, cpuLimitMillis: 5 },
      { CpuShares: 102, CpuQuota: 1_000 },
    ],
  ];
  for (const [resources, wanted] of cpu) {
    it(`turns ${JSON.stringify(resources)} into ${JSON.stringify(wanted)}`, () => {
      const { HostConfig: host } = containerOptions({ ...container, resources }, settings);
      assert.deepEqual({ CpuShares: host?.CpuShares, CpuQuota: host?.CpuQuota }, { CpuQuota: undefined, ...wanted });
    });
  }

  it('limits memory without swap', () => {
    const { HostConfig: host } = containerOptions({ ...container, resources: { memoryLimitBytes: 2 ** 20 } }, settings);
    assert.deepEqual([host?.Memory, host?.MemorySwap], [2 ** 20, 2 ** 20]);
  });

  it('asks for negative OOM scores only where Docker grants them', () => {
    const score = (oomScoreAdj: number, negativeOomScores: boolean) =>
      containerOptions({ ...container, oomScoreAdj }, { ...settings, negativeOomScores }).HostConfig?.OomScoreAdj;
    assert.deepEqual([score(-997, true), score(-997, false), score(500, false)], [-997, 0, 500]);
  });

  it('passes on what the security context says', () => {
    const security = {
      privileged: true,
      user: '1000:2000',
      readOnlyRootFilesystem: true,
      addCapabilities: ['NET_ADMIN'],
      dropCapabilities: ['ALL'],
    };
    const options = containerOptions({ ...container, security }, settings);
    assert.equal(options.User, '1000:2000');
    const { Privileged, ReadonlyRootfs, CapAdd, CapDrop } = options.HostConfig ?? {};
    assert.deepEqual([Privileged, ReadonlyRootfs, CapAdd, CapDrop], [true, true, ['NET_ADMIN'], ['ALL']]);
  });

  it('writes resolv.conf as the kubelet does', () => {
    assert.equal(
      resolvConf({ servers: ['10.96.0.10'], searches: ['default.svc.cluster.local', 'svc'], options: ['ndots:5'] }),
      'nameserver 10.96.0.10\nsearch default.svc.cluster.local svc\noptions ndots:5\n',
    );
    assert.equal(
      resolvConf({ servers: ['1.1.1.1', '8.8.8.8'], searches: [], options: [] }),
      'nameserver 1.1.1.1\nnameserver 8.8.8.8\n',
    );
  });
});
