/** Who manages the fields that a request writes. */
import type { FieldError } from '../../openapi/status.ts';
import type { ApiRequest } from '../http/request.ts';
import { MANAGER_MAX_BYTES, PRINTABLE, validateFieldManager } from '../registry/store/managed-fields-validation.ts';

export const APPLY_YAML = 'application/apply-patch+yaml';

/** The manager that a request names, else what its user agent begins with; `''` when there is neither. */
export function managerOf(request: Pick<ApiRequest, 'query' | 'header'>): string {
  return request.query.get('fieldManager') || agentName(request.header('user-agent') ?? '');
}

/** `kubectl` of `kubectl/v1.36.0 (linux/amd64)`, as much of it as a manager's name may be. */
function agentName(agent: string): string {
  let name = '';
  let bytes = 0;
  for (const char of agent.split('/', 1)[0] ?? '') {
    if (!PRINTABLE.test(char)) continue;
    bytes += Buffer.byteLength(char);
    if (bytes > MANAGER_MAX_BYTES) break;
    name += char;
  }
  return name;
}

/** What is wrong with the options of a write about its manager. `isApply`: is it a configuration that is applied? */
export function fieldManagerErrors(query: URLSearchParams, isApply: boolean, isPatch: boolean): FieldError[] {
  const manager = query.get('fieldManager') ?? '';
  const errors: FieldError[] = [];
  if (isPatch && !isApply && query.has('force')) {
    const message = 'Forbidden: may not be specified for non-apply patch';
    errors.push({ type: 'FieldValueForbidden', field: 'force', message });
  }
  if (isApply && manager === '') {
    const message = 'Required value: is required for apply patch';
    errors.push({ type: 'FieldValueRequired', field: 'fieldManager', message });
  }
  return [...errors, ...validateFieldManager(manager, 'fieldManager')];
}

/** Whether an applied configuration takes fields from other managers: as upstream reads flags, anything but 0 and false. */
export function isForced(query: URLSearchParams): boolean {
  const force = query.get('force');
  return force !== null && force !== '0' && force.toLowerCase() !== 'false';
}
