/** Validation of a pod's volumes. */
import type {
  V1DownwardAPIVolumeFile,
  V1KeyToPath,
  V1ProjectedVolumeSource,
  V1Volume,
  V1VolumeProjection,
} from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required } from '../../validation/errors.ts';
import { validateDns1123Label, validateDns1123Subdomain, validateLabelName } from '../../validation/fields.ts';
import { VOLUME_FIELDS, validateFieldRef, validateResourceFieldRef } from './env.ts';
import { validateLocalNonReservedPath, validateNoBacksteps } from './paths.ts';

/** The volumes that are in order, by name. */
export type Volumes = ReadonlyMap<string, V1Volume>;

const FILE_MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const TEN_MINUTES = 600;

type Check = (volume: V1Volume, path: string) => FieldError[];

const requireField = (value: unknown, field: string) => (value ? [] : [required(field)]);

/** The sources in the order in which upstream looks at them; those without a check of their own are taken as they come. */
const SOURCES: [name: Exclude<keyof V1Volume, 'name'>, check: Check][] = [
  ['emptyDir', () => []],
  ['hostPath', validateHostPath],
  ['gitRepo', ({ gitRepo }, path) => requireField(gitRepo?.repository, `${path}.repository`)],
  ['gcePersistentDisk', ({ gcePersistentDisk }, path) => requireField(gcePersistentDisk?.pdName, `${path}.pdName`)],
  ['awsElasticBlockStore', (volume, path) => requireField(volume.awsElasticBlockStore?.volumeID, `${path}.volumeID`)],
  ['secret', validateSecret],
  ['nfs', validateNfs],
  ['iscsi', () => []],
  ['glusterfs', () => []],
  ['flocker', () => []],
  [
    'persistentVolumeClaim',
    (volume, path) => requireField(volume.persistentVolumeClaim?.claimName, `${path}.claimName`),
  ],
  ['rbd', () => []],
  ['cinder', () => []],
  ['cephfs', () => []],
  ['quobyte', () => []],
  ['downwardAPI', validateDownward],
  ['fc', () => []],
  ['flexVolume', () => []],
  ['configMap', validateConfigMap],
  ['azureFile', () => []],
  ['vsphereVolume', () => []],
  ['photonPersistentDisk', () => []],
  ['portworxVolume', () => []],
  ['azureDisk', () => []],
  ['storageos', () => []],
  ['projected', ({ projected }, path) => (projected ? validateProjected(projected, path) : [])],
  ['scaleIO', () => []],
  ['csi', validateCsi],
  ['ephemeral', validateEphemeral],
  ['image', validateImage],
];

/** The errors of a pod's volumes, and those volumes that containers may mount. */
export function validateVolumes(list: readonly V1Volume[], path: string): { volumes: Volumes; errors: FieldError[] } {
  const volumes = new Map<string, V1Volume>();
  const errors = list.flatMap((volume, i) => {
    const field = `${path}[${i}]`;
    const found = validateSource(volume, field);
    found.push(...(volume.name ? validateDns1123Label(volume.name, `${field}.name`) : [required(`${field}.name`)]));
    if (volumes.has(volume.name)) found.push(duplicate(`${field}.name`, volume.name));
    if (found.length === 0) volumes.set(volume.name, volume);
    return found;
  });
  return { volumes, errors };
}

function validateSource(volume: V1Volume, path: string): FieldError[] {
  const present = SOURCES.filter(([name]) => volume[name] !== undefined && volume[name] !== null);
  if (present.length === 0) return [required(path, 'must specify a volume type')];
  return present.flatMap(([name, check], i) =>
    i === 0
      ? check(volume, `${path}.${name}`)
      : [forbiddenField(`${path}.${name}`, 'may not specify more than 1 volume type')],
  );
}

function validateMode(mode: number | undefined, field: string): FieldError[] {
  return mode !== undefined && (mode > 0o777 || mode < 0) ? [invalidValue(field, mode, FILE_MODE)] : [];
}

function validateHostPath({ hostPath }: V1Volume, path: string): FieldError[] {
  if (!hostPath?.path) return [required(`${path}.path`)];
  const errors = validateNoBacksteps(hostPath.path, `${path}.path`);
  const { type } = hostPath;
  if (type !== undefined && !HOST_PATH_TYPES.includes(type)) {
    errors.push(notSupported(`${path}.type`, type, HOST_PATH_TYPES));
  }
  return errors;
}

function validateSecret({ secret }: V1Volume, path: string): FieldError[] {
  return [
    ...requireField(secret?.secretName, `${path}.secretName`),
    ...validateMode(secret?.defaultMode, `${path}.defaultMode`),
    ...validateItems(secret?.items, path),
  ];
}

function validateConfigMap({ configMap }: V1Volume, path: string): FieldError[] {
  return [
    ...requireField(configMap?.name, `${path}.name`),
    ...validateMode(configMap?.defaultMode, `${path}.defaultMode`),
    ...validateItems(configMap?.items, path),
  ];
}

function validateItems(items: readonly V1KeyToPath[] = [], path: string): FieldError[] {
  return items.flatMap((item, i) => {
    const field = `${path}.items[${i}]`;
    return [
      ...requireField(item.key, `${field}.key`),
      ...requireField(item.path, `${field}.path`),
      ...validateLocalNonReservedPath(item.path ?? '', `${field}.path`),
      ...validateMode(item.mode, `${field}.mode`),
    ];
  });
}

