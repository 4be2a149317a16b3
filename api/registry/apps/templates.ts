/** What the controllers of the group validate alike: their selector, and the template that it must select. */
import type { V1LabelSelector, V1PodTemplateSpec, V1Volume } from '../../../openapi/generated/types.ts';
import { selectorRequirements } from '../../../openapi/label-selector.ts';
import { matchesLabels } from '../../../openapi/selectors.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validatePodTemplate } from '../core/pod-validation/pod.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateLabelSelector } from '../validation/fields.ts';
import { invalidGoValue, sortedMap } from '../validation/go-values.ts';

const MISMATCH = '`selector` does not match template `labels`';

/** A selector that must be there and select something. `kind` as in `empty selector is invalid for deployment`. */
export function validateSelector(selector: V1LabelSelector | undefined, field: string, kind: string): FieldError[] {
  if (!selector) return [required(field)];
  return [...validateLabelSelector(selector, field), ...validateNotEmpty(selector, field, kind)];
}

/** The last part of `validateSelector`, for kinds that look at it later. */
export function validateNotEmpty(selector: V1LabelSelector | undefined, field: string, kind: string): FieldError[] {
  if (!selector || Object.keys(selector.matchLabels ?? {}).length > 0 || selector.matchExpressions?.length) return [];
  return [invalidValue(field, selector, `empty selector is invalid for ${kind}`)];
}

/** Whether a selector can be turned into one that matches labels. */
export function isReadable(selector: V1LabelSelector | undefined): boolean {
  return validateLabelSelector(selector, '').length === 0;
}

/** That the selector picks what the template makes. An absent selector picks nothing, an unreadable one is let pass. */
export function validateSelected(
  selector: V1LabelSelector | undefined,
  template: V1PodTemplateSpec | undefined,
  path: string,
): FieldError[] {
  if (!isReadable(selector)) return [];
  const labels = template?.metadata?.labels;
  const requirements = selectorRequirements(selector);
  if (requirements && matchesLabels(requirements, labels)) return [];
  return [invalidGoValue(`${path}.metadata.labels`, sortedMap(labels), MISMATCH)];
}

/** What pods that are kept running may not ask for. `kind` as in `activeDeadlineSeconds in ReplicaSet`. */
export function validateLongRunning(template: V1PodTemplateSpec | undefined, path: string, kind: string): FieldError[] {
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  const errors: FieldError[] = [];
  if (restartPolicy !== 'Always') {
    errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy ?? '', ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbiddenField(`${path}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}

/** A disk that several pods share must be read-only. */
export function validateReadOnlyPersistentDisks(volumes: readonly V1Volume[] = [], path: string): FieldError[] {
  const detail =
    'must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is read-only';
  return volumes.flatMap(({ gcePersistentDisk }, i) =>
    gcePersistentDisk && !gcePersistentDisk.readOnly
      ? [invalidValue(`${path}[${i}].gcePersistentDisk.readOnly`, false, detail)]
      : [],
  );
}

/** Upstream's ValidatePodTemplateSpecForReplicaSet: the templates of replica sets and of deployments. */
export function validateReplicaTemplate(
  spec: { selector?: V1LabelSelector; template?: V1PodTemplateSpec; replicas?: number },
  path: string,
): FieldError[] {
  const { selector, template = {}, replicas = 0 } = spec;
  if (!isReadable(selector)) return [invalidValue('spec.selector', selector, 'invalid label selector')];
  return [
    ...validateSelected(selector, template, path),
    ...validatePodTemplate(template, path),
    ...(replicas > 1 ? validateReadOnlyPersistentDisks(template.spec?.volumes, `${path}.spec.volumes`) : []),
    ...validateLongRunning(template, path, 'ReplicaSet'),
  ];
}
