/** All resources of the core group, and leases. */
import { leases } from '../coordination/leases.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import type { Describe } from './columns.ts';
import { type ComponentChecks, componentStatuses } from './componentstatuses.ts';
import { configMaps } from './configmaps.ts';
import { endpoints } from './endpoints.ts';
import { events } from './events.ts';
import { limitRanges } from './limitranges.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';
import { persistentVolumeClaims } from './persistentvolumeclaims.ts';
import { persistentVolumes } from './persistentvolumes.ts';
import { pods } from './pods.ts';
import { podTemplates } from './podtemplates.ts';
import { replicationControllers } from './replicationcontrollers.ts';
import { resourceQuotas } from './resourcequotas.ts';
import { secrets } from './secrets.ts';
import type { ServiceAllocators } from './service-allocation.ts';
import { serviceAccounts } from './serviceaccounts.ts';
import { services } from './services.ts';

export interface CoreDependencies extends ServiceAllocators {
  /** Descriptions of fields for Tables; columns that show a field have none without it. */
  describe?: Describe;
  /** How long Events are kept. */
  eventTtlSeconds?: number;
  /** How ComponentStatuses look after the control plane's parts; as upstream does where it is left out. */
  componentChecks?: ComponentChecks;
}

/** The declarations of one cluster, which share its allocators. */
export function coreResources(dependencies: CoreDependencies): ResourceDeclaration[] {
  const { describe = () => '', componentChecks, eventTtlSeconds, ...allocators } = dependencies;
  return [
    componentStatuses(describe, componentChecks),
    configMaps(describe),
    endpoints(describe),
    events(describe, eventTtlSeconds),
    limitRanges(describe),
    namespaces(describe),
    nodes(describe),
    persistentVolumeClaims(describe),
    persistentVolumes(describe),
    pods(describe),
    podTemplates(describe),
    replicationControllers(describe),
    resourceQuotas(describe),
    secrets(describe),
    serviceAccounts(describe),
    services(allocators, describe),
    leases(describe),
  ];
}
