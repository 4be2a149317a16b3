/** Upstream's ServiceAccount: every pod runs as an account of its namespace, and gets that account's token. */
import type { Clock } from '../../../base/clock.ts';
import { nameSuffix, type Random } from '../../../base/random.ts';
import type { V1Pod, V1PodSpec, V1ServiceAccount, V1Volume } from '../../../openapi/generated/types.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import { type Admission, type AdmissionRequest, isAbout, refusal } from './admission.ts';

/** The controller may be about to make the account of a namespace that was made a moment ago. */
const WAIT_MS = 1000;
const LOOK_EVERY_MS = 10;
const MIRROR = 'kubernetes.io/config.mirror';
const ENFORCE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_VOLUME = 'kube-api-access-';
const FILE_MODE = 0o644;
/** An hour and seven seconds, by which upstream tells the tokens it mounts itself from others. */
const TOKEN_SECONDS = 3607;

export interface ServiceAccountOptions {
  /** Refuse pods whose account is missing. */
  required: boolean;
  /** Mount the account's token where neither pod nor account say no; draws the volume's name. Off when absent. */
  mountTokens?: Random;
}

export function serviceAccount(cache: WatchCache, clock: Clock, options: ServiceAccountOptions): Admission {
  const isNewPod = (request: AdmissionRequest) => request.operation === 'create' && isAbout(request, 'pods');
  const find = (request: AdmissionRequest) => findAccount(cache, clock, request, options.required);
  return {
    async mutate(request) {
      if (!isNewPod(request)) return;
      const pod = request.object as V1Pod;
      if (!pod.spec) return;
      if (isMirror(pod)) return checkMirror(pod, request);
      pod.spec.serviceAccountName ||= 'default';
      pod.spec.serviceAccount = pod.spec.serviceAccountName;
      const account = await find(request);
      if (!account) return;
      if (options.mountTokens && wantsToken(pod, account)) mountToken(pod.spec, options.mountTokens);
      inheritPullSecrets(pod.spec, account);
    },
    async validate(request) {
      if (!isNewPod(request)) return;
      const pod = request.object as V1Pod;
      if (isMirror(pod)) return checkMirror(pod, request);
      const account = await find(request);
      if (account?.metadata?.annotations?.[ENFORCE_SECRETS] !== 'true' || !pod.spec) return;
      const why = foreignSecret(pod.spec, account);
      if (why !== undefined) throw refusal(request, why);
    },
  };
}

function isMirror({ metadata }: V1Pod): boolean {
  return metadata?.annotations?.[MIRROR] !== undefined;
}

/** A mirror shows a pod that is not the server's to equip. */
function checkMirror({ spec }: V1Pod, request: AdmissionRequest): void {
  if (!spec) return;
  if (spec.serviceAccountName) throw refusal(request, 'a mirror pod may not reference service accounts');
  const secrets = [...volumeSecrets(spec), ...environmentSecrets(spec), ...(spec.imagePullSecrets ?? [])];
  if (secrets.length > 0) throw refusal(request, 'a mirror pod may not reference secrets');
  const sources = (spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.some(({ serviceAccountToken }) => serviceAccountToken)) {
    throw refusal(request, 'a mirror pod may not use ServiceAccountToken volume projections');
  }
}

async function findAccount(
  cache: WatchCache,
  clock: Clock,
  request: AdmissionRequest,
  required: boolean,
): Promise<V1ServiceAccount | undefined> {
  const { namespace } = request;
  const account = (request.object as V1Pod).spec?.serviceAccountName || 'default';
  const key = `/registry/serviceaccounts/${namespace}/${account}`;
  const deadline = clock.monotonic() + (account === 'default' ? WAIT_MS : 0);
  for (;;) {
    const cached = cache.get(key);
    if (cached) return cached.object as V1ServiceAccount;
    if (!required) return undefined;
    if (clock.monotonic() >= deadline) {
      const why = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
      throw refusal(request, why);
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
}

function inheritPullSecrets(spec: V1PodSpec, { imagePullSecrets = [] }: V1ServiceAccount): void {
  if (spec.imagePullSecrets?.length || imagePullSecrets.length === 0) return;
  spec.imagePullSecrets = imagePullSecrets.map((reference) => ({ ...reference }));
}

function wantsToken({ spec }: V1Pod, account: V1ServiceAccount): boolean {
  return spec?.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

/** Mounts token, certificate and namespace into the containers that have nothing mounted there. */
function mountToken(spec: V1PodSpec, random: Random): void {
  const present = spec.volumes?.find(({ name }) => name.startsWith(TOKEN_VOLUME));
  const name = present?.name ?? TOKEN_VOLUME + nameSuffix(random);
  const containers = [...(spec.initContainers ?? []), ...spec.containers].filter(
    ({ volumeMounts = [] }) => !volumeMounts.some(({ mountPath }) => mountPath === TOKEN_PATH),
  );
  for (const container of containers) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: TOKEN_PATH }];
  }
  if (!present && containers.length > 0) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function tokenVolume(name: string): V1Volume {
  const namespace = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } };
  return {
    name,
    projected: {
      defaultMode: FILE_MODE,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [namespace] } },
      ],
    },
  };
}

function volumeSecrets(spec: V1PodSpec): string[] {
  return (spec.volumes ?? []).flatMap(({ secret }) => (secret?.secretName ? [secret.secretName] : []));
}

interface EnvironmentSecret {
  container: string;
  variable: string;
  secret: string;
}

function environmentSecrets(spec: V1PodSpec): EnvironmentSecret[] {
  const inits = (spec.initContainers ?? []).map((container) => ({
    container,
    shown: `init container ${container.name}`,
  }));
  const mains = spec.containers.map((container) => ({ container, shown: `container ${container.name}` }));
  return [...inits, ...mains].flatMap(({ container, shown }) =>
    (container.env ?? []).flatMap(({ name, valueFrom }) => {
      const secret = valueFrom?.secretKeyRef?.name;
      return secret ? [{ container: shown, variable: name, secret }] : [];
    }),
  );
}

/** Why an account that names its secrets does not let the pod have one; `undefined` when it does. */
function foreignSecret(spec: V1PodSpec, account: V1ServiceAccount): string | undefined {
  const own = new Set(account.secrets?.map(({ name }) => name));
  const who = `because service account ${account.metadata?.name} does not reference that`;
  const volume = volumeSecrets(spec).find((name) => !own.has(name));
  if (volume !== undefined) return `volume with secret.secretName="${volume}" is not allowed ${who} secret`;
  const variable = environmentSecrets(spec).find(({ secret }) => !own.has(secret));
  if (variable) {
    const { container, variable: name, secret } = variable;
    return `${container} with envVar ${name} referencing secret.secretName="${secret}" is not allowed ${who} secret`;
  }
  const pulls = new Set(account.imagePullSecrets?.map(({ name }) => name));
  const i = (spec.imagePullSecrets ?? []).findIndex(({ name }) => !pulls.has(name));
  if (i < 0) return undefined;
  return `imagePullSecrets[${i}].name="${spec.imagePullSecrets?.[i]?.name}" is not allowed ${who} imagePullSecret`;
}
