/** What the parts of one kubelet share. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { V1Pod, V1Service } from '../../openapi/generated/types.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { Backoff } from './backoff.ts';
import type { ConfigSource } from './config-source.ts';
import type { DownwardFacts } from './downward.ts';
import type { Images } from './images.ts';
import { fieldPathOf, referenceTo } from './names.ts';
import type { ProbeManager } from './probes.ts';
import type { StatusWriter } from './status-writer.ts';
import type { TokenSource } from './token-source.ts';

export interface KubeletDeps {
  client: Client;
  runtime: ContainerRuntime;
  clock: Clock;
  random: Random;
  log: Log;
  recorder: EventRecorder;
  nodeName: string;
  nodeIP: string;
  rootDir: string;
  clusterDNS: readonly string[];
  clusterDomain: string;
  allocatable: DownwardFacts['allocatable'];
  images: Images;
  config: ConfigSource;
  tokens: TokenSource;
  status: StatusWriter;
  probes: ProbeManager;
  /** Restarts of crashing containers. */
  restarts: Backoff;
  /** Resolves with all services once they are known. */
  services(): Promise<readonly V1Service[]>;
}

/** An Event about a pod, or about one of its containers. */
export function podEvent(
  deps: Pick<KubeletDeps, 'recorder'>,
  pod: V1Pod,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  container?: string,
): void {
  const path = container === undefined ? undefined : fieldPathOf(pod, container);
  deps.recorder.event(referenceTo(pod), type, reason, message, path);
}

export function factsFor(deps: KubeletDeps, podIP: string): DownwardFacts {
  return { nodeName: deps.nodeName, hostIP: deps.nodeIP, podIP, allocatable: deps.allocatable };
}
