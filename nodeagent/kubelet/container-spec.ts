/** A container of a pod in the runtime's terms. */
import { readFile, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { quantityMillis, quantityUnits } from '../../base/quantity.ts';
import type { V1Container, V1Pod } from '../../openapi/generated/types.ts';
import type { ContainerSpec, SandboxRecord, SandboxSpec } from '../runtime/runtime.ts';
import { factsFor, type KubeletDeps } from './deps.ts';
import { environmentOf, expand } from './env.ts';
import { dnsOf, hostNetworkHostsFile, hostnameOf, hostsFile } from './hosts.ts';
import { messageFile } from './messages.ts';
import {
  containerHash,
  containersOf,
  defined,
  GRACE_LABEL,
  HASH_LABEL,
  identityOf,
  isSidecar,
  MESSAGE_PATH_LABEL,
  MESSAGE_POLICY_LABEL,
  podText,
  RESTART_COUNT_LABEL,
  SANDBOX_LABEL,
} from './names.ts';
import { oomScoreAdjOf } from './qos.ts';
import { makeMessageFile, podDirectory, subPathOf } from './volumes.ts';
import { isReadOnlyClaim } from './volumes-claims.ts';

export function sandboxSpecOf(
  pod: V1Pod,
  attempt: number,
  deps: Pick<KubeletDeps, 'clusterDNS' | 'clusterDomain' | 'nodeName'>,
): SandboxSpec {
  const hostNetwork = pod.spec?.hostNetwork === true;
  const dns = dnsOf(pod, deps.clusterDNS, deps.clusterDomain);
  const sysctls = pod.spec?.securityContext?.sysctls;
  return {
    pod: identityOf(pod),
    hostname: hostNetwork ? deps.nodeName : hostnameOf(pod),
    hostNetwork,
    attempt,
    ports: containersOf(pod).flatMap(({ container }) =>
      (container.ports ?? []).map(({ protocol = 'TCP', containerPort, hostPort, hostIP }) =>
        defined({ protocol: protocol as 'TCP' | 'UDP' | 'SCTP', containerPort, hostPort, hostIP }),
      ),
    ) as SandboxSpec['ports'],
    ...(dns ? { dns } : {}),
    ...(sysctls ? { sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [name, value])) } : {}),
    ...(pod.metadata?.annotations ? { annotations: pod.metadata.annotations } : {}),
  };
}

export interface ContainerContext {
  pod: V1Pod;
  container: V1Container;
  sandbox: SandboxRecord;
  restartCount: number;
  /** The reference to start from, tag included. */
  image: string;
  /** Host paths of the pod's volumes by name. */
  volumes: ReadonlyMap<string, string>;
}

/** Everything the runtime needs; writes the files it mounts. Rejects with why the spec cannot be met. */
export async function containerSpecOf(context: ContainerContext, deps: KubeletDeps): Promise<ContainerSpec> {
  const { pod, container, sandbox, restartCount, image } = context;
  const podIP = sandbox.ip ?? (pod.spec?.hostNetwork ? deps.nodeIP : '');
  const env = await environmentOf(pod, container, {
    config: deps.config,
    services: await deps.services(),
    facts: factsFor(deps, podIP),
  });
  return {
    pod: identityOf(pod),
    sandboxId: sandbox.id,
    name: container.name,
    attempt: restartCount,
    ...(isInit(pod, container) ? { init: true } : {}),
    image,
    command: (container.command ?? []).map((word) => expand(word, env)),
    args: (container.args ?? []).map((word) => expand(word, env)),
    env: [...env].map(([name, value]) => ({ name, value })),
    ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    stdin: container.stdin === true,
    tty: container.tty === true,
    mounts: await mountsOf(context, env, podIP, deps),
    resources: resourcesOf(container),
    oomScoreAdj: oomScoreAdjOf(pod, container, deps.allocatable.memoryBytes),
    security: securityOf(pod, container),
    labels: labelsOf(pod, container, sandbox, restartCount),
  };
}

