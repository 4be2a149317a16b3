/** Validation of a pod's containers. */
import type {
  V1Container,
  V1ContainerPort,
  V1EphemeralContainer,
  V1PodSpec,
  V1ResourceRequirements,
} from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import {
  duplicate,
  forbiddenField,
  invalidEach,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '../../validation/errors.ts';
import { PROTOCOLS, validateDns1123Label, validateOneOf } from '../../validation/fields.ts';
import { isPortName, isPortNumber } from '../../validation/names.ts';
import {
  canonicalQuantity,
  compareQuantities,
  isOvercommitAllowed,
  validateContainerResourceName,
  validateQuantityValue,
} from '../../validation/quantities.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { validateLifecycle, validateProbes } from './handlers.ts';
import { validateVolumeDevices, validateVolumeMounts } from './mounts.ts';
import { validateResizePolicy } from './resize-policy.ts';
import { validateContainerSecurity } from './security.ts';
import type { Volumes } from './volumes.ts';

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];
const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
/** Fields that an ephemeral container may not have, for nothing may rely on it. */
const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
] as const;

export function validateContainers(spec: V1PodSpec, volumes: Volumes, path: string): FieldError[] {
  const containers = spec.containers ?? [];
  if (containers.length === 0) return [required(path)];
  const names = new Set<string>();
  const errors: FieldError[] = [];
  for (const [i, container] of containers.entries()) {
    const field = `${path}[${i}]`;
    errors.push(...validateCommon(container, spec, volumes, field));
    if (names.has(container.name)) errors.push(duplicate(`${field}.name`, container.name));
    names.add(container.name);
    errors.push(...validateLifecycle(container.lifecycle, spec.terminationGracePeriodSeconds, `${field}.lifecycle`));
    errors.push(...validateProbes(container, field));
    errors.push(...validateResizePolicy(container.resizePolicy, spec.restartPolicy, `${field}.resizePolicy`));
    errors.push(...validateRestartPolicy(container, field));
  }
  return [...errors, ...hostPortConflicts(containers, path)];
}

export function validateInitContainers(spec: V1PodSpec, volumes: Volumes, path: string): FieldError[] {
  const names = new Set(spec.containers?.map(({ name }) => name));
  const errors: FieldError[] = [];
  for (const [i, container] of (spec.initContainers ?? []).entries()) {
    const field = `${path}[${i}]`;
    errors.push(...validateCommon(container, spec, volumes, field));
    if (names.has(container.name)) errors.push(duplicate(`${field}.name`, container.name));
    if (container.name) names.add(container.name);
    errors.push(...hostPortConflicts([container], path, i));
    errors.push(...validateResizePolicy(container.resizePolicy, spec.restartPolicy, `${field}.resizePolicy`));
    errors.push(...validateRestartPolicy(container, field));
    if (container.restartPolicy === 'Always') {
      errors.push(...validateLifecycle(container.lifecycle, spec.terminationGracePeriodSeconds, `${field}.lifecycle`));
      errors.push(...validateProbes(container, field));
      continue;
    }
    for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (!container[name]) continue;
      const detail = 'may not be set for init containers without restartPolicy=Always';
      errors.push(forbiddenField(`${field}.${name}`, detail));
    }
  }
  return errors;
}

export function validateEphemeralContainers(spec: V1PodSpec, volumes: Volumes, path: string): FieldError[] {
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const names = new Set(others.map(({ name }) => name));
  const targets = new Set(names);
  const errors: FieldError[] = [];
  for (const [i, container] of (spec.ephemeralContainers ?? []).entries()) {
    const field = `${path}[${i}]`;
    const target = container.targetContainerName;
    errors.push(...validateCommon(container, spec, volumes, field));
    if (names.has(container.name)) errors.push(duplicate(`${field}.name`, container.name));
    names.add(container.name);
    errors.push(...forbiddenFields(container, field));
    if (target && !targets.has(target)) errors.push(notFoundValue(`${field}.targetContainerName`, target));
  }
  return errors;
}

function forbiddenFields(container: V1EphemeralContainer, path: string): FieldError[] {
  return NOT_EPHEMERAL.flatMap((name) => {
    const value = container[name];
    const empty = value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);
    return empty ? [] : [forbiddenField(`${path}.${name}`, 'cannot be set for an Ephemeral Container')];
  });
}

