/**
 * EndpointSlices of discovery.k8s.io/v1beta1. Its endpoints have one map `topology` in place of `zone` and
 * `deprecatedTopology`; all else is as in v1.
 */
import type { V1Endpoint, V1EndpointSlice } from '../../../openapi/generated/types.ts';
import { isJsonObject } from '../../../openapi/json.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { type Decoded, decode } from '../../../openapi/schema.ts';
import type { ServedVersion } from '../declaration.ts';

const DEFINITION = 'io.k8s.api.discovery.v1.EndpointSlice';
const ZONE = 'topology.kubernetes.io/zone';

type OldEndpoint = V1Endpoint & { topology?: Record<string, string> };

/** `isOf`: whether an object that is being written came in this version. */
export function endpointSlicesV1beta1(): {
  served: ServedVersion<V1EndpointSlice>;
  isOf(slice: V1EndpointSlice): boolean;
} {
  const written = new WeakSet<KubeObject>();
  const served: ServedVersion<V1EndpointSlice> = {
    version: 'v1beta1',
    definition: DEFINITION,
    deprecation:
      'discovery.k8s.io/v1beta1 EndpointSlice is deprecated in v1.21+, unavailable in v1.25+; use discovery.k8s.io/v1 EndpointSlice',
    decode: decodeOld,
    fromStored: (slice) => endpointsOf(slice).forEach(toTopology),
    toStored(slice) {
      written.add(slice);
      endpointsOf(slice).forEach(fromTopology);
    },
  };
  return { served, isOf: (slice) => written.has(slice) };
}

function endpointsOf(slice: KubeObject): OldEndpoint[] {
  return (slice as V1EndpointSlice).endpoints ?? [];
}

function toTopology(endpoint: OldEndpoint): void {
  const { zone, deprecatedTopology } = endpoint;
  if (zone !== undefined || deprecatedTopology) {
    endpoint.topology = { ...deprecatedTopology, ...(zone === undefined ? {} : { [ZONE]: zone }) };
  }
  delete endpoint.zone;
  delete endpoint.deprecatedTopology;
}

function fromTopology(endpoint: OldEndpoint): void {
  if (!endpoint.topology) return;
  const { [ZONE]: zone, ...rest } = endpoint.topology;
  if (zone !== undefined) endpoint.zone = zone;
  if (Object.keys(rest).length > 0) endpoint.deprecatedTopology = rest;
  delete endpoint.topology;
}

/** By v1's schema, with the one field under its newer name meanwhile. */
function decodeOld(value: unknown): Decoded {
  const decoded = decode(
    DEFINITION,
    withEndpoints(value, (endpoint) => renamed(endpoint, 'topology', 'deprecatedTopology')),
  );
  return {
    ...decoded,
    value: withEndpoints(decoded.value, (endpoint) => renamed(endpoint, 'deprecatedTopology', 'topology')),
  };
}

type JsonObject = Record<string, unknown>;

function withEndpoints(slice: unknown, change: (endpoint: JsonObject) => JsonObject): unknown {
  if (!isJsonObject(slice) || !Array.isArray(slice.endpoints)) return slice;
  const endpoints = slice.endpoints.map((endpoint) => (isJsonObject(endpoint) ? change(endpoint) : endpoint));
  return { ...slice, endpoints };
}

function renamed(object: JsonObject, from: string, to: string): JsonObject {
  if (!Object.hasOwn(object, from)) return object;
  const { [from]: value, ...rest } = object;
  return { ...rest, [to]: value };
}
