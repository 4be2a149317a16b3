import type { DiscoveryV1EndpointPort, V1Endpoint, V1EndpointSlice } from '../../../openapi/generated/types.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countChange, startGeneration } from '../prepare.ts';
import { semanticEqual } from '../validation/equality.ts';
import { validateEndpointSlice, validateEndpointSliceUpdate } from './endpointslice-validation.ts';
import { endpointSlicesV1beta1 } from './endpointslices-v1beta1.ts';

const SLICE = 'io.k8s.api.discovery.v1.EndpointSlice';
const SHOWN_MAX = 3;

export function endpointSlices(describe: Describe): ResourceDeclaration {
  const old = endpointSlicesV1beta1();
  return declare<V1EndpointSlice>({
    group: 'discovery.k8s.io',
    version: 'v1',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    singular: 'endpointslice',
    namespaced: true,
    definition: SLICE,
    alsoServed: [old.served],
    columns: [
      nameColumn(describe),
      fieldColumn('AddressType', describe, [SLICE, 'addressType'], ({ addressType }) => addressType),
      fieldColumn('Ports', describe, [SLICE, 'ports'], ({ ports }) => formatPorts(ports ?? [])),
      fieldColumn('Endpoints', describe, [SLICE, 'endpoints'], ({ endpoints }) => formatEndpoints(endpoints ?? [])),
      ageColumn(describe),
    ],
    strategy: {
      default: defaultEndpointSlice,
      prepareForCreate(slice) {
        startGeneration(slice);
        if (!old.isOf(slice)) dropTopology(slice.endpoints ?? []);
      },
      prepareForUpdate(slice, before) {
        const changed = (['addressType', 'endpoints', 'ports'] as const).some(
          (field) => !semanticEqual(slice[field], before[field]),
        );
        if (changed || !semanticEqual(slice.metadata?.labels, before.metadata?.labels)) countChange(slice, before);
        if (!old.isOf(slice) && !semanticEqual(slice.endpoints, before.endpoints)) dropTopology(slice.endpoints ?? []);
      },
      validate: validateEndpointSlice,
      validateUpdate: validateEndpointSliceUpdate,
    },
  });
}

function defaultEndpointSlice(slice: V1EndpointSlice): void {
  for (const port of slice.ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
}

/** Only writers of v1beta1 may set what became `nodeName` and `zone`. */
function dropTopology(endpoints: readonly V1Endpoint[]): void {
  for (const endpoint of endpoints) delete endpoint.deprecatedTopology;
}

function formatPorts(ports: readonly DiscoveryV1EndpointPort[]): string {
  return formatList(ports.map(({ port, name }) => (port === undefined ? (name ?? '*') : String(port))));
}

function formatEndpoints(endpoints: readonly V1Endpoint[]): string {
  return formatList(endpoints.flatMap(({ addresses }) => addresses));
}

function formatList(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN_MAX).join(',');
  return texts.length > SHOWN_MAX ? `${shown} + ${texts.length - SHOWN_MAX} more...` : shown || '<unset>';
}
