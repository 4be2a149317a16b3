/** Upstream's LimitRanger: a namespace's LimitRanges give containers what they left out, and refuse what goes too far. */
import type {
  V1Container,
  V1LimitRange,
  V1LimitRangeItem,
  V1PersistentVolumeClaim,
  V1Pod,
} from '../../../openapi/generated/types.ts';
import { podResources } from '../../../openapi/quota/pod-resources.ts';
import { nanosOf, type ResourceList } from '../../../openapi/quota/resource-list.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import { type Admission, type AdmissionRequest, aggregate, isAbout, refusal } from './admission.ts';

const ANNOTATION = 'kubernetes.io/limit-ranger';

export function limitRanger(cache: WatchCache): Admission {
  return {
    mutate(request) {
      if (!isLimited(request) || request.declaration.plural !== 'pods') return;
      if (request.old?.metadata?.deletionTimestamp) return;
      for (const range of rangesOf(cache, request.namespace)) setDefaults(request.object as V1Pod, range);
    },
    validate(request) {
      if (!isLimited(request) || request.old?.metadata?.deletionTimestamp) return;
      for (const range of rangesOf(cache, request.namespace)) {
        const wrong = (range.spec?.limits ?? []).flatMap((limit) => violations(request, limit));
        if (wrong.length > 0) throw refusal(request, aggregate(wrong));
      }
    },
  };
}

function rangesOf(cache: WatchCache, namespace: string): V1LimitRange[] {
  return cache.directory(`/registry/limitranges/${namespace}/`).map(({ object }) => object as V1LimitRange);
}

/** What a pod's containers ask for is settled when it is made, unless it is resized. */
function isLimited(request: AdmissionRequest): boolean {
  const { operation, declaration, subresource } = request;
  if (operation === 'delete') return false;
  if (isAbout(request, 'persistentvolumeclaims')) return true;
  if (isAbout(request, 'pods')) return operation === 'create';
  return declaration.plural === 'pods' && declaration.group === '' && subresource === 'resize';
}

function setDefaults(pod: V1Pod, { spec }: V1LimitRange): void {
  const items = (spec?.limits ?? []).filter(({ type }) => type === 'Container');
  const limits: ResourceList = Object.assign({}, ...items.map((item) => item.default ?? {}));
  const requests: ResourceList = Object.assign({}, ...items.map((item) => item.defaultRequest ?? {}));
  const done = [
    ...(pod.spec?.containers ?? []).flatMap((each) => fill(each, requests, limits, 'container')),
    ...(pod.spec?.initContainers ?? []).flatMap((each) => fill(each, requests, limits, 'init container')),
  ];
  if (done.length === 0) return;
  pod.metadata ??= {};
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${done.join('; ')}`,
  };
}

/** Gives a container what it left out, and says what: `cpu, memory request for container web`. */
function fill(container: V1Container, requests: ResourceList, limits: ResourceList, what: string): string[] {
  container.resources ??= {};
  const { resources } = container;
  const set = (kind: 'requests' | 'limits', defaults: ResourceList) => {
    const missing = Object.keys(defaults).filter((name) => resources[kind]?.[name] === undefined);
    if (missing.length > 0) resources[kind] = { ...defaults, ...resources[kind] };
    const text = `${missing.sort().join(', ')} ${kind.slice(0, -1)} for ${what} ${container.name}`;
    return missing.length > 0 ? [text] : [];
  };
  const setLimits = set('limits', limits);
  return [...set('requests', requests), ...setLimits];
}

interface Amounts {
  requests: ResourceList;
  limits: ResourceList;
}

function violations(request: AdmissionRequest, limit: V1LimitRangeItem): string[] {
  if (request.declaration.plural === 'persistentvolumeclaims') {
    return limit.type === 'PersistentVolumeClaim' ? claimViolations(request, limit) : [];
  }
  const { spec } = request.object as V1Pod;
  if (!spec) return [];
  switch (limit.type) {
    case 'Container':
      return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
        outside({ requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }, limit),
      );
    case 'Pod':
      return outside({ requests: podResources(spec, 'requests'), limits: podResources(spec, 'limits') }, limit);
    default:
      return [];
  }
}

/** Claims have no limits that would count: minimum and maximum are about what is asked for. */
function claimViolations(request: AdmissionRequest, limit: V1LimitRangeItem): string[] {
  const requests = (request.object as V1PersistentVolumeClaim).spec?.resources?.requests ?? {};
  return [
    ...each(limit.min, (name, enforced) => below(limit.type, name, enforced, { requests, limits: {} })),
    ...each(limit.max, (name, enforced) => aboveRequested(limit.type, name, enforced, requests)),
  ];
}

function outside(amounts: Amounts, limit: V1LimitRangeItem): string[] {
  const { type } = limit;
  return [
    ...each(limit.min, (name, enforced) => below(type, name, enforced, amounts)),
    ...each(limit.max, (name, enforced) => above(type, name, enforced, amounts)),
    ...each(limit.maxLimitRequestRatio, (name, enforced) => aboveRatio(type, name, enforced, amounts)),
  ];
}

function each(list: ResourceList | undefined, check: (name: string, enforced: string) => string | undefined): string[] {
  return Object.entries(list ?? {}).flatMap(([name, enforced]) => check(name, enforced) ?? []);
}

function below(type: string, name: string, enforced: string, { requests, limits }: Amounts): string | undefined {
  const text = `minimum ${name} usage per ${type} is ${enforced}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined) return `${text}.  No request is specified`;
  if (nanosOf(request) < nanosOf(enforced)) return `${text}, but request is ${request}`;
  return limit !== undefined && nanosOf(limit) < nanosOf(enforced) ? `${text}, but limit is ${limit}` : undefined;
}

function aboveRequested(type: string, name: string, enforced: string, requests: ResourceList): string | undefined {
  const text = `maximum ${name} usage per ${type} is ${enforced}`;
  const request = requests[name];
  if (request === undefined) return `${text}.  No request is specified`;
  return nanosOf(request) > nanosOf(enforced) ? `${text}, but request is ${request}` : undefined;
}

function above(type: string, name: string, enforced: string, { requests, limits }: Amounts): string | undefined {
  const text = `maximum ${name} usage per ${type} is ${enforced}`;
  const limit = limits[name];
  if (limit === undefined) return `${text}.  No limit is specified`;
  if (nanosOf(limit) > nanosOf(enforced)) return `${text}, but limit is ${limit}`;
  return requests[name] === undefined ? undefined : aboveRequested(type, name, enforced, requests);
}

function aboveRatio(type: string, name: string, enforced: string, { requests, limits }: Amounts): string | undefined {
  const text = `${name} max limit to request ratio per ${type} is ${enforced}`;
  const [request, limit] = [nanosOf(requests[name]), nanosOf(limits[name])];
  if (request === 0n) return `${text}, but no request is specified or request is 0`;
  if (limit === 0n) return `${text}, but no limit is specified or limit is 0`;
  const ratio = Number(limit) / Number(request);
  return ratio * 1e9 > Number(nanosOf(enforced)) ? `${text}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
