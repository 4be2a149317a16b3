import type {
  V1LocalSubjectAccessReview,
  V1NonResourceAttributes,
  V1ResourceAttributes,
  V1SelfSubjectAccessReview,
  V1SubjectAccessReview,
  V1SubjectAccessReviewSpec,
  V1SubjectAccessReviewStatus,
} from '../../../openapi/generated/types.ts';
import { type FieldError, invalid } from '../../../openapi/status.ts';
import type { Access } from '../../auth/access.ts';
import type { Attributes, Subject } from '../../auth/attributes.ts';
import { reviewColumns } from '../authentication/review-columns.ts';
import { type Asker, declare, type ResourceDeclaration } from '../declaration.ts';
import { invalidValue } from '../validation/errors.ts';
import { validateSelectors } from './selector-attributes.ts';

const GROUP = 'authorization.k8s.io';

interface Spec {
  resourceAttributes?: V1ResourceAttributes;
  nonResourceAttributes?: V1NonResourceAttributes;
}

function review(kind: string, plural: string) {
  return {
    group: GROUP,
    version: 'v1',
    kind,
    plural,
    singular: plural.replace(/s$/, ''),
    namespaced: false,
    verbs: ['create'],
    definition: `io.k8s.api.authorization.v1.${kind}`,
    columns: reviewColumns(),
    strategy: {},
  } as const;
}

export function subjectAccessReviews(access: Access): ResourceDeclaration {
  return declare<V1SubjectAccessReview>({
    ...review('SubjectAccessReview', 'subjectaccessreviews'),
    virtual: {
      create(object) {
        refuse([...validateSpec(object.spec), ...validateUser(object.spec), ...validateMetadata(object)]);
        return { ...object, status: statusOf(access, subjectOf(object.spec), object.spec) };
      },
    },
  });
}

export function localSubjectAccessReviews(access: Access): ResourceDeclaration {
  return declare<V1LocalSubjectAccessReview>({
    ...review('LocalSubjectAccessReview', 'localsubjectaccessreviews'),
    namespaced: true,
    virtual: {
      create(object, { namespace }) {
        object.metadata = { ...object.metadata, namespace: object.metadata?.namespace ?? namespace };
        refuse([...validateSpec(object.spec), ...validateUser(object.spec), ...validateLocal(object)]);
        return { ...object, status: statusOf(access, subjectOf(object.spec), object.spec) };
      },
    },
  });
}

export function selfSubjectAccessReviews(access: Access): ResourceDeclaration {
  return declare<V1SelfSubjectAccessReview>({
    ...review('SelfSubjectAccessReview', 'selfsubjectaccessreviews'),
    virtual: {
      create(object, asker: Asker) {
        refuse([...validateSpec(object.spec), ...validateMetadata(object)]);
        return { ...object, status: statusOf(access, asker, object.spec) };
      },
    },
  });
}

function subjectOf({ user = '', uid, groups = [], extra }: V1SubjectAccessReviewSpec): Subject {
  return { name: user, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
}

function statusOf(access: Access, user: Subject, spec: Spec): V1SubjectAccessReviewStatus {
  const { decision, reason } = access.decide(user, attributesIn(spec));
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
  };
}

function attributesIn({ resourceAttributes, nonResourceAttributes }: Spec): Attributes {
  if (!resourceAttributes) {
    return { verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' };
  }
  const {
    verb = '',
    group = '',
    version = '',
    namespace = '',
    resource = '',
    subresource = '',
    name = '',
  } = resourceAttributes;
  return { verb, path: '', resource: { verb, group, version, namespace, resource, subresource, name } };
}

/** Upstream leaves the kind out of the message. */
function refuse(errors: FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: GROUP, kind: '' }, '', errors);
}

function validateSpec({ resourceAttributes, nonResourceAttributes }: Spec): FieldError[] {
  if (resourceAttributes && nonResourceAttributes) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    const shown = { Path: nonResourceAttributes.path ?? '', Verb: nonResourceAttributes.verb ?? '' };
    return [
      invalidValue('spec.nonResourceAttributes', shown, detail),
      ...validateSelectors(resourceAttributes, 'spec.resourceAttributes'),
    ];
  }
  if (resourceAttributes) return validateSelectors(resourceAttributes, 'spec.resourceAttributes');
  if (nonResourceAttributes) return [];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalidValue('spec.resourceAttributes', undefined, detail)];
}

function validateUser({ user = '', groups = [] }: V1SubjectAccessReviewSpec): FieldError[] {
  if (user !== '' || groups.length > 0) return [];
  return [invalidValue('spec.user', user, 'at least one of user or group must be specified')];
}

function validateMetadata({ metadata = {} }: V1SubjectAccessReview, detail = 'must be empty'): FieldError[] {
  const { managedFields: _, ...rest } = metadata;
  return Object.keys(rest).length === 0 ? [] : [invalidValue('metadata', metadata, detail)];
}

function validateLocal({ metadata = {}, spec }: V1LocalSubjectAccessReview): FieldError[] {
  const { namespace = '', ...rest } = metadata;
  const errors = validateMetadata({ metadata: rest, spec }, 'must be empty except for namespace');
  const asked = spec.resourceAttributes?.namespace ?? '';
  if (spec.resourceAttributes && asked !== namespace) {
    errors.push(invalidValue('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'));
  }
  if (spec.nonResourceAttributes) {
    const shown = { Path: spec.nonResourceAttributes.path ?? '', Verb: spec.nonResourceAttributes.verb ?? '' };
    errors.push(invalidValue('spec.nonResourceAttributes', shown, 'disallowed on this kind of request'));
  }
  return errors;
}
