import type {
  V1NonResourceRule,
  V1PolicyRule,
  V1ResourceRule,
  V1SelfSubjectRulesReview,
} from '../../../openapi/generated/types.ts';
import { badRequest } from '../../../openapi/status.ts';
import type { Access } from '../../auth/access.ts';
import { reviewColumns } from '../authentication/review-columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';

export function selfSubjectRulesReviews(access: Access): ResourceDeclaration {
  return declare<V1SelfSubjectRulesReview>({
    group: 'authorization.k8s.io',
    version: 'v1',
    kind: 'SelfSubjectRulesReview',
    plural: 'selfsubjectrulesreviews',
    singular: 'selfsubjectrulesreview',
    namespaced: false,
    verbs: ['create'],
    definition: 'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
    columns: reviewColumns(),
    strategy: {},
    virtual: {
      create({ kind, apiVersion, spec }, asker) {
        const { namespace } = spec;
        if (!namespace) throw badRequest('no namespace on request');
        const { rules, incomplete, error } = access.rulesFor(asker, namespace);
        const status = {
          resourceRules: rules.flatMap((rule) => resourceRule(rule)),
          nonResourceRules: rules.flatMap((rule) => nonResourceRule(rule)),
          incomplete,
          ...(error === '' ? {} : { evaluationError: error }),
        };
        // As upstream, which answers with a new object: the question is not in it.
        return { kind: kind ?? '', apiVersion: apiVersion ?? '', metadata: {}, spec: {}, status };
      },
    },
  });
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: V1PolicyRule): V1ResourceRule[] {
  if (!resources?.length) return [];
  return [
    {
      verbs,
      ...(apiGroups ? { apiGroups } : {}),
      resources,
      ...(resourceNames?.length ? { resourceNames } : {}),
    },
  ];
}

function nonResourceRule({ verbs, nonResourceURLs }: V1PolicyRule): V1NonResourceRule[] {
  return nonResourceURLs?.length ? [{ verbs, nonResourceURLs }] : [];
}
