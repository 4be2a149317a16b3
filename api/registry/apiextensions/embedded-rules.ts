import type { EmbeddedRules } from '../../../openapi/structural/object-meta.ts';
import { validateObjectMeta } from '../validation/metadata.ts';
import { isDns1035Label, isPathSegmentName } from '../validation/names.ts';

/** How resources within custom resources are validated: their kind is unknown, so any name that fits in a path will do. */
export const EMBEDDED_RULES: EmbeddedRules = {
  isDns1035Label,
  validateMeta: (metadata, field) =>
    validateObjectMeta(
      { ...metadata, name: metadata.name || 'fakename' },
      { namespaced: (metadata.namespace ?? '') !== '', validateName: isPathSegmentName, anyFinalizers: true },
      field,
    ),
};
