/** The volumes of a pod, on this machine's disk. */
import { chmod, mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, messageOf } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type {
  V1DownwardAPIVolumeFile,
  V1HostPathVolumeSource,
  V1KeyToPath,
  V1Pod,
  V1Volume,
  V1VolumeProjection,
} from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ConfigData, ConfigSource } from './config-source.ts';
import { type DownwardFacts, fieldValue, resourceValue } from './downward.ts';
import { identityOf } from './names.ts';
import { tokenFile } from './token-file.ts';
import type { TokenSource } from './token-source.ts';
import { type VolumeFile, writeVolumeFiles } from './volume-files.ts';
import { type ClaimVolumes, claimNameOf, claimPath } from './volumes-claims.ts';

export interface VolumeSources {
  rootDir: string;
  config: Pick<ConfigSource, 'configMap' | 'secret'>;
  claims: ClaimVolumes;
  tokens: Pick<TokenSource, 'token'>;
  random: Random;
  facts: DownwardFacts;
  /** Told of what a volume lacks though the pod may run. */
  warn(message: string): void;
}

const DEFAULT_MODE = 0o644;

export function podDirectory(rootDir: string, uid: string): string {
  return join(rootDir, 'pods', uid);
}

/** Makes every volume of the pod, or brings it up to date. Resolves with the host's path of each; rejects with why not. */
export async function prepareVolumes(pod: V1Pod, sources: VolumeSources): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const volume of pod.spec?.volumes ?? []) {
    try {
      paths.set(volume.name, await prepareVolume(pod, volume, sources));
    } catch (error) {
      throw new Error(`MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(error)}`);
    }
  }
  return paths;
}

async function prepareVolume(pod: V1Pod, volume: V1Volume, sources: VolumeSources): Promise<string> {
  if (volume.hostPath) {
    await checkHostPath(volume.hostPath);
    return volume.hostPath.path;
  }
  const claimName = claimNameOf(pod, volume);
  if (claimName !== undefined) return claimPath(pod, volume, claimName, { ...sources, checkHostPath });
  const plugin = pluginOf(volume);
  if (!plugin) throw new Error('no volume plugin matched');
  const { uid } = identityOf(pod);
  const directory = join(podDirectory(sources.rootDir, uid), 'volumes', `kubernetes.io~${plugin}`, volume.name);
  if (volume.emptyDir) {
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o777);
    return directory;
  }
  await writeVolumeFiles(directory, await filesOf(pod, volume, sources), sources.random);
  return directory;
}

function pluginOf(volume: V1Volume): string | undefined {
  if (volume.emptyDir) return 'empty-dir';
  if (volume.configMap) return 'configmap';
  if (volume.secret) return 'secret';
  if (volume.downwardAPI) return 'downward-api';
  return volume.projected ? 'projected' : undefined;
}

function filesOf(pod: V1Pod, volume: V1Volume, sources: VolumeSources): Promise<Map<string, VolumeFile>> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return projectionFiles(pod, volume.name, { configMap }, configMap.defaultMode, sources);
  if (secret) {
    const { secretName, ...rest } = secret;
    const projection = { secret: { ...rest, ...(secretName ? { name: secretName } : {}) } };
    return projectionFiles(pod, volume.name, projection, secret.defaultMode, sources);
  }
  if (downwardAPI) return projectionFiles(pod, volume.name, { downwardAPI }, downwardAPI.defaultMode, sources);
  return projectedFiles(pod, volume.name, projected?.sources ?? [], projected?.defaultMode, sources);
}

async function projectedFiles(
  pod: V1Pod,
  volume: string,
  projections: V1VolumeProjection[],
  mode: number | undefined,
  sources: VolumeSources,
): Promise<Map<string, VolumeFile>> {
  const parts = await Promise.allSettled(
    projections.map((projection) => projectionFiles(pod, volume, projection, mode, sources)),
  );
  const failures = parts.flatMap((part) => (part.status === 'rejected' ? [messageOf(part.reason)] : []));
  if (failures.length > 0) throw new Error(failures.length > 1 ? `[${failures.join(', ')}]` : failures[0]);
  return new Map(parts.flatMap((part) => (part.status === 'fulfilled' ? [...part.value] : [])));
}