function isInit(pod: V1Pod, container: V1Container): boolean {
  return !isSidecar(container) && (pod.spec?.initContainers ?? []).some(({ name }) => name === container.name);
}

function labelsOf(pod: V1Pod, container: V1Container, sandbox: SandboxRecord, restartCount: number) {
  return {
    [HASH_LABEL]: containerHash(container),
    [RESTART_COUNT_LABEL]: String(restartCount),
    [MESSAGE_PATH_LABEL]: messagePathOf(container),
    [MESSAGE_POLICY_LABEL]: container.terminationMessagePolicy ?? 'File',
    [GRACE_LABEL]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    [SANDBOX_LABEL]: sandbox.id,
  };
}

function messagePathOf(container: V1Container): string {
  return container.terminationMessagePath ?? '/dev/termination-log';
}

async function mountsOf(
  { pod, container, volumes, restartCount }: ContainerContext,
  env: ReadonlyMap<string, string>,
  podIP: string,
  deps: KubeletDeps,
): Promise<ContainerSpec['mounts']> {
  const mounts: ContainerSpec['mounts'] = [];
  for (const { name, mountPath, readOnly, subPath, subPathExpr } of container.volumeMounts ?? []) {
    const volume = volumes.get(name);
    if (volume === undefined) throw new Error(`volume mount ${name} not found`);
    const inner = subPathExpr ? expand(subPathExpr, env) : subPath;
    const hostPath = inner ? await subPathOf(volume, inner) : volume;
    const containerPath = mountPath.startsWith('/') ? mountPath : posix.join('/', mountPath);
    mounts.push({ hostPath, containerPath, readOnly: readOnly === true || isReadOnlyClaim(pod, name) });
  }
  const { uid } = identityOf(pod);
  if (podIP && !mounts.some(({ containerPath }) => containerPath === '/etc/hosts')) {
    mounts.push({ hostPath: await writeHosts(pod, podIP, deps), containerPath: '/etc/hosts', readOnly: false });
  }
  const message = messageFile(deps.rootDir, uid, container.name, restartCount);
  await makeMessageFile(message);
  mounts.push({ hostPath: message, containerPath: messagePathOf(container), readOnly: false });
  return mounts;
}

async function writeHosts(pod: V1Pod, podIP: string, deps: KubeletDeps): Promise<string> {
  const path = join(podDirectory(deps.rootDir, identityOf(pod).uid), 'etc-hosts');
  const content = pod.spec?.hostNetwork
    ? hostNetworkHostsFile(pod, await readFile('/etc/hosts', 'utf8').catch(() => '127.0.0.1\tlocalhost\n'))
    : hostsFile(pod, podIP, deps.clusterDomain);
  // Written in place: running containers have this very file mounted.
  await writeFile(path, content, { mode: 0o644 });
  return path;
}

function resourcesOf(container: V1Container): ContainerSpec['resources'] {
  const { requests, limits } = container.resources ?? {};
  const cpuRequest = requests?.cpu ?? limits?.cpu;
  return {
    ...(cpuRequest ? { cpuRequestMillis: quantityMillis(cpuRequest) } : {}),
    ...(limits?.cpu ? { cpuLimitMillis: quantityMillis(limits.cpu) } : {}),
    ...(limits?.memory ? { memoryLimitBytes: quantityUnits(limits.memory) } : {}),
  };
}

function securityOf(pod: V1Pod, container: V1Container): ContainerSpec['security'] {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const uid = own.runAsUser ?? shared.runAsUser;
  const gid = own.runAsGroup ?? shared.runAsGroup;
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) && uid === 0) {
    throw new Error(
      `container's runAsUser breaks non-root policy (pod: "${podText(pod)}", container: ${container.name})`,
    );
  }
  const user =
    uid === undefined ? (gid === undefined ? undefined : `0:${gid}`) : `${uid}${gid === undefined ? '' : `:${gid}`}`;
  return {
    privileged: own.privileged === true,
    ...(user === undefined ? {} : { user }),
    readOnlyRootFilesystem: own.readOnlyRootFilesystem === true,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
  };
}
