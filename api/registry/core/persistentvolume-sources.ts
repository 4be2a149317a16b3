/** Validation of what a persistent volume is made of: the sources, one of which it has. */
import type {
  V1AzureDiskVolumeSource,
  V1CSIPersistentVolumeSource,
  V1FCVolumeSource,
  V1FlockerVolumeSource,
  V1GlusterfsPersistentVolumeSource,
  V1ISCSIPersistentVolumeSource,
  V1PersistentVolumeSpec,
  V1QuobyteVolumeSource,
  V1SecretReference,
  V1StorageOSPersistentVolumeSource,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validateCsiDriverName } from '../storage/validation.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateDns1123Label, validateDns1123Subdomain } from '../validation/fields.ts';
import { inclusiveRange, isDns1123Label } from '../validation/names.ts';
import { validateNoBacksteps } from './pod-validation/paths.ts';

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
const CACHING_MODES = ['None', 'ReadOnly', 'ReadWrite'];
const DISK_KINDS = ['Dedicated', 'Managed', 'Shared'];
const MANAGED_DISK = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const BLOB_DISK = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
const HOST_PORT = 'must be a host:port pair or multiple pairs separated by commas';
const TENANT_MAX = 65;
const ISCSI_NAME_MAX = 64;
const IQN = /^iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+:[^,;*&$|\s]+$/;
const EUI = /^eui.[A-Za-z0-9]{16}$/;
const NAA = /^naa.[A-Za-z0-9]{32}$/;

type Spec = V1PersistentVolumeSpec;
type Check = (spec: Spec, path: string, volume: string) => FieldError[];
type SourceName = Exclude<keyof Spec, keyof typeof NO_SOURCES>;

/** The fields of a spec that are no source. */
const NO_SOURCES = {
  accessModes: true,
  capacity: true,
  claimRef: true,
  mountOptions: true,
  nodeAffinity: true,
  persistentVolumeReclaimPolicy: true,
  storageClassName: true,
  volumeAttributesClassName: true,
  volumeMode: true,
};

const needs = (value: unknown, field: string) => (value ? [] : [required(field)]);

/**
 * The sources in the order in which upstream looks at them. The second of each is the path of what is wrong within,
 * the third that of one too many: upstream's own, where they differ from the field's name.
 */
const SOURCES: [name: SourceName, path: string, check: Check, second?: string][] = [
  ['hostPath', 'hostPath', validateHostPath],
  ['gcePersistentDisk', 'persistentDisk', (spec, path) => disk(spec.gcePersistentDisk, 'pdName', path)],
  ['awsElasticBlockStore', 'awsElasticBlockStore', (spec, path) => disk(spec.awsElasticBlockStore, 'volumeID', path)],
  ['glusterfs', 'glusterfs', ({ glusterfs }, path) => (glusterfs ? validateGlusterfs(glusterfs, path) : [])],
  ['flocker', 'flocker', ({ flocker }, path) => (flocker ? validateFlocker(flocker, path) : [])],
  ['nfs', 'nfs', validateNfs],
  [
    'rbd',
    'rbd',
    ({ rbd }, path) => [...needs(rbd?.monitors?.length, `${path}.monitors`), ...needs(rbd?.image, `${path}.image`)],
  ],
  ['quobyte', 'quobyte', ({ quobyte }, path) => (quobyte ? validateQuobyte(quobyte, path) : [])],
  ['cephfs', 'cephfs', ({ cephfs }, path) => needs(cephfs?.monitors?.length, `${path}.monitors`), 'cephFS'],
  ['iscsi', 'iscsi', ({ iscsi }, path, volume) => (iscsi ? validateIscsi(iscsi, volume, path) : [])],
  [
    'cinder',
    'cinder',
    ({ cinder }, path) => [
      ...needs(cinder?.volumeID, `${path}.volumeID`),
      ...validateSecret(cinder?.secretRef, `${path}.secretRef`),
    ],
  ],
  ['fc', 'fc', ({ fc }, path) => (fc ? validateFc(fc, path) : [])],
  ['flexVolume', 'flexVolume', validateFlex],
  ['azureFile', 'azureFile', validateAzureFile],
  ['vsphereVolume', 'vsphereVolume', (spec, path) => needs(spec.vsphereVolume?.volumePath, `${path}.volumePath`)],
  [
    'photonPersistentDisk',
    'photonPersistentDisk',
    (spec, path) => needs(spec.photonPersistentDisk?.pdID, `${path}.pdID`),
  ],
  ['portworxVolume', 'portworxVolume', (spec, path) => needs(spec.portworxVolume?.volumeID, `${path}.volumeID`)],
  ['azureDisk', 'azureDisk', ({ azureDisk }, path) => (azureDisk ? validateAzureDisk(azureDisk, path) : [])],
  [
    'scaleIO',
    'scaleIO',
    ({ scaleIO }, path) => [
      ...needs(scaleIO?.gateway, `${path}.gateway`),
      ...needs(scaleIO?.system, `${path}.system`),
      ...needs(scaleIO?.volumeName, `${path}.volumeName`),
    ],
  ],
  [
    'local',
    'local',
    ({ local }, path) => (local?.path ? validateNoBacksteps(local.path, `${path}.path`) : [required(`${path}.path`)]),
  ],
  ['storageos', 'storageos', ({ storageos }, path) => (storageos ? validateStorageOs(storageos, path) : [])],
  ['csi', 'csi', ({ csi }, path) => (csi ? validateCsi(csi, path) : [])],
];

