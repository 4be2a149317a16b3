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
    where: /^batch-v1-cronjobs\/.*\.(columnDefinitions|cells)\.Timezone$/,
    reference: /^$/,
    reason: 'a column more since 1.27',
  },
  {
    where: /^autoscaling-v2-horizontalpodautoscalers\/.* body\.spec\.metrics\[\d\]/,
    reason: '1.20 stores v1, which keeps metrics apart: their order changes',
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
