/** What an object uses of a quota: upstream's evaluators, for admission and for whoever counts from scratch. */
import type {
  V1PersistentVolumeClaim,
  V1Pod,
  V1ResourceQuota,
  V1ScopedResourceSelectorRequirement,
  V1Service,
} from '../generated/types.ts';
import type { KubeObject } from '../object.ts';
import { classOfClaim } from './claim-class.ts';
import { podResourcesWithOverhead } from './pod-resources.ts';
import { qosClassOf } from './qos.ts';
import type { ResourceList } from './resource-list.ts';
import { isExtendedResource, isNativeResource } from './resource-names.ts';

/** How a quota sees one kind of object. */
export interface QuotaEvaluator {
  /** Whether such a write can change what is used. */
  handles(operation: 'create' | 'update' | 'delete', subresource: string): boolean;
  /** `nowMs`, where the time is known: a pod that should have ended by then is counted no more. */
  usage(object: KubeObject, nowMs?: number): ResourceList;
  /** Whether a resource that a quota limits has to do with such objects. */
  matchesResource(name: string): boolean;
  /** Whether the object is in the scope. */
  matchesScope(requirement: V1ScopedResourceSelectorRequirement, object: KubeObject): boolean;
  /** Of which limited resources the object must say how much it wants, and who does not: `requests.cpu for: web`. */
  missing(limited: readonly string[], object: KubeObject): string[];
}

/** Resources nobody counts: those that are not stored, and events. */
const IGNORED = new Set([
  'bindings',
  'componentstatuses',
  'events',
  'tokenreviews.authentication.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
]);
/** Kinds that were counted under their own name before all could be. */
const OWN_NAMES = ['configmaps', 'replicationcontrollers', 'resourcequotas', 'secrets'];
/** Kinds that can be limited by other names than `count/` and their own. */
const PLAIN_NAMES = ['pods', 'services', 'persistentvolumeclaims', ...OWN_NAMES];

/** For a resource such as `deployments.apps`; `undefined` for what is not counted. */
export function quotaEvaluator(resource: string): QuotaEvaluator | undefined {
  if (IGNORED.has(resource)) return undefined;
  switch (resource) {
    case 'pods':
      return POD_EVALUATOR;
    case 'services':
      return SERVICE_EVALUATOR;
    case 'persistentvolumeclaims':
      return CLAIM_EVALUATOR;
    default:
      return counted([`count/${resource}`, ...(OWN_NAMES.includes(resource) ? [resource] : [])]);
  }
}

/** What has to be counted for limits of these names: resources such as `pods` and `deployments.apps`. */
export function countedResources(limited: readonly string[]): string[] {
  const named = limited.filter((name) => name.startsWith('count/')).map((name) => name.slice('count/'.length));
  return [...new Set([...PLAIN_NAMES, ...named])].filter((resource) => {
    const evaluator = quotaEvaluator(resource);
    return evaluator !== undefined && limited.some((name) => evaluator.matchesResource(name));
  });
}

/** Everything that an object has to be for a quota to count it. */
export function requirementsOfQuota({ spec }: V1ResourceQuota): V1ScopedResourceSelectorRequirement[] {
  const plain = (spec?.scopes ?? []).map(
    (scopeName): V1ScopedResourceSelectorRequirement => ({ scopeName, operator: 'Exists' }),
  );
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

function counted(names: readonly string[]): QuotaEvaluator {
  return {
    handles: (operation, subresource) => operation === 'create' && subresource === '',
    usage: () => Object.fromEntries(names.map((name) => [name, '1'])),
    matchesResource: (name) => names.includes(name),
    matchesScope: () => false,
    missing: () => [],
  };
}

const POD_RESOURCES = new Set([
  'count/pods',
  'pods',
  ...['', 'requests.', 'limits.'].flatMap((prefix) =>
    ['cpu', 'memory', 'ephemeral-storage'].map((name) => prefix + name),
  ),
]);
/** Whoever limits these asks every container to say how much. */
const TO_BE_SAID = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'];

const POD_EVALUATOR: QuotaEvaluator = {
  handles: (operation, subresource) =>
    subresource === 'resize' ? operation === 'update' : operation === 'create' && subresource === '',
  usage: (object, nowMs) => podUsage(object as V1Pod, nowMs),
  matchesResource: (name) =>
    POD_RESOURCES.has(name) ||
    name.startsWith('hugepages-') ||
    name.startsWith('requests.hugepages-') ||
    (!isNativeResource(name) && name.startsWith('requests.')),
  matchesScope: (requirement, object) => podMatchesScope(requirement, object as V1Pod),
  missing: (limited, object) => unsaid(limited, object as V1Pod),
};

function podUsage(pod: V1Pod, nowMs?: number): ResourceList {
  const { spec, status } = pod;
  const ended = status?.phase === 'Failed' || status?.phase === 'Succeeded' || isStuck(pod, nowMs);
  if (!spec || ended) return { 'count/pods': '1' };
  const requests = podResourcesWithOverhead(spec, 'requests');
  return {
    'count/pods': '1',
    pods: '1',
    ...computeUsage(requests, podResourcesWithOverhead(spec, 'limits')),
  };
}

/** Whether the pod's time to stop is over: its node is lost, and its owner may need another in its place. */
function isStuck({ metadata }: V1Pod, nowMs: number | undefined): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  if (nowMs === undefined || deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return false;
  return nowMs > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function computeUsage(requests: ResourceList, limits: ResourceList): ResourceList {
  const used: Record<string, string> = {};
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const [request, limit] = [requests[name], limits[name]];
    if (request !== undefined) Object.assign(used, { [name]: request, [`requests.${name}`]: request });
    if (limit !== undefined) used[`limits.${name}`] = limit;
  }
  for (const [name, request] of Object.entries(requests)) {
    if (name.startsWith('hugepages-')) Object.assign(used, { [name]: request, [`requests.${name}`]: request });
    else if (isExtendedResource(name)) used[`requests.${name}`] = request;
  }
  return used;
}

function unsaid(limited: readonly string[], { spec }: V1Pod): string[] {
  const wanted = limited.filter((name) => TO_BE_SAID.includes(name)).sort();
  // Who says it for the pod as a whole need not say it for each container.
  if (wanted.length === 0 || !spec || spec.resources?.requests || spec.resources?.limits) return [];
  const said = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name, resources = {} }) => ({
    name,
    usage: computeUsage(resources.requests ?? {}, resources.limits ?? {}),
  }));
  return wanted.flatMap((resource) => {
    const silent = said.filter(({ usage }) => usage[resource] === undefined).map(({ name }) => name);
    return silent.length > 0 ? [`${resource} for: ${[...new Set(silent)].sort().join(',')}`] : [];
  });
}