/** The sources that a spec has; it should be one. */
export function sourcesOf(spec: Spec): SourceName[] {
  return SOURCES.filter(([name]) => spec[name] !== undefined).map(([name]) => name);
}

/** Only the sources of a spec, to compare them. */
export function sourceOf(spec: Spec): Partial<Spec> {
  return Object.fromEntries(sourcesOf(spec).map((name) => [name, spec[name]]));
}

/** `volume` is the name of the volume, which is part of a limit of iSCSI. */
export function validateSources(spec: Spec, volume: string, path: string): FieldError[] {
  const present = SOURCES.filter(([name]) => spec[name] !== undefined);
  if (present.length === 0) return [required(path, 'must specify a volume type')];
  return present.flatMap(([name, field, check, second = name], i) =>
    // Upstream forgot to count flexVolume among the many.
    i === 0 || name === 'flexVolume'
      ? check(spec, `${path}.${field}`, volume)
      : [forbiddenField(`${path}.${second}`, 'may not specify more than 1 volume type')],
  );
}

function validateHostPath({ hostPath }: Spec, path: string): FieldError[] {
  if (!hostPath?.path) return [required(`${path}.path`)];
  const { type } = hostPath;
  const errors = validateNoBacksteps(hostPath.path, `${path}.path`);
  if (type !== undefined && !HOST_PATH_TYPES.includes(type)) {
    errors.push(notSupported(`${path}.type`, type, HOST_PATH_TYPES));
  }
  return errors;
}

function disk(
  source: { partition?: number; pdName?: string; volumeID?: string } | undefined,
  name: 'pdName' | 'volumeID',
  path: string,
): FieldError[] {
  const { partition = 0 } = source ?? {};
  return [
    ...needs(source?.[name], `${path}.${name}`),
    ...(partition < 0 || partition > 255 ? [invalidValue(`${path}.partition`, partition, inclusiveRange(1, 255))] : []),
  ];
}

function validateGlusterfs(source: V1GlusterfsPersistentVolumeSource, path: string): FieldError[] {
  const { endpointsNamespace: namespace } = source;
  const field = `${path}.endpointsNamespace`;
  const empty = 'if the endpointnamespace is set, it must be a valid namespace name';
  return [
    ...needs(source.endpoints, `${path}.endpoints`),
    ...needs(source.path, `${path}.path`),
    ...(namespace === '' ? [invalidValue(field, namespace, empty)] : []),
    ...(namespace ? invalidEach(field, namespace, isDns1123Label(namespace)) : []),
  ];
}