function validateCommon(container: V1Container, spec: V1PodSpec, volumes: Volumes, path: string): FieldError[] {
  const { name, image, terminationMessagePolicy: messagePolicy } = container;
  return [
    ...(name ? validateDns1123Label(name, `${path}.name`) : [required(`${path}.name`)]),
    ...(image ? [] : [required(`${path}.image`)]),
    ...validateOneOf(messagePolicy, `${path}.terminationMessagePolicy`, MESSAGE_POLICIES),
    ...validatePorts(container.ports ?? [], `${path}.ports`),
    ...validateEnv(container.env ?? [], `${path}.env`),
    ...validateEnvFrom(container.envFrom ?? [], `${path}.envFrom`),
    ...validateVolumeMounts(container, volumes, `${path}.volumeMounts`),
    ...validateVolumeDevices(container, volumes, `${path}.volumeDevices`),
    ...validateOneOf(container.imagePullPolicy, `${path}.imagePullPolicy`, PULL_POLICIES),
    ...validateResources(container.resources ?? {}, `${path}.resources`),
    ...validateContainerSecurity(container.securityContext, spec, `${path}.securityContext`),
  ];
}

function validateRestartPolicy({ restartPolicy }: V1Container, path: string): FieldError[] {
  if (restartPolicy === undefined || RESTART_POLICIES.includes(restartPolicy)) return [];
  return [notSupported(`${path}.restartPolicy`, restartPolicy, RESTART_POLICIES)];
}

function validatePorts(ports: readonly V1ContainerPort[], path: string): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const { name, containerPort, hostPort } = port;
    const field = `${path}[${i}]`;
    const nameErrors = name ? invalidEach(`${field}.name`, name, isPortName(name)) : [];
    if (name && nameErrors.length === 0) {
      if (names.has(name)) nameErrors.push(duplicate(`${field}.name`, name));
      names.add(name);
    }
    return [
      ...nameErrors,
      ...(containerPort
        ? invalidEach(`${field}.containerPort`, containerPort, isPortNumber(containerPort))
        : [required(`${field}.containerPort`)]),
      ...(hostPort ? invalidEach(`${field}.hostPort`, hostPort, isPortNumber(hostPort)) : []),
      ...validateOneOf(port.protocol, `${field}.protocol`, PROTOCOLS),
    ];
  });
}

/** Two containers of a pod cannot have one port of the host. */
function hostPortConflicts(containers: readonly V1Container[], path: string, first = 0): FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap((container, i) =>
    (container.ports ?? []).flatMap(({ protocol, hostIP = '', hostPort }, j) => {
      if (!hostPort) return [];
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) return [duplicate(`${path}[${first + i}].ports[${j}].hostPort`, key)];
      taken.add(key);
      return [];
    }),
  );
}

function validateResources({ limits = {}, requests = {} }: V1ResourceRequirements, path: string): FieldError[] {
  const check = (name: string, text: string, field: string) => [
    ...validateContainerResourceName(name, field),
    ...validateQuantityValue(name, text, field),
  ];
  const errors: FieldError[] = [];
  for (const [name, text] of Object.entries(limits)) errors.push(...check(name, text, `${path}.limits[${name}]`));
  for (const [name, text] of Object.entries(requests)) {
    errors.push(...check(name, text, `${path}.requests[${name}]`), ...validateRequest(name, text, limits[name], path));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const hugePages = names.some((name) => name.startsWith('hugepages-'));
  if (hugePages && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbiddenField(path, 'HugePages require cpu or memory'));
  }
  return errors;
}

function validateRequest(name: string, request: string, limit: string | undefined, path: string): FieldError[] {
  const overcommit = isOvercommitAllowed(name);
  if (limit === undefined) {
    return overcommit ? [] : [required(`${path}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  const order = compareQuantities(request, limit);
  const refuse = (what: string) => {
    const detail = `must be ${what} to ${name} limit of ${canonicalQuantity(limit)}`;
    return [invalidValue(`${path}.requests`, canonicalQuantity(request), detail)];
  };
  if (order !== 0 && !overcommit) return refuse('equal');
  return order > 0 ? refuse('less than or equal') : [];
}
