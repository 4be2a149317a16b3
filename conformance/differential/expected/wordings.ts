/** Texts that upstream has changed between 1.20 and 1.36. */
import type { Wording } from '../exceptions.ts';

const TRIMPATH = 'the path depends on how the server was built; releases are built with -trimpath';
const EXTENSIONS = 'both have left the group extensions for good in 1.22';

export const wordings: Wording[] = [
  {
    from: /^the namespace of the object \(.*\) does not match the namespace on the request \(.*\)$/,
    to: 'the namespace of the provided object does not match the namespace sent on the request',
    reason: 'one wording for creations and updates since 1.22',
  },
  {
    from: /"k8s\.io\/kubernetes\/pkg\/api\/legacyscheme\/scheme\.go:30"/,
    to: '"pkg/api/legacyscheme/scheme.go:30"',
    reason: TRIMPATH,
  },
  {
    from: /\b(Ingress|NetworkPolicy)\.extensions(?= ")/,
    to: '$1.networking.k8s.io',
    reason: EXTENSIONS,
  },
  {
    from: /("[\w{}.-]*\.[\w{}.-]*": )a lowercase RFC 1123 label must consist of .*?'\[a-z0-9\]\(\[-a-z0-9\]\*\[a-z0-9\]\)\?'\)/g,
    to: '$1must not contain dots',
    reason: 'said in short by now',
  },
  {
    from: /Expected exactly (\d+) fields, found (\d+): ([\w ]+)$/,
    to: 'expected exactly $1 fields, found $2: [$3]',
    reason: 'another release of the parser of schedules since 1.21',
  },
  {
    from: /End of range (?=\(\d+\) above maximum)/,
    to: 'end of range ',
    reason: 'another release of the parser of schedules since 1.21',
  },
  {
    from: /must have at most (\d+) bytes/g,
    to: 'may not be more than $1 bytes',
    reason: 'reworded in 1.32',
  },
  {
    from: /may not be in the loopback range \(127\.0\.0\.0\/8\)/g,
    to: 'may not be in the loopback range (127.0.0.0/8, ::1/128)',
    reason: 'IPv6 is told of since 1.21',
  },
  {
    from: /may not be in the link-local range \(169\.254\.0\.0\/16\)/g,
    to: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    reason: 'IPv6 is told of since 1.21',
  },
  {
    from: / \(or configSource, if the DynamicKubeletConfig feature gate is enabled\)/g,
    to: '',
    reason: 'the feature is gone since 1.24',
  },
  {
    from: /"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce"(?!, )/g,
    to: '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    reason: 'an access mode more since 1.22',
  },
  {
    from: /must to greater or equal than 0/g,
    to: 'must be greater than or equal to 0',
    reason: 'reworded in 1.21',
  },
  {
    from: /(?<=Invalid value: ""): (kind|name|uid) must not be empty/g,
    to: ': must not be empty',
    reason: 'reworded in 1.30',
  },
  {
    from: /(must be less than or equal to) cpu limit(?! of)/g,
    to: '$1 cpu limit of 1',
    reason: 'the limit is told since 1.27',
  },
  {
    from: /ExternalTrafficPolicy can only be set on NodePort and LoadBalancer service/g,
    to: 'may only be set for externally-accessible services',
    reason: 'reworded in 1.26',
  },
  {
    from: /for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden/g,
    to: "for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    reason: 'more may be changed by now',
  },
  {
    from: /`spec\.containers\[\*\]\.image`, `spec\.initContainers\[\*\]\.image`, `spec\.activeDeadlineSeconds` or `spec\.tolerations` \(only additions to existing tolerations\)/g,
    to: '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    reason: 'reworded in 1.22',
  },
  {
    from: /immutable after creation except resources\.requests for bound claims/g,
    to: 'immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    reason: 'more may be changed since 1.29',
  },
  {
    from: /^406: Not Acceptable$/,
    to: '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    reason: 'another release of the router since 1.25',
  },
  {
    from: /failed to create typed patch object: \.(data|unknown)/,
    to: 'failed to create typed patch object (/x; /v1, Kind=ConfigMap): .$1',
    reason: 'names the object since 1.27',
  },
  {
    from: /failed to create typed patch object: (\.spec\.replicas: expected numeric \(int or float\), got) \*value\.valueUnstructured/,
    to: 'failed to create typed patch object (/d; apps/v1, Kind=Deployment): $1 string',
    reason: 'names the object since 1.27',
  },
  {
    from: /set x-preserve-unknown-fields to true/g,
    to: 'set x-kubernetes-preserve-unknown-fields to true',
    reason: 'corrected since',
  },
];
