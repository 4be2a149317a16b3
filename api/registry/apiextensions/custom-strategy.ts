/** How custom resources are prepared and validated. */
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../openapi/object.ts';
import { type FieldError, StatusError } from '../../../openapi/status.ts';
import { rulesBlocked } from '../../../openapi/structural/cel-rules.ts';
import { oldValueAt } from '../../../openapi/structural/correlate.ts';
import { validateListTypes } from '../../../openapi/structural/list-types.ts';
import { validateEmbedded } from '../../../openapi/structural/object-meta.ts';
import type { Strategy, UpdateStrategy } from '../declaration.ts';
import { validateScale } from './custom-scale.ts';
import type { CustomVersion } from './custom-version.ts';
import { EMBEDDED_RULES } from './embedded-rules.ts';

export interface CustomRules {
  /** The version that objects are stored in. */
  stored: CustomVersion;
  /** A definition that is going away makes no more objects. */
  terminating: boolean;
  /** The version that a request came in, and the object as that version has it. */
  asked(object: KubeObject): { version: CustomVersion; object: KubeObject };
  /** The version alone. */
  askedVersion(object: KubeObject): CustomVersion;
}

export function customStrategy(rules: CustomRules): Strategy<KubeObject> {
  /** Objects of updates, which `validateUpdate` checks in one go: what was wrong before is let pass. */
  const updates = new WeakSet<KubeObject>();
  const hasStatus = (object: KubeObject) => rules.askedVersion(object).subresources.status !== undefined;
  return {
    anyFinalizers: true,
    prepareForCreate(object) {
      if (rules.terminating) throw terminatingError();
      if (hasStatus(object)) delete (object as { status?: unknown }).status;
      object.metadata ??= {};
      object.metadata.generation = 1;
    },
    prepareForUpdate(object, old) {
      updates.add(object);
      if (hasStatus(object)) carryStatus(object, old);
      if (!isDeepStrictEqual(withoutMetadata(object), withoutMetadata(old)) && object.metadata)
        object.metadata.generation = (old.metadata?.generation ?? 0) + 1;
    },
    validate: (object) => (updates.has(object) ? [] : validate(rules, object)),
    validateUpdate: (object, old) => validate(rules, object, { old, isStatus: false }),
    unconditionalUpdate: false,
  };
}

/** An update of the status changes nothing else. */
export function customStatusStrategy(rules: CustomRules): UpdateStrategy<KubeObject> {
  return {
    prepareForUpdate(object, old) {
      const before = structuredClone(old) as Record<string, unknown>;
      const { status } = object as { status?: unknown };
      const managedFields = object.metadata?.managedFields;
      for (const name of Object.keys(object)) delete (object as Record<string, unknown>)[name];
      if (status === undefined) delete before.status;
      else before.status = status;
      Object.assign(object, before);
      object.metadata ??= {};
      delete object.metadata.resourceVersion;
      if (managedFields) object.metadata.managedFields = managedFields;
    },
    validateUpdate: (object, old) => validate(rules, object, { old, isStatus: true }),
  };
}

function carryStatus(object: KubeObject, old: KubeObject): void {
  const [target, source] = [object as { status?: unknown }, old as { status?: unknown }];
  if (source.status === undefined) delete target.status;
  else target.status = structuredClone(source.status);
}

function withoutMetadata({ metadata: _metadata, ...rest }: KubeObject): object {
  return rest;
}

function validate(
  rules: CustomRules,
  stored: KubeObject,
  update?: { old: KubeObject; isStatus: boolean },
): FieldError[] {
  const { version, object } = rules.asked(stored);
  const { schema } = version;
  const old = update?.old;
  const errors = [
    ...valueErrors(version, object, old),
    ...validateScale(object, version.subresources.scale, update?.isStatus === true),
    ...validateEmbedded(object, schema, EMBEDDED_RULES),
    ...(old && validateListTypes(old, schema).length > 0 ? [] : validateListTypes(object, schema)),
  ];
  const celRules = version.rules;
  if (!celRules) return errors;
  const blocked = rulesBlocked(errors);
  return blocked ? [...errors, blocked] : [...errors, ...celRules(object, old)];
}

/** Values that an update leaves as they were are let pass, even where a schema has become stricter since. */
function valueErrors(version: CustomVersion, object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const problems = version.values(object);
  if (!old) return problems.map(({ error }) => error);
  return problems
    .filter(({ at }) => {
      const before = oldValueAt(old, object, version.schema, at);
      return before === undefined || !isDeepStrictEqual(before, valueAtKeys(object, at));
    })
    .map(({ error }) => error);
}

function valueAtKeys(value: unknown, keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);
}

/** Upstream's refusal to make objects of a definition that is going away. */
function terminatingError(): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'create not allowed while custom resource definition is terminating',
    reason: 'MethodNotAllowed',
    details: {},
    code: 405,
  });
}
