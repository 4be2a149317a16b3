/** All resources of discovery.k8s.io. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { endpointSlices } from './endpointslices.ts';

export interface DiscoveryDependencies {
  describe?: Describe;
}

export function discoveryResources({ describe = () => '' }: DiscoveryDependencies): ResourceDeclaration[] {
  return [endpointSlices(describe)];
}