function podMatchesScope(requirement: V1ScopedResourceSelectorRequirement, pod: V1Pod): boolean {
  const { spec } = pod;
  switch (requirement.scopeName) {
    case 'Terminating':
      return (spec?.activeDeadlineSeconds ?? -1) >= 0;
    case 'NotTerminating':
      return !((spec?.activeDeadlineSeconds ?? -1) >= 0);
    case 'BestEffort':
      return qosClassOf(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(pod) !== 'BestEffort';
    case 'PriorityClass':
      return matchesValue(requirement, spec?.priorityClassName ? [spec.priorityClassName] : []);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod);
    default:
      return false;
  }
}

function matchesValue({ operator, values = [] }: V1ScopedResourceSelectorRequirement, own: string[]): boolean {
  switch (operator) {
    case 'In':
      return own.some((value) => values.includes(value));
    case 'NotIn':
      return !own.some((value) => values.includes(value));
    case 'Exists':
      return own.length > 0;
    case 'DoesNotExist':
      return own.length === 0;
    default:
      return false;
  }
}

function crossesNamespaces({ spec }: V1Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const terms = [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => each.podAffinityTerm),
    ];
    return terms.some(({ namespaces, namespaceSelector }) => namespaces?.length || namespaceSelector);
  });
}

const SERVICE_EVALUATOR: QuotaEvaluator = {
  handles: (operation, subresource) => operation !== 'delete' && subresource === '',
  usage: (object) => serviceUsage(object as V1Service),
  matchesResource: (name) =>
    ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'].includes(name),
  matchesScope: () => false,
  missing: () => [],
};

function serviceUsage({ spec }: V1Service): ResourceList {
  const balanced = spec?.type === 'LoadBalancer';
  const ports = spec?.ports ?? [];
  // A balancer may do without ports of its own, and keeps those it has.
  const withoutPorts = balanced && spec.allocateLoadBalancerNodePorts === false;
  const taken = withoutPorts ? ports.filter(({ nodePort }) => nodePort) : ports;
  return {
    'count/services': '1',
    services: '1',
    'services.loadbalancers': balanced ? '1' : '0',
    'services.nodeports': balanced || spec?.type === 'NodePort' ? String(taken.length) : '0',
  };
}

const CLASS_SUFFIX = '.storageclass.storage.k8s.io/';
const CLAIM_RESOURCES = ['persistentvolumeclaims', 'requests.storage'];

const CLAIM_EVALUATOR: QuotaEvaluator = {
  handles: (operation, subresource) => operation !== 'delete' && subresource === '',
  usage: (object) => claimUsage(object as V1PersistentVolumeClaim),
  matchesResource: (name) =>
    name === 'count/persistentvolumeclaims' ||
    CLAIM_RESOURCES.some((resource) => name === resource || name.endsWith(CLASS_SUFFIX + resource)),
  matchesScope: (requirement, object) =>
    requirement.scopeName === 'VolumeAttributesClass' &&
    matchesValue(requirement, attributesClasses(object as V1PersistentVolumeClaim)),
  missing: () => [],
};

/** The class that is wanted, the one that is, and the one that is on its way. */
function attributesClasses({ spec, status }: V1PersistentVolumeClaim): string[] {
  const classes = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return classes.filter((name) => name !== undefined && name !== '') as string[];
}

function claimUsage(claim: V1PersistentVolumeClaim): ResourceList {
  const name = classOfClaim(claim);
  const storage = claim.spec?.resources?.requests?.storage;
  return {
    persistentvolumeclaims: '1',
    'count/persistentvolumeclaims': '1',
    ...(name ? { [`${name}${CLASS_SUFFIX}persistentvolumeclaims`]: '1' } : {}),
    ...(storage === undefined ? {} : { 'requests.storage': storage }),
    ...(name && storage !== undefined ? { [`${name}${CLASS_SUFFIX}requests.storage`]: storage } : {}),
  };
}
