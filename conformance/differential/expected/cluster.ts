/** What differs in rbac, storage, certificates, admission, flow control and the extensions of the API. */
import type { Exception } from '../exceptions.ts';

export const clusterExceptions: Exception[] = [
  {
    where: /^networking-(ingresses|networkpolicies)\/.* body\.details\.group$/,
    reference: /"extensions"/,
    kubets: /"networking\.k8s\.io"/,
    reason: 'both have left the group extensions for good in 1.22',
  },
  {
    where: /^storage-csidrivers\/.*(requiresRepublish|storageCapacity)$/,
    reference: /^$/,
    reason: 'alpha and beta in 1.20, switched off',
  },
  {
    where: /^storage-csidrivers\/.*\.(columnDefinitions|cells)\.(StorageCapacity|TokenRequests|RequiresRepublish)$/,
    reference: /^$/,
    reason: 'columns more since 1.21',
  },
  {
    where: /^certificates-certificatesigningrequests\/.*\.(columnDefinitions|cells)\.RequestedDuration$/,
    reference: /^$/,
    reason: 'a column more since 1.22',
  },
  {
    where: /^certificates-certificatesigningrequests\/.*(spec\.(username|uid)|cells\.Requestor)$/,
    reason: 'whoever the kubeconfig says is asking',
  },
  {
    where: /^apiregistration-apiservices\/.*cells\.Available$/,
    kubets: /"Unknown"/,
    reason: 'nobody looks after aggregated servers yet',
  },
  {
    where: /^flowcontrol-flowschemas\/.*cells\.MissingPL$/,
    kubets: /"\?"/,
    reason: 'nobody looks after flow schemas yet',
  },
  {
    where: /^flowcontrol-prioritylevelconfigurations\/.*(assuredConcurrencyShares|f:assuredConcurrencyShares)$/,
    kubets: /^$/,
    reason: 'has another name since 1.26: nominalConcurrencyShares',
  },
  {
    where:
      /^flowcontrol-prioritylevelconfigurations\/.*\.(columnDefinitions|cells)\.(Assured|Nominal)ConcurrencyShares$/,
    reason: 'has another name since 1.26: nominalConcurrencyShares',
  },
];
