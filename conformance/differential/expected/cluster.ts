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
    where: /^networking-ingresses\/not valid.* #10 body\./,
    reference: /a DNS-1035 label must consist of/,
    kubets: /a lowercase RFC 1123 label must consist of/,
    reason: 'names of services may begin with a digit since 1.36',
  },
  {
    where: /^networking-ingresses\/the status subresource #3 body\./,
    reference: /must be a valid IP address"$/,
    kubets: /must be a valid IP address, \(e\.g\. /,
    reason: 'reworded in 1.32',
  },
  {
    where: /^networking-networkpolicies\/not valid.* #2 body\./,
    reference: /not a valid CIDR/,
    kubets: /must be a valid CIDR value, \(e\.g\. /,
    reason: 'reworded in 1.32',
  },
  {
    where: /^storage-csidrivers\/changes: .* #1 body\.(message|details\.causes\[0\]\.(field|message))$/,
    kubets: /spec\.attachedRequired|^"Invalid value: true: field is immutable"$/,
    reason: 'fields are immutable on their own since 1.22',
  },
  {
    where: /^storage-csidrivers\/changes: .* #2 status$/,
    reference: /field is immutable/,
    kubets: /^"200"$/,
    reason: 'podInfoOnMount may be changed by now',
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
    where: /^storage-csinodes\/changes: .* #1 body\.(message|details\.causes\[0\]\.field)$/,
    reference: /CSINodeDriver/,
    kubets: /\bspec\.drivers\b/,
    reason: 'the field has its own name since the number of volumes may change, in 1.33',
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
    where:
      /^certificates-certificatesigningrequests\/(an object with everything|server-side apply) #\d .*\.managedFields\[[01]\]/,
    reason: 'nobody manages the spec since 1.22, as no update changes it: who says nothing else is not listed at all',
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
