/** What `kubectl get services` shows. */
import type { V1Service, V1ServicePort } from '../../../openapi/generated/types.ts';
import type { Column } from '../declaration.ts';
import { ageColumn, type Describe, fieldColumn, formatLabels, nameColumn } from './columns.ts';

const SPEC = 'io.k8s.api.core.v1.ServiceSpec';
const NONE = '<none>';
/** Longer lists of load balancers are cut, for `-o wide` shows them in another column's place. */
const LOAD_BALANCERS_MAX = 16;

export function serviceColumns(describe: Describe): Column<V1Service>[] {
  return [
    nameColumn(describe),
    fieldColumn('Type', describe, [SPEC, 'type'], (service) => service.spec?.type ?? ''),
    fieldColumn('Cluster-IP', describe, [SPEC, 'clusterIP'], (service) => service.spec?.clusterIPs?.[0] || NONE),
    fieldColumn('External-IP', describe, [SPEC, 'externalIPs'], externalIp),
    fieldColumn('Port(s)', describe, [SPEC, 'ports'], (service) => portsText(service.spec?.ports ?? []) || NONE),
    ageColumn(describe),
    fieldColumn('Selector', describe, [SPEC, 'selector'], (service) => formatLabels(service.spec?.selector), {
      priority: 1,
    }),
  ];
}

function externalIp(service: V1Service): string {
  const { type, externalIPs = [], externalName = '' } = service.spec ?? {};
  switch (type) {
    case 'ClusterIP':
    case 'NodePort':
      return externalIPs.join(',') || NONE;
    case 'LoadBalancer':
      return [loadBalancers(service), ...externalIPs].filter((text) => text !== '').join(',') || '<pending>';
    case 'ExternalName':
      return externalName;
    default:
      return '<unknown>';
  }
}

function loadBalancers(service: V1Service): string {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  const texts = ingress.map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== '');
  const text = [...new Set(texts)].sort().join(',');
  return text.length > LOAD_BALANCERS_MAX ? `${text.slice(0, LOAD_BALANCERS_MAX - 3)}...` : text;
}

/** `80/TCP,443:30443/TCP` */
function portsText(ports: readonly V1ServicePort[]): string {
  return ports
    .map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`))
    .join(',');
}
