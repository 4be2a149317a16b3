/** The environment of a container. */
import type { V1Container, V1EnvVar, V1Pod, V1Service } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ConfigData, ConfigSource } from './config-source.ts';
import { type DownwardFacts, fieldValue, resourceValue } from './downward.ts';
import { identityOf } from './names.ts';

/** Replaces `$(NAME)` by its value and `$$` by `$`; a name that is not known stays as it is written. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? whole),
  );
}

/** The variables that tell a pod of the services it may call, oldest habits of Docker's links included. */
export function serviceVariables(pod: V1Pod, services: readonly V1Service[]): Map<string, string> {
  const { namespace } = identityOf(pod);
  const links = pod.spec?.enableServiceLinks !== false;
  const chosen = new Map<string, V1Service>();
  for (const service of services) {
    const ip = service.spec?.clusterIP;
    if (!ip || ip === 'None' || !service.spec?.ports?.length) continue;
    const { name = '', namespace: home } = service.metadata ?? {};
    // The API server's own service is told everywhere, unless the pod's namespace has one of that name.
    if (home === namespace && (links || (home === 'default' && name === 'kubernetes'))) chosen.set(name, service);
    else if (home === 'default' && name === 'kubernetes' && !chosen.has(name)) chosen.set(name, service);
  }
  const variables = new Map<string, string>();
  for (const name of [...chosen.keys()].sort()) addService(variables, chosen.get(name) as V1Service);
  return variables;
}

function addService(variables: Map<string, string>, service: V1Service): void {
  const prefix = variableName(service.metadata?.name ?? '');
  const ip = service.spec?.clusterIP ?? '';
  const host = ip.includes(':') ? `[${ip}]` : ip;
  const ports = service.spec?.ports ?? [];
  variables.set(`${prefix}_SERVICE_HOST`, ip);
  variables.set(`${prefix}_SERVICE_PORT`, String(ports[0]?.port));
  for (const { name, port } of ports) {
    if (name) variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
  }
  for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
    const url = `${protocol.toLowerCase()}://${host}:${port}`;
    if (index === 0) variables.set(`${prefix}_PORT`, url);
    const portPrefix = `${prefix}_PORT_${port}_${protocol}`;
    variables.set(portPrefix, url);
    variables.set(`${portPrefix}_PROTO`, protocol.toLowerCase());
    variables.set(`${portPrefix}_PORT`, String(port));
    variables.set(`${portPrefix}_ADDR`, ip);
  }
}

function variableName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}

export interface EnvSources {
  config: Pick<ConfigSource, 'configMap' | 'secret'>;
  services: readonly V1Service[];
  facts: DownwardFacts;
}

/** Name to value, in the order in which they count. Rejects when something asked for is not there. */
export async function environmentOf(
  pod: V1Pod,
  container: V1Container,
  sources: EnvSources,
): Promise<Map<string, string>> {
  const services = serviceVariables(pod, sources.services);
  const result = await importedVariables(pod, container, sources);
  // References see what was defined before them, and services last.
  const known = new Map([...services, ...result]);
  for (const variable of container.env ?? []) {
    const value = await variableValue(pod, container, variable, sources, known);
    if (value === undefined) continue;
    result.delete(variable.name);
    result.set(variable.name, value);
    known.set(variable.name, value);
  }
  for (const [name, value] of services) if (!result.has(name)) result.set(name, value);
  return result;
}

async function importedVariables(pod: V1Pod, container: V1Container, { config }: EnvSources) {
  const result = new Map<string, string>();
  const { namespace } = identityOf(pod);
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const reference = configMapRef ?? secretRef;
    const read = configMapRef ? config.configMap.bind(config) : config.secret.bind(config);
    if (!reference?.name) continue;
    const data = await optionally(reference.optional, () => read(namespace, reference.name ?? ''));
    for (const [key, value] of data ?? []) {
      const name = `${prefix}${key}`;
      if (isVariableName(name)) result.set(name, value.toString());
    }
  }
  return result;
}

/** Since 1.34 upstream takes any printable ASCII but `=`. */
function isVariableName(name: string): boolean {
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(name);
}

async function variableValue(
  pod: V1Pod,
  container: V1Container,
  variable: V1EnvVar,
  sources: EnvSources,
  known: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const from = variable.valueFrom;
  if (!from) return expand(variable.value ?? '', known);
  if (from.fieldRef) return fieldValue(pod, from.fieldRef.fieldPath, sources.facts);
  if (from.resourceFieldRef) return resourceValue(pod, container, from.resourceFieldRef, sources.facts);
  const { namespace } = identityOf(pod);
  const reference = from.configMapKeyRef ?? from.secretKeyRef;
  if (!reference) throw new Error(`env variable ${variable.name}: source is not supported by this kubelet`);
  const kind = from.configMapKeyRef ? 'ConfigMap' : 'Secret';
  const read = from.configMapKeyRef
    ? sources.config.configMap.bind(sources.config)
    : sources.config.secret.bind(sources.config);
  const data = await optionally(reference.optional, () => read(namespace, reference.name ?? ''));
  const value = data?.get(reference.key);
  if (value === undefined && !reference.optional) {
    throw new Error(`couldn't find key ${reference.key} in ${kind} ${namespace}/${reference.name ?? ''}`);
  }
  return value?.toString();
}

async function optionally(optional: boolean | undefined, read: () => Promise<ConfigData>) {
  try {
    return await read();
  } catch (error) {
    if (optional && isStatus(error, 'NotFound')) return undefined;
    throw error;
  }
}