function validateFlocker({ datasetName = '', datasetUUID = '' }: V1FlockerVolumeSource, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID) errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID) {
    errors.push(invalidValue(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (datasetName.includes('/')) {
    errors.push(invalidValue(`${path}.datasetName`, datasetName, "must not contain '/'"));
  }
  return errors;
}

function validateNfs({ nfs }: Spec, path: string): FieldError[] {
  return [
    ...needs(nfs?.server, `${path}.server`),
    ...needs(nfs?.path, `${path}.path`),
    ...(nfs?.path?.startsWith('/') ? [] : [invalidValue(`${path}.path`, nfs?.path ?? '', 'must be an absolute path')]),
  ];
}

function validateQuobyte({ registry = '', tenant = '', volume }: V1QuobyteVolumeSource, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (registry === '') errors.push(required(`${path}.registry`, HOST_PORT));
  else if (tenant.length >= TENANT_MAX) {
    errors.push(required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    const wrong = registry.split(',').filter((pair) => !/^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair));
    errors.push(...wrong.map(() => invalidValue(`${path}.registry`, registry, HOST_PORT)));
  }
  return [...errors, ...needs(volume, `${path}.volume`)];
}

function validateIscsi(iscsi: V1ISCSIPersistentVolumeSource, volume: string, path: string): FieldError[] {
  const { targetPortal = '', iqn = '', lun = 0, initiatorName, secretRef } = iscsi;
  const errors = needs(targetPortal, `${path}.targetPortal`);
  if (initiatorName !== undefined && `${volume}:${targetPortal}`.length > ISCSI_NAME_MAX) {
    const detail =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    errors.push(invalidValue(`${path}.targetportal`, targetPortal, detail));
  }
  if (iqn === '') errors.push(required(`${path}.iqn`));
  else if (!isQualifiedIscsiName(iqn)) errors.push(invalidValue(`${path}.iqn`, iqn, 'must be valid format'));
  if (lun < 0 || lun > 255) errors.push(invalidValue(`${path}.lun`, lun, inclusiveRange(0, 255)));
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && !secretRef) errors.push(required(`${path}.secretRef`));
  if (secretRef) errors.push(...needs(secretRef.name, `${path}.secretRef.name`));
  if (initiatorName !== undefined && !isQualifiedIscsiName(initiatorName)) {
    errors.push(invalidValue(`${path}.initiatorname`, initiatorName, 'must be valid format'));
  }
  return errors;
}

function isQualifiedIscsiName(name: string): boolean {
  return IQN.test(name) || EUI.test(name) || NAA.test(name);
}

function validateSecret(secret: V1SecretReference | undefined, path: string): FieldError[] {
  if (!secret) return [];
  return [...needs(secret.name, `${path}.name`), ...needs(secret.namespace, `${path}.namespace`)];
}

function validateFc({ targetWWNs = [], wwids = [], lun }: V1FCVolumeSource, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const field = `${path}.targetWWNs`;
  if (targetWWNs.length === 0) {
    return wwids.length === 0 ? [required(field, 'must specify either targetWWNs or wwids, but not both')] : [];
  }
  if (wwids.length > 0) {
    errors.push(invalidValue(field, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  }
  if (lun === undefined) errors.push(required(`${path}.lun`, 'lun is required if targetWWNs is specified'));
  else if (lun < 0 || lun > 255) errors.push(invalidValue(`${path}.lun`, lun, inclusiveRange(0, 255)));
  return errors;
}

function validateFlex({ flexVolume }: Spec, path: string): FieldError[] {
  const reserved = Object.keys(flexVolume?.options ?? {}).filter((key) => {
    const normalized = `.${(key.split('/')[0] ?? '').toLowerCase()}`;
    return normalized.endsWith('.kubernetes.io') || normalized.endsWith('.k8s.io');
  });
  return [
    ...needs(flexVolume?.driver, `${path}.driver`),
    ...reserved.map((key) =>
      invalidValue(`${path}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'),
    ),
  ];
}

function validateAzureFile({ azureFile }: Spec, path: string): FieldError[] {
  return [
    ...needs(azureFile?.secretName, `${path}.secretName`),
    ...needs(azureFile?.shareName, `${path}.shareName`),
    ...(azureFile?.secretNamespace === '' ? [required(`${path}.secretNamespace`)] : []),
  ];
}

function validateAzureDisk(source: V1AzureDiskVolumeSource, path: string): FieldError[] {
  const { diskName, diskURI = '', cachingMode, kind } = source;
  const errors = [...needs(diskName, `${path}.diskName`), ...needs(diskURI, `${path}.diskURI`)];
  if (cachingMode !== undefined && !CACHING_MODES.includes(cachingMode)) {
    errors.push(notSupported(`${path}.cachingMode`, cachingMode, CACHING_MODES));
  }
  if (kind !== undefined && !DISK_KINDS.includes(kind)) errors.push(notSupported(`${path}.kind`, kind, DISK_KINDS));
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
    errors.push(notSupported(`${path}.diskURI`, diskURI, [MANAGED_DISK]));
  }
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) {
    errors.push(notSupported(`${path}.diskURI`, diskURI, [BLOB_DISK]));
  }
  return errors;
}

function validateStorageOs(source: V1StorageOSPersistentVolumeSource, path: string): FieldError[] {
  const { volumeName, volumeNamespace, secretRef } = source;

  return [
    ...(volumeName ? validateDns1123Label(volumeName, `${path}.volumeName`) : [required(`${path}.volumeName`)]),
    ...(volumeNamespace ? validateDns1123Label(volumeNamespace, `${path}.volumeNamespace`) : []),
    ...validateSecret(secretRef, `${path}.secretRef`),
  ];
}

function validateCsi(csi: V1CSIPersistentVolumeSource, path: string): FieldError[] {
  const secrets = [
    'controllerPublishSecretRef',
    'controllerExpandSecretRef',
    'nodePublishSecretRef',
    'nodeExpandSecretRef',
  ] as const;
  return [
    ...validateCsiDriverName(csi.driver ?? '', `${path}.driver`),
    ...needs(csi.volumeHandle, `${path}.volumeHandle`),
    ...secrets.flatMap((name) => validateNamedSecret(csi[name], `${path}.${name}`)),
  ];
}

function validateNamedSecret(secret: V1SecretReference | undefined, path: string): FieldError[] {
  if (!secret) return [];
  const { name, namespace } = secret;
  return [
    ...(name ? validateDns1123Subdomain(name, `${path}.name`) : [required(`${path}.name`)]),
    ...(namespace ? validateDns1123Label(namespace, `${path}.namespace`) : [required(`${path}.namespace`)]),
  ];
}