function validateNfs({ nfs }: V1Volume, path: string): FieldError[] {
  const errors = [...requireField(nfs?.server, `${path}.server`), ...requireField(nfs?.path, `${path}.path`)];
  if (!nfs?.path?.startsWith('/'))
    errors.push(invalidValue(`${path}.path`, nfs?.path ?? '', 'must be an absolute path'));
  return errors;
}

function validateDownward({ downwardAPI }: V1Volume, path: string): FieldError[] {
  return [
    ...validateMode(downwardAPI?.defaultMode, `${path}.defaultMode`),
    ...(downwardAPI?.items ?? []).flatMap((file) => validateDownwardFile(file, path)),
  ];
}

function validateDownwardFile(file: V1DownwardAPIVolumeFile, path: string): FieldError[] {
  const { fieldRef, resourceFieldRef } = file;
  const errors = [
    ...requireField(file.path, `${path}.path`),
    ...validateLocalNonReservedPath(file.path ?? '', `${path}.path`),
  ];
  if (fieldRef) {
    errors.push(...validateFieldRef(fieldRef, VOLUME_FIELDS, `${path}.fieldRef`));
    if (resourceFieldRef) {
      const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously';
      errors.push(invalidValue(path, 'resource', detail));
    }
  } else if (resourceFieldRef) {
    errors.push(...validateResourceFieldRef(resourceFieldRef, true, `${path}.resourceFieldRef`));
  } else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...validateMode(file.mode, `${path}.mode`)];
}

function validateProjected(projected: V1ProjectedVolumeSource, path: string): FieldError[] {
  const paths = new Set<string>();
  return [
    ...validateMode(projected.defaultMode, `${path}.defaultMode`),
    ...(projected.sources ?? []).flatMap((source, i) => {
      const field = `${path}.sources[${i}]`;
      const errors = validateProjection(source, field);
      for (const [target, shown] of pathsOf(source)) {
        if (paths.has(target)) errors.push(invalidValue(path, shown, 'conflicting duplicate paths'));
        paths.add(target);
      }
      return errors;
    }),
  ];
}

/** Where a source puts its files, and what upstream names when another put one there already. */
function pathsOf(source: V1VolumeProjection): [path: string, shown: string][] {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle } = source;
  const all: [string, string][] = [
    ...(secret?.items ?? []).map((item): [string, string] => [item.path, secret?.name ?? '']),
    ...(configMap?.items ?? []).map((item): [string, string] => [item.path, configMap?.name ?? '']),
    ...(downwardAPI?.items ?? []).map((file): [string, string] => [file.path, file.path]),
    ...[serviceAccountToken, clusterTrustBundle].map((file): [string, string] => [file?.path ?? '', file?.path ?? '']),
  ];
  return all.filter(([path]) => path !== '');
}

function validateProjection(source: V1VolumeProjection, path: string): FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
  const errors: FieldError[] = [];
  if (secret)
    errors.push(...requireField(secret.name, `${path}.secret.name`), ...validateItems(secret.items, `${path}.secret`));
  if (configMap) {
    errors.push(...requireField(configMap.name, `${path}.configMap.name`));
    errors.push(...validateItems(configMap.items, `${path}.configMap`));
  }
  for (const file of downwardAPI?.items ?? []) errors.push(...validateDownwardFile(file, `${path}.downwardAPI`));
  if (token) {
    const seconds = token.expirationSeconds ?? 0;
    const field = `${path}.serviceAccountToken.expirationSeconds`;
    if (seconds < TEN_MINUTES) {
      errors.push(invalidValue(field, seconds, 'may not specify a duration less than 10 minutes'));
    }
    if (seconds > 2 ** 32)
      errors.push(invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds'));
    errors.push(...requireField(token.path, `${path}.serviceAccountToken.path`));
  }
  const sources = Object.values(source).filter((value) => value !== undefined && value !== null).length;
  if (sources > 1) errors.push(forbiddenField(path, 'may not specify more than 1 volume type'));
  return errors;
}

function validateCsi({ csi }: V1Volume, path: string): FieldError[] {
  const errors = requireField(csi?.driver, `${path}.driver`);
  const secret = csi?.nodePublishSecretRef;
  if (secret) errors.push(...requireField(secret.name, `${path}.nodePublishSecretRef.name`));
  return errors;
}

function validateEphemeral({ ephemeral }: V1Volume, path: string): FieldError[] {
  const template = ephemeral?.volumeClaimTemplate;
  if (!template) return [required(`${path}.volumeClaimTemplate`)];
  const field = `${path}.volumeClaimTemplate`;
  return [
    ...Object.keys(template.metadata?.labels ?? {}).flatMap((key) =>
      validateLabelName(key, `${field}.metadata.labels`),
    ),
    ...(template.spec?.accessModes?.length
      ? []
      : [required(`${field}.spec.accessModes`, 'at least 1 access mode is required')]),
    ...(template.spec?.storageClassName
      ? validateDns1123Subdomain(template.spec.storageClassName, `${field}.spec.storageClassName`)
      : []),
    ...(template.spec?.resources?.requests?.storage ? [] : [required(`${field}.spec.resources[storage]`)]),
  ];
}

function validateImage({ image }: V1Volume, path: string): FieldError[] {
  const errors = requireField(image?.reference, `${path}.reference`);
  const policy = image?.pullPolicy;
  if (policy && !PULL_POLICIES.includes(policy)) errors.push(notSupported(`${path}.pullPolicy`, policy, PULL_POLICIES));
  return errors;
}
