/** Validation of environment variables and of the fields that they and volumes refer to. */
import type {
  V1EnvFromSource,
  V1EnvVar,
  V1ObjectFieldSelector,
  V1ResourceFieldSelector,
} from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { invalidEach, invalidValue, notSupported, required } from '../../validation/errors.ts';
import { validateDns1123Subdomain } from '../../validation/fields.ts';
import { isConfigMapKey, isEnvVarName, isQualifiedName } from '../../validation/names.ts';

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
export const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
/** What the field paths of downward API references may be at all. */
const KNOWN_FIELDS = new Set([
  ...ENV_FIELDS,
  ...VOLUME_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.host',
  'status.phase',
]);
const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

export function validateEnv(variables: readonly V1EnvVar[], path: string): FieldError[] {
  return variables.flatMap((variable, i) => {
    const field = `${path}[${i}]`;
    const { name } = variable;
    return [
      ...(name ? invalidEach(`${field}.name`, name, isEnvVarName(name)) : [required(`${field}.name`)]),
      ...validateValueFrom(variable, `${field}.valueFrom`),
    ];
  });
}

function validateValueFrom({ value, valueFrom }: V1EnvVar, path: string): FieldError[] {
  if (!valueFrom) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  const errors: FieldError[] = [];
  if (fieldRef) errors.push(...validateFieldRef(fieldRef, ENV_FIELDS, `${path}.fieldRef`));
  if (resourceFieldRef) errors.push(...validateResourceFieldRef(resourceFieldRef, false, `${path}.resourceFieldRef`));
  if (configMapKeyRef) errors.push(...validateKeyRef(configMapKeyRef, `${path}.configMapKeyRef`));
  if (secretKeyRef) errors.push(...validateKeyRef(secretKeyRef, `${path}.secretKeyRef`));
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  if (sources === 0) {
    const detail = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
    errors.push(invalidValue(path, '', detail));
  } else if (value) errors.push(invalidValue(path, '', 'may not be specified when `value` is not empty'));
  else if (sources > 1) errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'));
  return errors;
}

function validateKeyRef({ name = '', key }: { name?: string; key: string }, path: string): FieldError[] {
  return [
    ...validateDns1123Subdomain(name, `${path}.name`),
    ...(key ? invalidEach(`${path}.key`, key, isConfigMapKey(key)) : [required(`${path}.key`)]),
  ];
}

export function validateEnvFrom(sources: readonly V1EnvFromSource[], path: string): FieldError[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, i) => {
    const field = `${path}[${i}]`;
    const errors = prefix ? invalidEach(`${field}.prefix`, prefix, isEnvVarName(prefix)) : [];
    if (configMapRef) errors.push(...validateDns1123Subdomain(configMapRef.name ?? '', `${field}.configMapRef.name`));
    if (secretRef) errors.push(...validateDns1123Subdomain(secretRef.name ?? '', `${field}.secretRef.name`));
    if (!configMapRef && !secretRef) {
      errors.push(invalidValue(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef && secretRef) {
      errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'));
    }
    return errors;
  });
}

/** A reference to a field of the pod; `supported` is what may be referred to from there, sorted. */
export function validateFieldRef(
  { apiVersion, fieldPath }: V1ObjectFieldSelector,
  supported: readonly string[],
  path: string,
): FieldError[] {
  if (!apiVersion) return [required(`${path}.apiVersion`)];
  if (!fieldPath) return [required(`${path}.fieldPath`)];
  const refuse = (why: string) => [invalidValue(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${why}`)];
  if (apiVersion !== 'v1') return refuse(`unsupported pod version: ${apiVersion}`);
  const subscripted = /^(.*?)\['(.*)'\]$/s.exec(fieldPath);
  if (subscripted) {
    const [, field = '', key = ''] = subscripted;
    if (field === 'metadata.labels') return invalidEach(path, key, isQualifiedName(key));
    if (field === 'metadata.annotations') return invalidEach(path, key, isQualifiedName(key.toLowerCase()));
    return refuse(`field label does not support subscript: ${fieldPath}`);
  }
  if (!KNOWN_FIELDS.has(fieldPath)) return refuse(`field label not supported: ${fieldPath}`);
  const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  return supported.includes(field) ? [] : [notSupported(`${path}.fieldPath`, field, supported)];
}

/** A reference to a container's resource; from a volume it must say whose. */
export function validateResourceFieldRef(
  { containerName, resource, divisor }: V1ResourceFieldSelector,
  fromVolume: boolean,
  path: string,
): FieldError[] {
  const hugePages = /^(requests|limits)\.hugepages-/.test(resource ?? '');
  const errors: FieldError[] = [];
  if (fromVolume && !containerName) errors.push(required(`${path}.containerName`));
  else if (!resource) errors.push(required(`${path}.resource`));
  else if (!RESOURCES.includes(resource) && !hugePages) {
    errors.push(notSupported(`${path}.resource`, resource, RESOURCES));
  }
  if (divisor === undefined || divisor === '' || divisor === '0') return errors;
  const cpu = resource?.endsWith('.cpu');
  if ((cpu ? ['1m', '1'] : BYTE_DIVISORS).includes(divisor)) return errors;
  const what = hugePages ? 'hugepages' : resource?.endsWith('.memory') ? 'memory' : 'local ephemeral storage';
  const detail = cpu
    ? "only divisor's values 1m and 1 are supported with the cpu resource"
    : `only divisor's values ${BYTE_DIVISORS.join(', ')} are supported with the ${what} resource`;
  return [...errors, invalidValue(`${path}.divisor`, resource, detail)];
}
