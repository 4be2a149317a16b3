/** Pure translation of what the kubelet asks for into what Docker is asked for. */
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import type { ContainerSpec, SandboxSpec } from '../runtime.ts';
import { containerLabels, containerName, sandboxLabels, sandboxName } from './labels.ts';
import { PAUSE_IMAGE } from './pause.ts';

/** Upstream's: the sandbox is killed last when memory runs out. */
const SANDBOX_OOM_SCORE = -998;
const MIN_SHARES = 2;
const QUOTA_PERIOD_US = 100_000;
const MIN_QUOTA_US = 1_000;
/** Upstream's containerLogMaxSize and containerLogMaxFiles. */
const LOGS = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } };
const COMMON: HostConfig = { RestartPolicy: { Name: '' }, Init: false };

/** What translation needs to know of the runtime. */
export interface Settings {
  clusterId: string;
  networkName: string;
  /** Where Docker lacks CAP_SYS_RESOURCE it refuses scores below zero. */
  negativeOomScores: boolean;
}

export function sandboxOptions(spec: SandboxSpec, settings: Settings, now: number): ContainerCreateOptions {
  return {
    name: sandboxName(spec),
    Image: PAUSE_IMAGE,
    ...(spec.hostNetwork ? {} : { Hostname: spec.hostname, ExposedPorts: exposedPorts(spec) }),
    Labels: sandboxLabels(spec, settings.clusterId, now),
    HostConfig: {
      ...COMMON,
      NetworkMode: spec.hostNetwork ? 'host' : settings.networkName,
      IpcMode: 'shareable',
      LogConfig: { Type: 'none', Config: {} },
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
      CpuShares: MIN_SHARES,
      OomScoreAdj: oomScore(SANDBOX_OOM_SCORE, settings),
      ...(spec.hostNetwork ? {} : { PortBindings: portBindings(spec) }),
      ...(spec.dns ? { Dns: spec.dns.servers, DnsSearch: spec.dns.searches, DnsOptions: spec.dns.options } : {}),
      ...(spec.sysctls ? { Sysctls: spec.sysctls } : {}),
    },
  };
}

export function containerOptions(spec: ContainerSpec, settings: Settings): ContainerCreateOptions {
  return {
    name: containerName(spec),
    Image: spec.image,
    // Docker drops the image's command once the entrypoint is given, as Kubernetes wants it.
    ...(spec.command.length > 0 ? { Entrypoint: spec.command } : {}),
    ...(spec.args.length > 0 ? { Cmd: spec.args } : {}),
    Env: spec.env.map(({ name, value }) => `${name}=${value}`),
    ...(spec.workingDir ? { WorkingDir: spec.workingDir } : {}),
    ...(spec.security.user === undefined ? {} : { User: spec.security.user }),
    OpenStdin: spec.stdin,
    Tty: spec.tty,
    Labels: containerLabels(spec, settings.clusterId),
    // An image's own health check would run beside the pod's probes.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...COMMON,
      NetworkMode: `container:${spec.sandboxId}`,
      IpcMode: `container:${spec.sandboxId}`,
      LogConfig: LOGS,
      Mounts: spec.mounts.map(({ hostPath, containerPath, readOnly }) => ({
        Type: 'bind',
        Source: hostPath,
        Target: containerPath,
        ReadOnly: readOnly,
      })),
      OomScoreAdj: oomScore(spec.oomScoreAdj, settings),
      Privileged: spec.security.privileged,
      ReadonlyRootfs: spec.security.readOnlyRootFilesystem,
      CapAdd: spec.security.addCapabilities,
      CapDrop: spec.security.dropCapabilities,
      ...limits(spec.resources),
    },
  };
}

/** Shares by upstream's rule: 1024 a core, at least 2; a limit counts as the request where none is given. */
function limits(resources: ContainerSpec['resources']): HostConfig {
  const { cpuRequestMillis, cpuLimitMillis, memoryLimitBytes } = resources;
  const request = cpuRequestMillis ?? cpuLimitMillis ?? 0;
  const out: HostConfig = { CpuShares: Math.max(MIN_SHARES, Math.floor((request * 1024) / 1000)) };
  if (cpuLimitMillis) {
    out.CpuPeriod = QUOTA_PERIOD_US;
    out.CpuQuota = Math.max(MIN_QUOTA_US, Math.floor((cpuLimitMillis * QUOTA_PERIOD_US) / 1000));
  }
  // Swap equal to memory: none, as upstream's NoSwap.
  if (memoryLimitBytes) Object.assign(out, { Memory: memoryLimitBytes, MemorySwap: memoryLimitBytes });
  return out;
}

function oomScore(score: number, { negativeOomScores }: Settings): number {
  return negativeOomScores ? score : Math.max(0, score);
}

function portKey(port: SandboxSpec['ports'][number]): string {
  return `${port.containerPort}/${port.protocol.toLowerCase()}`;
}

function exposedPorts(spec: SandboxSpec): Record<string, object> {
  return Object.fromEntries(spec.ports.filter((port) => port.hostPort).map((port) => [portKey(port), {}]));
}

function portBindings(spec: SandboxSpec): Record<string, { HostIp: string; HostPort: string }[]> {
  const out: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of spec.ports) {
    if (!port.hostPort) continue;
    const binding = { HostIp: port.hostIP ?? '', HostPort: String(port.hostPort) };
    out[portKey(port)] = [...(out[portKey(port)] ?? []), binding];
  }
  return out;
}

/** The text of /etc/resolv.conf. */
export function resolvConf({ servers, searches, options }: NonNullable<SandboxSpec['dns']>): string {
  const lines = servers.map((server) => `nameserver ${server}`);
  if (searches.length > 0) lines.push(`search ${searches.join(' ')}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return `${lines.join('\n')}\n`;
}
