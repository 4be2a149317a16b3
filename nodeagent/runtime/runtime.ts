/**
 * What the kubelet needs of a container runtime, in the terms of Kubernetes' CRI: sandboxes that hold a pod's network,
 * containers within them, images. Implementations: `docker/`, `simulated/`. The runtime keeps the labels and gives them
 * back: they are how the kubelet finds its pods again after a crash.
 */
import type { Readable, Writable } from 'node:stream';

export interface PodIdentity {
  uid: string;
  namespace: string;
  name: string;
}

export interface SandboxSpec {
  pod: PodIdentity;
  hostname: string;
  hostNetwork: boolean;
  /** Counts up each time the sandbox has to be made anew. */
  attempt: number;
  ports: { protocol: 'TCP' | 'UDP' | 'SCTP'; containerPort: number; hostPort?: number; hostIP?: string }[];
  /** Lines of the pod's /etc/resolv.conf settings; the runtime's own when absent. */
  dns?: { servers: string[]; searches: string[]; options: string[] };
  sysctls?: Record<string, string>;
  /** The pod's. */
  annotations?: Record<string, string>;
}

export interface ContainerSpec {
  pod: PodIdentity;
  sandboxId: string;
  name: string;
  attempt: number;
  /** Whether it is an init container that does its work and exits; absent: no. */
  init?: boolean;
  image: string;
  /** Overrides the image's entrypoint and command, each when not empty. */
  command: string[];
  args: string[];
  env: { name: string; value: string }[];
  workingDir?: string;
  stdin: boolean;
  tty: boolean;
  mounts: { hostPath: string; containerPath: string; readOnly: boolean }[];
  /** Millicores: `requests` as shares, `limits` as a hard quota. Bytes. */
  resources: { cpuRequestMillis?: number; cpuLimitMillis?: number; memoryLimitBytes?: number };
  /** -1000 to 1000. */
  oomScoreAdj: number;
  security: {
    privileged: boolean;
    user?: string;
    readOnlyRootFilesystem: boolean;
    addCapabilities: string[];
    dropCapabilities: string[];
  };
  /** Any more that must come back from `list`. Hash of the container's spec, restart count, grace period. */
  labels: Record<string, string>;
}

export type ContainerState = 'created' | 'running' | 'exited';

export interface ContainerRecord {
  id: string;
  pod: PodIdentity;
  name: string;
  attempt: number;
  state: ContainerState;
  image: string;
  imageId: string;
  /** Milliseconds since the epoch; absent where it has not happened. */
  createdAt: number;
  startedAt?: number;
  finishedAt?: number;
  exitCode?: number;
  oomKilled?: boolean;
  /** The runtime's own words, for example why a start failed. */
  message?: string;
  /** False where the runtime itself knows that it is not ready; absent: probes alone decide. */
  ready?: boolean;
  labels: Record<string, string>;
}

export interface SandboxRecord {
  id: string;
  pod: PodIdentity;
  attempt: number;
  ready: boolean;
  createdAt: number;
  /** Absent for host network and for a sandbox that is not running. */
  ip?: string;
}

export interface PodRecord {
  pod: PodIdentity;
  /** Newest first. */
  sandboxes: SandboxRecord[];
  /** All containers of the pod, newest first. */
  containers: ContainerRecord[];
}

/** What something has used: CPU since it began, memory that could not be reclaimed now. */
export interface Usage {
  /** When it was measured, milliseconds since the epoch. */
  at: number;
  cpuNanos: number;
  memoryBytes: number;
}

/** Of a container that runs. */
export interface ContainerUsage extends Usage {
  pod: PodIdentity;
  name: string;
  id: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

export interface NodeUsage {
  /** The whole machine, what is not ours included. */
  node: Usage;
  containers: ContainerUsage[];
}

export interface ImageRecord {
  id: string;
  names: string[];
  sizeBytes: number;
}

export interface LogOptions {
  follow: boolean;
  tailLines?: number;
  /** Only lines at or after this time, milliseconds since the epoch. */
  since?: number;
  /** Each line begins with its RFC 3339 time in nanoseconds and a space. */
  timestamps: boolean;
  signal: AbortSignal;
}

export interface ExecOptions {
  command: string[];
  tty: boolean;
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  /** Terminal sizes as they change. */
  resize?: AsyncIterable<{ width: number; height: number }>;
  signal: AbortSignal;
}

/** Thrown by image operations; `reason` becomes the container's waiting reason. */
export class ImageError extends Error {
  readonly reason: 'ErrImagePull' | 'ErrImageNeverPull' | 'InvalidImageName' | 'ImageInspectError';

  constructor(reason: ImageError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ImageError';
    this.reason = reason;
  }
}

export interface ContainerRuntime {
  /** `docker`, `simulated`. */
  readonly name: string;
  /** Rejects, saying what to do, when the runtime cannot be reached. */
  version(): Promise<{ version: string; operatingSystem: string; kernelVersion: string }>;
  capacity(): Promise<{ cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number }>;

  /** Makes and starts a sandbox; resolves with its id and address. May give up when the signal aborts. */
  runSandbox(spec: SandboxSpec, signal?: AbortSignal): Promise<SandboxRecord>;
  /** Tells of the pod's annotations when they have changed, where a runtime heeds them. */
  annotate?(uid: string, annotations: Readonly<Record<string, string>>): void;
  /** Kills what is left in it and removes it with all its containers. Succeeds when it is already gone. */
  removeSandbox(id: string): Promise<void>;

  createContainer(spec: ContainerSpec): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** SIGTERM, then SIGKILL after `graceSeconds`. Resolves when it has exited; succeeds when it already had. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;

  /** Every pod of this node, from the runtime's own records. */
  list(): Promise<PodRecord[]>;
  get(uid: string): Promise<PodRecord | undefined>;
  /** The uid of a pod each time one of its containers or sandboxes started, died or went. Ends when the signal aborts. */
  events(signal: AbortSignal): AsyncIterable<string>;

  /** What runs uses, measured now; absent where nothing is measured. */
  usage?(): Promise<NodeUsage>;

  /** Resolves with the image's id, or `undefined` when it is not here. */
  imageStatus(image: string): Promise<ImageRecord | undefined>;
  pullImage(image: string, signal: AbortSignal): Promise<void>;
  listImages(): Promise<ImageRecord[]>;

  /** Writes the container's output so far (and on, with `follow`) to `stdout` and `stderr`; resolves at its end. */
  logs(id: string, options: LogOptions, stdout: Writable, stderr: Writable): Promise<void>;
  /** Resolves with the exit code. */
  exec(id: string, options: ExecOptions): Promise<number>;
  /** Whether a probe of the container succeeds, where the runtime answers for it because there is nobody to be asked. */
  probe?(id: string): boolean;
  close(): Promise<void>;
}
