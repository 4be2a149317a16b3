/** Hints for proxies about who should use an endpoint, as a Service's `trafficDistribution` asks for. */
import type { V1Endpoint, V1EndpointHints, V1EndpointSlice, V1Service } from '../../openapi/generated/types.ts';
import type { SlicePlan } from './slices.ts';

const CLOSE: ReadonlySet<string> = new Set(['PreferClose', 'PreferSameZone', 'PreferSameNode']);
/** Either asks for hints by another rule, which has precedence. The older name counts first. */
const TOPOLOGY_ANNOTATIONS = ['service.kubernetes.io/topology-aware-hints', 'service.kubernetes.io/topology-mode'];

/**
 * The plan with hints added to, or taken from, every slice that is written; slices that would otherwise stay as they
 * are join it when their hints are not right. `existing` are all slices of the plan's address type.
 */
export function withHints(plan: SlicePlan, service: V1Service, existing: readonly V1EndpointSlice[]): SlicePlan {
  return applied(plan, ruleOf(service), existing);
}

/** The plan without any hints, which slices that have some join. */
export function withoutHints(plan: SlicePlan, existing: readonly V1EndpointSlice[]): SlicePlan {
  return applied(plan, () => undefined, existing);
}

function applied(plan: SlicePlan, hintsOf: Rule, existing: readonly V1EndpointSlice[]): SlicePlan {
  const touched = new Set([...plan.update, ...plan.delete].map(({ metadata }) => metadata?.name));
  const apply = (slice: V1EndpointSlice) => hinted(slice, hintsOf) ?? slice;
  const further = existing.flatMap((slice) => {
    const changed = touched.has(slice.metadata?.name) ? undefined : hinted(slice, hintsOf);
    return changed ? [changed] : [];
  });
  return { create: plan.create.map(apply), update: [...plan.update.map(apply), ...further], delete: plan.delete };
}

type Rule = (endpoint: V1Endpoint) => V1EndpointHints | undefined;

function ruleOf(service: V1Service): Rule {
  const distribution = service.spec?.trafficDistribution ?? '';
  if (!CLOSE.has(distribution) || usesTopologyAnnotation(service)) return () => undefined;
  const forNodes = distribution === 'PreferSameNode';
  return (endpoint) => {
    // Nobody is sent to an endpoint that is not ready, so its hints are left as they are.
    if (!endpoint.conditions?.ready) return endpoint.hints;
    const { zone, nodeName } = endpoint;
    const node = forNodes && nodeName !== undefined ? nodeName : undefined;
    if (zone === undefined && node === undefined) return undefined;
    return {
      ...(zone === undefined ? {} : { forZones: [{ name: zone }] }),
      ...(node === undefined ? {} : { forNodes: [{ name: node }] }),
    };
  };
}

/** Whether the Service asks for hints by the size of zones. */
export function usesTopologyAnnotation({ metadata }: V1Service): boolean {
  const name = TOPOLOGY_ANNOTATIONS.find((key) => metadata?.annotations?.[key] !== undefined);
  return name !== undefined && /^[Aa]uto$/.test(metadata?.annotations?.[name] ?? '');
}

/** The slice with the hints it should have, `undefined` when it has them. */
function hinted(slice: V1EndpointSlice, hintsOf: Rule): V1EndpointSlice | undefined {
  let changed = false;
  const endpoints = (slice.endpoints ?? []).map((endpoint) => {
    const wanted = hintsOf(endpoint);
    if (sameHints(wanted, endpoint.hints)) return endpoint;
    changed = true;
    const { hints: _hints, ...rest } = endpoint;
    return wanted ? { ...rest, hints: wanted } : rest;
  });
  return changed ? { ...slice, endpoints } : undefined;
}

function sameHints(a: V1EndpointHints | undefined, b: V1EndpointHints | undefined): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  return sameNames(a.forZones, b.forZones) && sameNames(a.forNodes, b.forNodes);
}

function sameNames(a: readonly { name: string }[] = [], b: readonly { name: string }[] = []): boolean {
  return a.length === b.length && a.every(({ name }, index) => name === b[index]?.name);
}
