/** Validation of security contexts. */
import type {
  V1PodSecurityContext,
  V1PodSpec,
  V1SeccompProfile,
  V1SecurityContext,
  V1Sysctl,
} from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { duplicate, invalidValue, notSupported, required } from '../../validation/errors.ts';
import { inclusiveRange } from '../../validation/names.ts';
import { validateLocalDescendingPath } from './paths.ts';

const ID_MAX = 2_147_483_647;
const SYSCTL_MAX = 253;
const SYSCTL = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SYSCTL_PATTERN = new RegExp(`^${SYSCTL}$`);
const SECCOMP_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const FS_GROUP_POLICIES = ['Always', 'OnRootMismatch'];
const PROC_MOUNTS = ['Default', 'Unmasked'];

function validateId(id: number | undefined, field: string): FieldError[] {
  if (id === undefined || (id >= 0 && id <= ID_MAX)) return [];
  return [invalidValue(field, id, inclusiveRange(0, ID_MAX))];
}

export function validatePodSecurity(spec: V1PodSpec, path: string): FieldError[] {
  const errors = shareErrors(spec, path);
  const context: V1PodSecurityContext = spec.securityContext ?? {};
  errors.push(...validateId(context.fsGroup, `${path}.fsGroup`));
  errors.push(...validateId(context.runAsUser, `${path}.runAsUser`));
  errors.push(...validateId(context.runAsGroup, `${path}.runAsGroup`));
  (context.supplementalGroups ?? []).forEach((group, i) => {
    errors.push(...validateId(group, `${path}.supplementalGroups[${i}]`));
  });
  errors.push(...validateSysctls(context.sysctls ?? [], `${path}.sysctls`));
  const policy = context.fsGroupChangePolicy;
  if (policy !== undefined && !FS_GROUP_POLICIES.includes(policy)) {
    errors.push(notSupported(`${path}.fsGroupChangePolicy`, policy, FS_GROUP_POLICIES));
  }
  return [...errors, ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`)];
}

function shareErrors(spec: V1PodSpec, path: string): FieldError[] {
  if (!spec.shareProcessNamespace || !spec.hostPID) return [];
  const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
  return [invalidValue(`${path}.shareProcessNamespace`, true, detail)];
}

function validateSysctls(sysctls: readonly V1Sysctl[], path: string): FieldError[] {
  const names = new Set<string>();
  return sysctls.flatMap(({ name }, i) => {
    const field = `${path}[${i}].name`;
    if (!name) return [required(field)];
    if (name.length > SYSCTL_MAX || !SYSCTL_PATTERN.test(name)) {
      const detail = `must have at most ${SYSCTL_MAX} characters and match regex ^${SYSCTL}$`;
      return [invalidValue(field, name, detail)];
    }
    if (names.has(name)) return [duplicate(field, name)];
    names.add(name);
    return [];
  });
}

function validateSeccomp(profile: V1SeccompProfile | undefined, path: string): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const errors: FieldError[] = [];
  if (!type) errors.push(required(`${path}.type`, 'type is required when seccompProfile is set'));
  else if (!SECCOMP_TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, SECCOMP_TYPES));
  const field = `${path}.localhostProfile`;
  if (type === 'Localhost') {
    if (localhostProfile === undefined) errors.push(required(field, 'must be set when seccomp type is Localhost'));
    else errors.push(...validateLocalDescendingPath(localhostProfile, field));
  } else if (localhostProfile !== undefined) {
    const shown = { Type: type ?? '', LocalhostProfile: localhostProfile };
    errors.push(invalidValue(field, shown, 'can only be set when seccomp type is Localhost'));
  }
  return errors;
}

export function validateContainerSecurity(
  context: V1SecurityContext | undefined,
  spec: V1PodSpec,
  path: string,
): FieldError[] {
  if (!context) return [];
  const errors = [
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
  ];
  const { procMount } = context;
  if (procMount !== undefined) {
    if (!PROC_MOUNTS.includes(procMount)) errors.push(notSupported(`${path}.procMount`, procMount, PROC_MOUNTS));
    else if (procMount === 'Unmasked' && spec.hostUsers !== false) {
      const detail = '`hostUsers` must be false to use `Unmasked`';
      errors.push(invalidValue(`${path}.procMount`, procMount, detail));
    }
  }
  return [
    ...errors,
    ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`),
    ...validateEscalation(context, path),
  ];
}

function validateEscalation(context: V1SecurityContext, path: string): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const errors: FieldError[] = [];
  const refuse = (what: string) =>
    errors.push(
      invalidValue(path, shownContext(context), `cannot set \`allowPrivilegeEscalation\` to false and ${what}`),
    );
  if (context.privileged === true) refuse('`privileged` to true');
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) refuse('`capabilities.Add` CAP_SYS_ADMIN');
  return errors;
}

/** As upstream's internal type shows itself, as far as that can be told. */
function shownContext(context: V1SecurityContext): object {
  const { capabilities } = context;
  return {
    Capabilities: capabilities ? { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null } : null,
    Privileged: context.privileged ?? null,
    SELinuxOptions: context.seLinuxOptions ?? null,
    WindowsOptions: context.windowsOptions ?? null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: context.seccompProfile ?? null,
    AppArmorProfile: context.appArmorProfile ?? null,
  };
}
