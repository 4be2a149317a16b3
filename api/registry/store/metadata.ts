/** What the server itself writes into metadata, as upstream's `rest.BeforeCreate`, `BeforeUpdate` and `BeforeDelete`. */
import { rfc3339 } from '../../../base/clock.ts';
import { nameSuffix } from '../../../base/random.ts';
import type { V1ObjectMeta } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { badRequest } from '../../../openapi/status.ts';
import type { StrategyContext } from '../declaration.ts';

/** Names that upstream generates never exceed 63 characters. */
const GENERATED_PREFIX_MAX = 58;

/** The object's metadata, which exists from here on. */
export function metadataOf(object: KubeObject): V1ObjectMeta {
  object.metadata ??= {};
  return object.metadata;
}

/** Sets the namespace from the request's. Throws BadRequest when the object names another. */
export function checkNamespace(object: KubeObject, namespaced: boolean, namespace: string): void {
  const metadata = metadataOf(object);
  if (namespaced && metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (namespaced) metadata.namespace = namespace;
  else delete metadata.namespace;
}

/** Fills in what a new object gets from the server; `generateName` becomes a name. */
export function fillSystemFields(object: KubeObject, context: StrategyContext): void {
  const metadata = metadataOf(object);
  if (metadata.generateName && !metadata.name) {
    metadata.name = metadata.generateName.slice(0, GENERATED_PREFIX_MAX) + nameSuffix(context.random);
  }
  metadata.uid = context.random.uuid();
  metadata.creationTimestamp = rfc3339(context.clock.now());
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
}

/** Carries over what no update may change; what the client left out stays as it was. */
export function carryOver(object: KubeObject, old: KubeObject): void {
  const metadata = metadataOf(object);
  const before = old.metadata ?? {};
  metadata.uid ||= before.uid;
  metadata.creationTimestamp ||= before.creationTimestamp;
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const) {
    if (before[field] === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: before[field] });
  }
  delete metadata.selfLink;
}

/** Takes the resourceVersion out of the object and returns it, `''` when there is none. It is never stored. */
export function takeResourceVersion(object: KubeObject): string {
  const metadata = metadataOf(object);
  const version = metadata.resourceVersion ?? '';
  delete metadata.resourceVersion;
  return version === '0' ? '' : version;
}

/** The object as if it stood at `revision`; shares all but itself and its metadata. */
export function atVersion(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
