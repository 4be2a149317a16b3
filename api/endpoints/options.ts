/** Query parameters that several verbs read. */
import {
  type FieldTerm,
  parseFieldSelector,
  parseLabelSelector,
  type Requirement,
  SelectorError,
} from '../../openapi/selectors.ts';
import { badRequest, type FieldError, invalid } from '../../openapi/status.ts';
import { type ApiRequest, integerParameter } from '../http/request.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import type { ServedResource } from '../registry/served.ts';
import type { ListQuery } from '../registry/store/list.ts';
import type { WriteContext } from '../registry/store/store.ts';
import { mediaType } from './decode.ts';
import { APPLY_YAML, fieldManagerErrors } from './field-manager.ts';

/** `dryRun=All`, and who asks. Throws 422 for another dryRun value, as upstream. */
export function writeContext(request: ApiRequest, kind: string, bodyDryRun: readonly string[] = []): WriteContext {
  const values = [...request.query.getAll('dryRun'), ...bodyDryRun].filter((value) => value !== '');
  const wrong = values.find((value) => value !== 'All');
  if (wrong !== undefined) {
    const error: FieldError = {
      type: 'FieldValueNotSupported',
      field: 'dryRun',
      message: `Unsupported value: ${JSON.stringify(wrong)}: supported values: "All"`,
    };
    throw invalid({ group: 'meta.k8s.io', kind }, '', [error]);
  }
  const isApply = mediaType(request.header('content-type')) === APPLY_YAML;
  const isPatch = kind === 'PatchOptions';
  const errors = fieldManagerErrors(request.query, isPatch && isApply, isPatch);
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors);
  checkFieldValidation(request.query.get('fieldValidation') ?? '', kind);
  const { name, ...known } = request.user;
  return {
    user: name,
    ...known,
    dryRun: values.length > 0,
    warnings: request.warnings,
  };
}

const FIELD_VALIDATIONS = ['', 'Ignore', 'Warn', 'Strict'];

function checkFieldValidation(mode: string, kind: string): void {
  if (FIELD_VALIDATIONS.includes(mode)) return;
  const message = `Invalid value: ${JSON.stringify(mode)}: must be one of: Ignore, Warn, Strict`;
  throw invalid({ group: 'meta.k8s.io', kind }, '', [{ type: 'FieldValueInvalid', field: 'fieldValidation', message }]);
}

/** Label and field selectors, checked against the fields this resource knows. */
export function selectors(
  query: URLSearchParams,
  { declaration: resource, fieldNames }: ServedResource,
): { labels: Requirement[]; fields: FieldTerm[] } {
  try {
    const labels = parseLabelSelector(query.get('labelSelector') ?? '');
    const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
    for (const { field } of fields) checkFieldLabel(field, resource);
    return { labels, fields: fields.map((term) => ({ ...term, field: fieldNames[term.field] ?? term.field })) };
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}

function checkFieldLabel(field: string, resource: ResourceDeclaration): void {
  if (field === 'metadata.name' || (field === 'metadata.namespace' && resource.namespaced)) return;
  if (resource.fieldLabels?.includes(field)) return;
  const usual = resource.fieldLabels
    ? `field label not supported: ${field}`
    : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
  throw badRequest(resource.fieldLabelRefusal?.(field) ?? usual);
}

/** Everything a list reads off its query. */
export function listQuery(request: ApiRequest, served: ServedResource, namespace: string): ListQuery {
  const { query } = request;
  const limit = integerParameter(query, 'limit') ?? 0;
  integerParameter(query, 'timeoutSeconds');
  return {
    namespace,
    ...selectors(query, served),
    limit: Math.max(0, limit),
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
  };
}
