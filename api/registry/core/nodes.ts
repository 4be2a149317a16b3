import type { V1Node, V1NodeAddress, V1Taint } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateLabelName } from '../validation/fields.ts';
import { parseCidr } from '../validation/ip.ts';
import { isLabelValue } from '../validation/names.ts';
import { canonicalizeResources, validateQuantityValue } from '../validation/quantities.ts';
import { ageColumn, column, type Describe, fieldColumn, nameColumn } from './columns.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';
export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function nodes(describe: Describe): ResourceDeclaration {
  const info = 'io.k8s.api.core.v1.NodeSystemInfo';
  const addresses = ['io.k8s.api.core.v1.NodeStatus', 'addresses'] as const;
  const wide = { priority: 1 };
  return declare<V1Node>({
    group: '',
    version: 'v1',
    kind: 'Node',
    plural: 'nodes',
    singular: 'node',
    shortNames: ['no'],
    namespaced: false,
    definition: 'io.k8s.api.core.v1.Node',
    storagePrefix: 'minions',
    columns: [
      nameColumn(describe),
      column('Status', 'The status of the node', statusText),
      column('Roles', 'The roles of the node', (node) => rolesOf(node).join(',') || '<none>'),
      ageColumn(describe),
      fieldColumn('Version', describe, [info, 'kubeletVersion'], (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
      fieldColumn('Internal-IP', describe, addresses, (node) => addressOf(node, 'InternalIP'), wide),
      fieldColumn('External-IP', describe, addresses, (node) => addressOf(node, 'ExternalIP'), wide),
      fieldColumn('OS-Image', describe, [info, 'osImage'], (node) => known(node.status?.nodeInfo?.osImage), wide),
      fieldColumn(
        'Kernel-Version',
        describe,
        [info, 'kernelVersion'],
        (node) => known(node.status?.nodeInfo?.kernelVersion),
        wide,
      ),
      fieldColumn(
        'Container-Runtime',
        describe,
        [info, 'containerRuntimeVersion'],
        (node) => known(node.status?.nodeInfo?.containerRuntimeVersion),
        wide,
      ),
    ],
    fields: (node) => ({ 'spec.unschedulable': String(node.spec?.unschedulable ?? false) }),
    fieldLabels: ['spec.unschedulable'],
    strategy: {
      default: defaultNode,
      prepareForUpdate(node, old) {
        node.status = old.status ?? {};
      },
      validate: validateNode,
      validateUpdate: validateNodeUpdate,
    },
    status: {
      prepareForUpdate(node, old) {
        node.spec = old.spec ?? {};
      },
      validateUpdate: (node, old) => [...validateNode(node), ...validateNodeUpdate(node, old)],
    },
  });
}

/** Clients rely on every one of these being there. */
const UNKNOWN_INFO = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  containerRuntimeVersion: '',
  kubeletVersion: '',
  kubeProxyVersion: '',
  operatingSystem: '',
  architecture: '',
};

function defaultNode(node: V1Node): void {
  node.spec ??= {};
  node.status ??= {};
  const { spec, status } = node;
  if (spec.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR];
  else if (spec.podCIDRs?.[0] && !spec.podCIDR) spec.podCIDR = spec.podCIDRs[0];
  canonicalizeResources(status.capacity);
  canonicalizeResources(status.allocatable);
  if (!status.allocatable && status.capacity) status.allocatable = { ...status.capacity };
  status.daemonEndpoints ??= {};
  status.daemonEndpoints.kubeletEndpoint ??= { Port: 0 };
  status.nodeInfo = { ...UNKNOWN_INFO, ...status.nodeInfo };
}

function statusText(node: V1Node): string {
  const ready = node.status?.conditions?.findLast((condition) => condition.type === 'Ready');
  const text = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return node.spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

function rolesOf(node: V1Node): string[] {
  const roles = Object.entries(node.metadata?.labels ?? {}).map(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return key.slice(ROLE_PREFIX.length);
    return key === ROLE_LABEL ? value : '';
  });
  return [...new Set(roles.filter((role) => role !== ''))].sort();
}

function addressOf(node: V1Node, type: string): string {
  return node.status?.addresses?.find((address) => address.type === type)?.address ?? '<none>';
}

function known(text: string | undefined): string {
  return text || '<unknown>';
}

export function validateNode(node: V1Node): FieldError[] {
  const { spec = {}, status = {} } = node;
  const resources = (list: Record<string, string> | undefined, path: string) =>
    Object.entries(list ?? {}).flatMap(([name, text]) => validateQuantityValue(name, text, `${path}.${name}`));
  return [
    ...validateTaints(spec.taints ?? [], 'metadata.taints'),
    ...resources(status.capacity, 'status.capacity'),
    ...resources(status.allocatable, 'status.allocatable'),
    ...validatePodCidrs(spec.podCIDRs ?? []),
  ];
}

function validatePodCidrs(cidrs: readonly string[]): FieldError[] {
  const field = 'spec.podCIDRs';
  const parsed = cidrs.map((text) => parseCidr(text));
  const errors = cidrs.flatMap((text, i) =>
    parsed[i]
      ? []
      : [invalidValue(`${field}[${i}]`, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')],
  );
  const families = new Set(parsed.map((cidr) => cidr?.family));
  if (cidrs.length > 2 || (cidrs.length === 2 && families.size < 2)) {
    errors.push(invalidValue(field, cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

export function validateTaints(taints: readonly V1Taint[], path: string): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, i) => {
    const { key, value = '', effect } = taint;
    const field = `${path}[${i}]`;
    const errors = validateLabelName(key, `${field}.key`);
    const valueErrors = isLabelValue(value);
    if (valueErrors.length > 0) errors.push(invalidValue(`${field}.value`, value, valueErrors.join(';')));
    if (!effect) errors.push(required(`${field}.effect`));
    else if (!TAINT_EFFECTS.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, TAINT_EFFECTS));
    if (seen.has(`${effect} ${key}`)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null };
      errors.push(duplicate(field, shown, 'taints must be unique by key and effect pair'));
    }
    seen.add(`${effect} ${key}`);
    return errors;
  });
}

export function validateNodeUpdate(node: V1Node, old: V1Node): FieldError[] {
  const errors = validateAddresses(node.status?.addresses ?? []);
  const spec = node.spec ?? {};
  const before = old.spec ?? {};
  const onlyOnce = (field: 'podCIDRs' | 'providerID', name: string) => {
    if (semanticEqual(before[field], undefined) || semanticEqual(spec[field], before[field])) return;
    errors.push(forbiddenField(`spec.${field}`, `node updates may not change ${name} except from "" to valid`));
  };
  onlyOnce('podCIDRs', 'podCIDR');
  onlyOnce('providerID', 'providerID');
  const same = {
    unschedulable: spec.unschedulable,
    taints: spec.taints,
    configSource: spec.configSource,
    ...(before.providerID ? {} : { providerID: spec.providerID }),
    ...(before.podCIDRs?.length ? {} : { podCIDR: spec.podCIDR, podCIDRs: spec.podCIDRs }),
  };
  if (!semanticEqual({ ...before, ...same }, spec)) {
    errors.push(forbiddenField('[]', 'node updates may only change labels, taints, or capacity'));
  }
  return errors;
}

function validateAddresses(addresses: readonly V1NodeAddress[]): FieldError[] {
  const seen = new Set<string>();
  return addresses.flatMap((address, i) => {
    const key = `${address.type} ${address.address}`;
    const repeated = seen.has(key);
    seen.add(key);
    const shown = { Type: address.type, Address: address.address };
    return repeated ? [duplicate(`status.addresses[${i}]`, shown)] : [];
  });
}