async function projectionFiles(
  pod: V1Pod,
  volume: string,
  projection: V1VolumeProjection,
  defaultMode = DEFAULT_MODE,
  sources: VolumeSources,
): Promise<Map<string, VolumeFile>> {
  const { namespace } = identityOf(pod);
  const { configMap, secret, downwardAPI, serviceAccountToken } = projection;
  if (configMap) {
    const data = await readConfig(configMap.optional, () => sources.config.configMap(namespace, configMap.name ?? ''));
    return keyedFiles(data, configMap.items, defaultMode, configMap.optional);
  }
  if (secret) {
    const data = await readConfig(secret.optional, () => sources.config.secret(namespace, secret.name ?? ''));
    return keyedFiles(data, secret.items, defaultMode, secret.optional);
  }
  if (downwardAPI) return downwardFiles(pod, downwardAPI.items ?? [], defaultMode, sources.facts);
  if (serviceAccountToken) {
    const content = await sources.tokens.token(pod, serviceAccountToken);
    return new Map([[serviceAccountToken.path, tokenFile(pod, content, defaultMode)]]);
  }
  const kind = Object.keys(projection)[0] ?? 'empty';
  sources.warn(`volume "${volume}" is without its ${kind}: this kubelet cannot make one`);
  return new Map();
}

async function readConfig(optional: boolean | undefined, read: () => Promise<ConfigData>): Promise<ConfigData> {
  try {
    return await read();
  } catch (error) {
    if (optional && isStatus(error, 'NotFound')) return new Map();
    throw error;
  }
}

function keyedFiles(
  data: ConfigData,
  items: V1KeyToPath[] | undefined,
  defaultMode: number,
  optional: boolean | undefined,
): Map<string, VolumeFile> {
  const files = new Map<string, VolumeFile>();
  if (!items?.length) {
    for (const [key, content] of data) files.set(key, { content, mode: defaultMode });
    return files;
  }
  for (const { key, path, mode } of items) {
    const content = data.get(key);
    if (content) files.set(path, { content, mode: mode ?? defaultMode });
    else if (!optional) throw new Error(`references non-existent config key: ${key}`);
  }
  return files;
}

function downwardFiles(
  pod: V1Pod,
  items: V1DownwardAPIVolumeFile[],
  defaultMode: number,
  facts: DownwardFacts,
): Map<string, VolumeFile> {
  const files = new Map<string, VolumeFile>();
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    let text = '';
    if (fieldRef) text = fieldValue(pod, fieldRef.fieldPath, facts);
    else if (resourceFieldRef) text = resourceValue(pod, undefined, resourceFieldRef, facts);
    files.set(path, { content: Buffer.from(text), mode: mode ?? defaultMode });
  }
  return files;
}

async function checkHostPath({ path, type }: V1HostPathVolumeSource): Promise<void> {
  if (!type) return;
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate') await writeFile(path, '', { flag: 'a', mode: 0o644 });
  const checks: Record<string, (found: Awaited<ReturnType<typeof stat>>) => boolean> = {
    Directory: (found) => found.isDirectory(),
    DirectoryOrCreate: (found) => found.isDirectory(),
    File: (found) => found.isFile(),
    FileOrCreate: (found) => found.isFile(),
    Socket: (found) => found.isSocket(),
    CharDevice: (found) => found.isCharacterDevice(),
    BlockDevice: (found) => found.isBlockDevice(),
  };
  const words: Record<string, string> = {
    Directory: 'directory',
    DirectoryOrCreate: 'directory',
    File: 'file',
    FileOrCreate: 'file',
    Socket: 'socket file',
    CharDevice: 'character device',
    BlockDevice: 'block device',
  };
  const found = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!found || !checks[type]?.(found)) {
    throw new Error(`hostPath type check failed: ${path} is not a ${words[type] ?? type}`);
  }
}

/** The host's side of a `subPath`, made if it is not there; refuses one that leaves the volume. */
export async function subPathOf(volumePath: string, subPath: string): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
    throw new Error(`subPath ${JSON.stringify(subPath)} must stay within the volume`);
  }
  const base = await realpath(volumePath);
  const wanted = join(base, subPath);
  const exists = await stat(wanted).catch(() => undefined);
  if (!exists) await mkdir(wanted, { recursive: true, mode: 0o755 });
  const real = await realpath(wanted);
  if (real !== base && !real.startsWith(`${base}/`)) {
    throw new Error(`subPath ${JSON.stringify(subPath)} must stay within the volume`);
  }
  return real;
}

/** Makes an empty file, for a container to write its termination message into. */
export async function makeMessageFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '', { mode: 0o666 });
  await chmod(path, 0o666);
}
