import type { V1Ingress, V1IngressLoadBalancerStatus } from '../../../openapi/generated/types.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { validateClassAnnotation, validateIngress, validateIngressStatusUpdate } from './ingress-validation.ts';

const HOSTS_SHOWN_MAX = 3;
/** Addresses beyond this are cut. */
const ADDRESS_WIDTH = 16;

export function ingresses(describe: Describe): ResourceDeclaration {
  /** Objects about to be created: only those are checked for what an update may do. */
  const created = new WeakSet<V1Ingress>();
  return declare<V1Ingress>({
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'Ingress',
    plural: 'ingresses',
    singular: 'ingress',
    shortNames: ['ing'],
    namespaced: true,
    definition: 'io.k8s.api.networking.v1.Ingress',
    storagePrefix: 'ingress',
    columns: [
      nameColumn(describe),
      column(
        'Class',
        'The name of the IngressClass resource that should be used for additional configuration',
        ({ spec }) => spec?.ingressClassName ?? '<none>',
      ),
      column('Hosts', 'Hosts that incoming requests are matched against before the ingress rule', formatHosts),
      column('Address', 'Address is a list containing ingress points for the load-balancer', ({ status }) =>
        formatAddresses(status?.loadBalancer ?? {}),
      ),
      column('Ports', 'Ports of TLS configurations that open', ({ spec }) => (spec?.tls?.length ? '80, 443' : '80')),
      ageColumn(describe),
    ],
    strategy: {
      default: defaultIngress,
      prepareForCreate(ingress) {
        ingress.status = { loadBalancer: {} };
        startGeneration(ingress);
        created.add(ingress);
      },
      prepareForUpdate(ingress, old) {
        ingress.status = old.status ?? { loadBalancer: {} };
        countSpecChange(ingress, old);
      },
      validate: (ingress) => [
        ...validateIngress(ingress),
        ...(created.has(ingress) ? validateClassAnnotation(ingress) : []),
      ],
    },
    status: {
      prepareForUpdate(ingress, old) {
        ingress.spec = old.spec ?? {};
      },
      validateUpdate: validateIngressStatusUpdate,
    },
  });
}

function defaultIngress({ spec = {} }: V1Ingress): void {
  const paths = (spec.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
  for (const backend of [spec.defaultBackend, ...paths.map((path) => path.backend)]) {
    // A pointer that Go writes also where it is not set.
    if (backend?.resource && !backend.resource.apiGroup) Object.assign(backend.resource, { apiGroup: null });
  }
}

/** `a.com,b.com,c.com + 2 more...`, `*` without hosts. As upstream, what comes after the third host counts as more. */
function formatHosts({ spec }: V1Ingress): string {
  const rules = spec?.rules ?? [];
  const shown: string[] = [];
  let more = false;
  for (const { host } of rules) {
    more ||= shown.length === HOSTS_SHOWN_MAX;
    if (!more && host) shown.push(host);
  }
  if (shown.length === 0) return '*';
  return more ? `${shown.join(',')} + ${rules.length - HOSTS_SHOWN_MAX} more...` : shown.join(',');
}

function formatAddresses({ ingress = [] }: V1IngressLoadBalancerStatus): string {
  const addresses = ingress.map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== '');
  const text = [...new Set(addresses)].sort().join(',');
  return text.length > ADDRESS_WIDTH ? `${text.slice(0, ADDRESS_WIDTH - 3)}...` : text;
}
