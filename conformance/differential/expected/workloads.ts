/** What differs in apps, batch, autoscaling, policy, scheduling and discovery. */
import type { Exception } from '../exceptions.ts';

export const workloadExceptions: Exception[] = [
  {
    where: /^batch-\w+-\w+\/.* body\.(items\[0\]\.|rows\[0\]\.object\.)?metadata\.generation$/,
    reference: /^$/,
    kubets: /^\d+$/,
    reason: 'jobs and cron jobs have a generation since 1.22',
  },
  {
    where: /^batch-v1-jobs\/.*(labels|matchLabels)\.batch\.kubernetes\.io\/(controller-uid|job-name)$/,
    reference: /^$/,
    reason: 'the labels have names with a prefix since 1.27',
  },
  {
    where: /^batch-v1-jobs\/.*matchLabels\.controller-uid$/,
    kubets: /^$/,
    reason: 'the selector has the label with the prefix since 1.27',
  },
  {
    where: /^batch-v1-jobs\/.*rows\[0\]\.cells\.Selector$/,
    kubets: /batch\.kubernetes\.io\/controller-uid=/,
    reason: 'the selector has the label with the prefix since 1.27',
  },
  {
    where: /^batch-v1-jobs\/.*manualSelector$/,
    reference: /^$/,
    kubets: /^false$/,
    reason: 'a default more since 1.31',
  },
  {
    where: /^batch-v1-jobs\/.*\.(columnDefinitions|cells)\.Status$/,
    reference: /^$/,
    reason: 'a column more since 1.30',
  },
  {
    where: /^batch-v1-jobs\/.*ttlSecondsAfterFinished$/,
    reference: /^$/,
    reason: 'alpha in 1.20, switched off',
  },
  {
    where: /^batch-v1-jobs\/not valid.* #8 status$/,
    reference: /^"201"$/,
    kubets: /ttlSecondsAfterFinished/,
    reason: 'alpha in 1.20, switched off',
  },
  {
    where: /^batch-v1-jobs\/the status subresource #3 body\.(message|details\.causes\[1\])$/,
    kubets: /cannot decrease the succeeded counter/,
    reason: 'the counters of a job do not go back since 1.30',
  },
  {
    where: /^batch-v1-jobs\/the status subresource #5 status$/,
    reference: /^"200"$/,
    kubets: /startTime cannot be removed for unsuspended job/,
    reason: 'the start of a job stays since 1.30',
  },
  {
    where:
      /^batch-v1-jobs\/the status subresource #[78] body\.(metadata\.labels\.(from|controller-uid|job-name)|status\.(active|startTime))$/,
    reason: 'the update before has been refused',
  },
  {
    where: /^batch-v1-cronjobs\/(the smallest object.* #8 kind|deletions #1 body\.metadata\.finalizers\[1\])$/,
    reference: /"CronJob"|"orphan"/,
    reason: '1.20 has v1beta1, which leaves dependents behind unless told otherwise',
  },
  {
    where: /^batch-v1-cronjobs\/what every kind refuses #7 body\.message$/,
    kubets: /is not a known field selector: only/,
    reason: '1.20 has v1beta1, which words this in its own way',
  },
  {
    where: /^batch-v1-cronjobs\/.*\.(columnDefinitions|cells)\.Timezone$/,
    reference: /^$/,
    reason: 'a column more since 1.27',
  },
  {
    where: /^autoscaling-v2-horizontalpodautoscalers\/.* body\.spec\.metrics\[\d\]/,
    reason: '1.20 stores v1, which keeps metrics apart: their order changes',
  },
  {
    where: /^autoscaling-v[12]-horizontalpodautoscalers\/.*\.cells\.Targets$/,
    kubets: /^"(cpu|memory): <unknown>\//,
    reason: 'says whose metric it is since 1.30',
  },
  {
    where: /^autoscaling-v1-horizontalpodautoscalers\/not valid.* #3 body\.(message|details\.causes\[2\])$/,
    kubets: /apiVersion must specify API group/,
    reason: 'the apiVersion of what is scaled is looked at by now',
  },
  {
    where:
      /^autoscaling-v2-horizontalpodautoscalers\/the status subresource #\d body\.status\.(currentReplicas|conditions)$/,
    reference: /^(0|null)$/,
    kubets: /^$/,
    reason: 'v2 leaves out what is empty, unlike v2beta2, which 1.20 has',
  },
  {
    where: /^policy-v1-poddisruptionbudgets\/the status subresource #3 status$/,
    reference: /^"200"$/,
    kubets: /status\.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0/,
    reason: '1.20 has v1beta1, the status of which nobody looks at',
  },
  {
    where: /^policy-v1-poddisruptionbudgets\/the status subresource #6 body\.status\.\w+$/,
    reference: /^-1$/,
    reason: 'the change before has been refused',
  },
  {
    where: /^scheduling-priorityclasses\/not valid.* #4 status$/,
    reference: /^"201"$/,
    kubets: /cannot unmarshal number 5000000000 into Go struct field PriorityClass\.value of type int32/,
    reason: 'the JSON decoder before 1.23 let numbers overflow',
  },
  {
    where: /^scheduling-priorityclasses\/changes: .* #1 body\.(message|details\.causes\[0\]\.field)$/,
    reference: /\bValue(: Forbidden|"$)/,
    kubets: /\bvalue(: Forbidden|"$)/,
    reason: 'the field has its own name by now',
  },
  {
    where: /^scheduling-priorityclasses\/.*\.(columnDefinitions|cells)\.PreemptionPolicy$/,
    reference: /^$/,
    reason: 'a column more since 1.32',
  },
  {
    where: /^discovery-endpointslices\/.* body\.metadata\.generation$/,
    reason: 'a change of labels counts since 1.22',
  },
  {
    where: /^discovery-endpointslices\/not valid.* #[23] body\./,
    reference: /must be a valid IPv4 address|^$/,
    kubets: /must be an IPv4 address|must be a valid IP address, \(e\.g\. |may not be in the loopback range/,
    reason: 'reworded in 1.32',
  },
  {
    where: /^discovery-endpointslices\/not valid.* #8 status$/,
    reference: /^"201"$/,
    kubets: /may not be in the loopback range/,
    reason: 'endpoints may not be on the node itself since 1.21',
  },
  {
    where: /^apps-v1-statefulsets\/what every kind refuses #0 body\./,
    reference: /a lowercase RFC 1123 subdomain/,
    kubets: /a lowercase RFC 1123 label/,
    reason: 'names of stateful sets are labels since 1.27',
  },
  {
    where: /^apps-v1-statefulsets\/not valid.* #(4|5|8) (status|body\..*)$/,
    kubets: /spec\.template\.spec\./,
    reason: 'the template of a stateful set is looked at since 1.21',
  },
  {
    where: /^apps-v1-daemonsets\/.*metadata\.annotations(\.deprecated\.daemonset\.template\.generation)?$/,
    reference: /^$/,
    kubets: /"1"/,
    reason: 'kubets stores apps/v1, where this is an annotation; metadata alone does not show it upstream',
  },
  {
    where: /^apps-v1-daemonsets\/not valid.* #11 body\./,
    reference: /cannot be 0|FieldValueInvalid/,
    kubets: /cannot be 0 when maxSurge is 0|FieldValueRequired/,
    reason: 'reworded in 1.22, with maxSurge',
  },
];
