import type { V1Secret } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, invalidEach, invalidValue, required, tooLong } from '../validation/errors.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { isConfigMapKey } from '../validation/names.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from './columns.ts';
import { DATA_MAX_BYTES, IMMUTABLE } from './configmaps.ts';

const SECRET = 'io.k8s.api.core.v1.Secret';

export function secrets(describe: Describe): ResourceDeclaration {
  return declare<V1Secret>({
    group: '',
    version: 'v1',
    kind: 'Secret',
    plural: 'secrets',
    singular: 'secret',
    namespaced: true,
    definition: SECRET,
    columns: [
      nameColumn(describe),
      fieldColumn('Type', describe, [SECRET, 'type'], (secret) => secret.type ?? ''),
      fieldColumn('Data', describe, [SECRET, 'data'], (secret) => Object.keys(secret.data ?? {}).length),
      ageColumn(describe),
    ],
    fields: (secret) => ({ type: secret.type ?? '' }),
    fieldLabels: ['type'],
    strategy: {
      default: defaultSecret,
      prepareForUpdate(secret, old) {
        // Older clients that replaced a secret left the type out.
        if (!secret.type) secret.type = old.type ?? 'Opaque';
      },
      validate: validateSecret,
      validateUpdate: validateSecretUpdate,
    },
  });
}

/** `stringData` is for writing only: it goes into `data` and is never stored. */
function defaultSecret(secret: V1Secret): void {
  if (secret.stringData) {
    secret.data ??= {};
    for (const [key, value] of Object.entries(secret.stringData)) {
      secret.data[key] = Buffer.from(value).toString('base64');
    }
    delete secret.stringData;
  }
  secret.type ||= 'Opaque';
}

export function validateSecret(secret: V1Secret): FieldError[] {
  const data = secret.data ?? {};
  const errors = Object.keys(data).flatMap((key) => invalidEach(`data[${key}]`, key, isConfigMapKey(key)));
  const bytes = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);
  if (bytes > DATA_MAX_BYTES) errors.push(tooLong('data', DATA_MAX_BYTES));
  return [...errors, ...validateType(secret, data)];
}

function validateType(secret: V1Secret, data: Record<string, string>): FieldError[] {
  const missing = (key: string) => (key in data ? [] : [required(`data[${key}]`)]);
  switch (secret.type) {
    case 'kubernetes.io/service-account-token': {
      const key = 'kubernetes.io/service-account.name';
      return secret.metadata?.annotations?.[key] ? [] : [required(`metadata.annotations[${key}]`)];
    }
    case 'kubernetes.io/dockercfg':
      return validateJson(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return validateJson(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth':
      if ('username' in data || 'password' in data) return [];
      // Upstream's paths, with the slip of its pen that clients see.
      return [required('data[%s][username]'), required('data[%s][password]')];
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required('data[%s][ssh-privatekey]')];
    case 'kubernetes.io/tls':
      return [...missing('tls.crt'), ...missing('tls.key')];
    default:
      return [];
  }
}

function validateJson(data: Record<string, string>, key: string): FieldError[] {
  const value = data[key];
  if (value === undefined) return [required(`data[${key}]`)];
  const problem = jsonProblem(Buffer.from(value, 'base64').toString());
  return problem === '' ? [] : [invalidValue(`data[${key}]`, '<secret contents redacted>', problem)];
}

/** What Go's decoder says of the commonest broken documents. */
function jsonProblem(text: string): string {
  if (text.trim() === '') return 'unexpected end of JSON input';
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed === null || (typeof parsed === 'object' && !Array.isArray(parsed))) return '';
    const found = Array.isArray(parsed) ? 'array' : typeof parsed === 'boolean' ? 'bool' : typeof parsed;
    return `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`;
  } catch {
    const first = [...text.trim()][0] ?? '';
    return first === '{'
      ? 'unexpected end of JSON input'
      : `invalid character '${first}' looking for beginning of value`;
  }
}

export function validateSecretUpdate(secret: V1Secret, old: V1Secret): FieldError[] {
  const errors = validateImmutable(secret.type, old.type, 'type');
  if (old.immutable !== true) return errors;
  if (secret.immutable !== true) errors.push(forbiddenField('immutable', IMMUTABLE));
  if (!semanticEqual(secret.data ?? {}, old.data ?? {})) errors.push(forbiddenField('data', IMMUTABLE));
  return errors;
}
