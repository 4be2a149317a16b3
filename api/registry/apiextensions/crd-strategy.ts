/** What a CustomResourceDefinition is made of beside what its author wrote. */
import { isDeepStrictEqual } from 'node:util';
import { fillAlwaysWritten } from '../../../openapi/always-written.ts';
import type { Strategy, UpdateStrategy } from '../declaration.ts';
import { validateApproval } from './approval.ts';
import { type Crd, setCondition } from './conditions.ts';
import { CRD } from './crd-decode.ts';
import { validateCrd, validateCrdStatus, validateCrdUpdate } from './crd-validation.ts';

/** Holds a definition until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

export const crdStrategy: Strategy<Crd> = {
  anyFinalizers: true,
  default: defaultCrd,
  prepareForCreate(crd) {
    crd.status = {};
    fillAlwaysWritten(CRD, crd);
    if (crd.metadata) crd.metadata.generation = 1;
    rememberStoredVersion(crd);
  },
  prepareForUpdate(crd, old) {
    crd.status = structuredClone(old.status ?? {});
    if (!isDeepStrictEqual(crd.spec, old.spec) && crd.metadata)
      crd.metadata.generation = (old.metadata?.generation ?? 0) + 1;
    rememberStoredVersion(crd);
  },
  validate: (crd) => [...validateCrd(crd)],
  validateUpdate: (crd, old) => [...validateCrdUpdate(crd, old), ...validateApproval(crd, old)],
  unconditionalUpdate: false,
  held: ({ metadata }) =>
    metadata?.deletionTimestamp === undefined || metadata.finalizers?.includes(CLEANUP_FINALIZER) === true,
  preconditionsFirst: true,
  beginDeletion(crd) {
    const metadata = crd.metadata ?? {};
    delete metadata.deletionGracePeriodSeconds;
    metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), CLEANUP_FINALIZER])];
    // The deletion of a definition, unlike that of other kinds, is no new generation of it.
    if (metadata.generation !== undefined) metadata.generation -= 1;
    const condition = {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    };
    setCondition(crd, condition, Date.parse(metadata.deletionTimestamp ?? ''));
  },
};

export const crdStatusStrategy: UpdateStrategy<Crd> = {
  prepareForUpdate(crd, old) {
    crd.spec = structuredClone(old.spec);
    const metadata = crd.metadata ?? {};
    for (const field of ['labels', 'annotations', 'ownerReferences', 'generation'] as const) {
      const value = old.metadata?.[field];
      if (value === undefined) delete metadata[field];
      else Object.assign(metadata, { [field]: structuredClone(value) });
    }
  },
  validateUpdate: (crd) => validateCrdStatus(crd),
};

function defaultCrd(crd: Crd): void {
  const { spec } = crd;
  if (!spec?.names) return;
  const { names } = spec;
  names.singular ||= (names.kind ?? '').toLowerCase();
  if (names.kind) names.listKind ||= `${names.kind}List`;
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= 443;
}

/** Objects may be stored in the storage version from now on. */
function rememberStoredVersion(crd: Crd): void {
  crd.status ??= {};
  const storage = crd.spec?.versions?.find((version) => version.storage)?.name;
  const stored = crd.status.storedVersions ?? [];
  if (storage !== undefined && !stored.includes(storage)) crd.status.storedVersions = [...stored, storage];
}
