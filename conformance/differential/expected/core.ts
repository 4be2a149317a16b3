/** What differs in the kinds of the core group, of coordination.k8s.io and of events.k8s.io. */
import type { Exception } from '../exceptions.ts';

export const coreExceptions: Exception[] = [
  {
    where: /^core-(pods|podtemplates)\/.* body\.(items\[0\]\.|rows\[0\]\.object\.)?metadata\.generation$/,
    reference: /^$/,
    kubets: /^\d+$/,
    reason: 'pod templates have a generation since 1.22, pods since 1.33',
  },
  {
    where: /^core-pods\/.*containers?\.seccomp\.security\.alpha\.kubernetes\.io/,
    kubets: /^$/,
    reason: 'the annotations that mirrored seccompProfile are gone since 1.27',
  },
  {
    where: /^core-pods\/.*(columnDefinitions\.Restarts\.type|rows\[0\]\.cells\.Restarts)$/,
    reason: 'the column also tells when since 1.22, so it is text',
  },
  {
    where: /^core-pods\/not valid.* #15 body\./,
    reference: /must consist of alphabetic characters, digits/,
    kubets: /printable ASCII characters other than '='/,
    reason: 'names of environment variables are nearly free since 1.34',
  },
  {
    where: /^core-pods\/not valid.* #51 body\./,
    reference: /hostAliases|must be valid IP address/,
    reason: 'says which of the aliases since 1.31',
  },
  {
    where: /^core-pods\/not valid.* #57 body\./,
    reference: /and match regex \(\[a-z0-9\]/,
    kubets: /and match regex \^\(\[a-z0-9\]/,
    reason: 'sysctls may be written with slashes since 1.23',
  },
  {
    where: /^core-pods\/not valid.* #64 status$/,
    reference: /^"409/,
    kubets: /spec\.ephemeralContainers: Forbidden: cannot be set on create/,
    reason: 'ephemeral containers were alpha in 1.20, switched off',
  },
  {
    where: /^core-pods\/not valid.* #66 body\./,
    reference: /must not be set for init containers|FieldValueInvalid/,
    kubets: /may not be set for init containers without restartPolicy=Always|FieldValueForbidden/,
    reason: 'reworded in 1.28, for init containers that run on',
  },
  {
    where: /^core-pods\/not valid.* #67 status$/,
    reference: /seccomp\.security\.alpha/,
    reason: 'the annotation has no meaning since 1.27',
  },
  {
    where:
      /^core-namespaces\/.* body\.(items\[0\]\.|rows\[0\]\.object\.)?metadata\.labels(\.kubernetes\.io\/metadata\.name)?$/,
    reference: /^$/,
    kubets: /^("|\{"kubernetes\.io\/metadata\.name":")\{ns\}/,
    reason: 'namespaces are labelled with their names since 1.21',
  },
  {
    where: /^core-pods\/the status subresource #(7|9|10) body\.status\.qosClass$/,
    reference: /^$/,
    kubets: /^"BestEffort"$/,
    reason: 'an update of the status that says no class of service keeps the one there is by now',
  },
  {
    where: /^core-namespaces\/updates #6 status$/,
    reference: /^"400 BadRequest: the namespace of the provided object/,
    kubets: /^"200"$/,
    reason: 'a namespace that says to be in another is taken for itself since 1.22',
  },
  {
    where: /^core-endpoints\/.* headers\.warning$/,
    reference: /^$/,
    reason: 'Endpoints are deprecated since 1.33',
  },
  {
    where: /^core-replicationcontrollers\/the status subresource #(1|7) body\.status\.observedGeneration$/,
    reference: /^$/,
    kubets: /^1$/,
    reason: "a complete cluster's replication manager has been there",
    sometimes: true,
  },
  {
    where: /^core-nodes\/server-side apply #[34] body\.metadata\.managedFields\[2\]$/,
    reference: /^$/,
    kubets: /^\{"manager":"kube-controller-manager".*\{"f:spec":\{"f:taints":\{\}\}\}\}$/,
    reason: "a complete cluster's node controller keeps the taints",
    sometimes: true,
  },
  {
    where: /^core-namespaces\/not valid.* #1 body\.(message|details\.causes\[1\])$/,
    kubets: /metadata\.labels/,
    reason: 'a name that is too long is a label that is too long since 1.21',
  },
  {
    where: /^core-namespaces\/deletions #[67] body\.spec(\.finalizers.*)?$/,
    kubets: /^$/,
    reason: "a complete cluster's namespace controller has been there",
    sometimes: true,
  },
  {
    where: /^core-nodes\/.* #[1-9]\d* body\.(items\[0\]\.|rows\[0\]\.object\.)?spec\.taints/,
    reason: "a complete cluster's node controller keeps the taints",
    sometimes: true,
  },
  {
    where: /^core-nodes\/not valid.* #4 body\./,
    reference: /must be valid CIDR/,
    kubets: /must be a valid CIDR value/,
    reason: 'reworded in 1.32',
  },
  {
    where: /^core-nodes\/not valid.* #5 status$/,
    reference: /^"201"$/,
    kubets: /may specify no more than one CIDR for each IP family/,
    reason: 'dual-stack was alpha in 1.20, switched off',
  },
  {
    where: /^core-services\/.*(ipFamilyPolicy|ipFamilies)$/,
    reference: /^$/,
    reason: 'alpha in 1.20, switched off',
  },
  {
    where: /^core-services\/(updates #(1|2|3|4|8)|server-side apply #\d) status$/,
    reference: /primary clusterIP can not be unset|spec\.ports: Required value/,
    reason: 'an update keeps the addresses and ports of a service since 1.21',
  },
  {
    where: /^core-services\/updates #9 body\.spec\./,
    reason: 'an update keeps the addresses of a service since 1.21, so those before have succeeded',
  },
  {
    where: /^core-services\/updates #7 status$/,
    reference: /^"404/,
    kubets: /^"201"$/,
    reason: 'an update may create a service since 1.23',
  },
  {
    where: /^core-services\/.* kind$/,
    reference: /"Status"/,
    kubets: /"Service"/,
    reason: 'the deletion of a service answers with the service since 1.23',
  },
  {
    where: /^core-services\/what every kind refuses #7 body\.message$/,
    kubets: /field label not supported: nothing/,
    reason: 'services have field selectors of their own since 1.24',
  },
  {
    where: /^core-services\/.* (status|body\.(message|details\.causes\[0\]\.message))$/,
    reference: /a DNS-1035 label must consist of/,
    kubets: /a lowercase RFC 1123 label must consist of|must not contain dots|^"201"$/,
    reason: 'names of services may begin with a digit since 1.36',
  },
  {
    where: /^core-services\/not valid.* #13 body\./,
    reference: /failed to allocated ip:/,
    kubets: /failed to allocate IP /,
    reason: 'reworded in 1.27',
  },
  {
    where: /^core-services\/not valid.* #22 body\./,
    reference: /must be a list of IP ranges|LoadBalancerSourceRanges"$/,
    reason: 'says which of the ranges since 1.32',
  },
  {
    where: /^core-persistentvolumes\/.* headers\.warning$/,
    reference: /^$/,
    kubets: /The Recycle reclaim policy is deprecated/,
    reason: 'warned of since 1.28',
  },
  {
    where: /^core-persistentvolume(claim)?s\/.*\.VolumeAttributesClass$/,
    reference: /^$/,
    reason: 'a column more since 1.29',
  },
  {
    where: /^events-events\/(not valid.* #11|changes: .* #[12]) status$/,
    reference: /^"20[01]"$/,
    kubets: /^"422/,
    reason: '1.20 takes events of events.k8s.io/v1 for those of the core group and checks little',
  },
  {
    where: /^events-events\/changes: .* #3 body\.(reason|note)$/,
    reason: 'the changes before have been refused: 1.20 takes them',
  },
];
