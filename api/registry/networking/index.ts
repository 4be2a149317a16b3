/** All resources of networking.k8s.io. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { ingressClasses } from './ingressclasses.ts';
import { ingresses } from './ingresses.ts';
import { ipAddresses } from './ipaddresses.ts';
import { networkPolicies } from './networkpolicies.ts';
import { serviceCidrs } from './servicecidrs.ts';

export interface NetworkingDependencies {
  describe?: Describe;
}

export function networkingResources({ describe = () => '' }: NetworkingDependencies): ResourceDeclaration[] {
  return [
    ingressClasses(describe),
    ingresses(describe),
    ipAddresses(describe),
    networkPolicies(describe),
    serviceCidrs(describe),
  ];
}
