/** All resources of the core group, and leases. */
import { leases } from '../coordination/leases.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import type { Describe } from './columns.ts';
import { configMaps } from './configmaps.ts';
import { endpoints } from './endpoints.ts';
import { events } from './events.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';
import { pods } from './pods.ts';
import { replicationControllers } from './replicationcontrollers.ts';
import { secrets } from './secrets.ts';
import type { ServiceAllocators } from './service-allocation.ts';
import { serviceAccounts } from './serviceaccounts.ts';
import { services } from './services.ts';

export interface CoreDependencies extends ServiceAllocators {
  /** Descriptions of fields for Tables; columns that show a field have none without it. */
  describe?: Describe;
}

/** The declarations of one cluster, which share its allocators. */
export function coreResources(dependencies: CoreDependencies): ResourceDeclaration[] {
  const { describe = () => '', ...allocators } = dependencies;
  return [
    configMaps(describe),
    endpoints(describe),
    events(describe),
    namespaces(describe),
    nodes(describe),
    pods(describe),
    replicationControllers(describe),
    secrets(describe),
    serviceAccounts(describe),
    services(allocators, describe),
    leases(describe),
  ];
}
