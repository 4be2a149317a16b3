/** Lists with a largest size and without repetition, and names as device claims have them. */
import type { FieldError } from '../../../openapi/status.ts';
import { validateCsiDriverName } from '../storage/validation.ts';
import { duplicate, invalidEach, invalidValue, required, tooLong, tooMany } from '../validation/errors.ts';
import { isDns1123Label, isDns1123Subdomain } from '../validation/names.ts';

/** Go writes absent lists as null. */
type List<T> = readonly T[] | undefined | null;
type Check<T> = (item: T, field: string) => FieldError[];

const POOL_MAX = 253;
const IDENTIFIER_MAX = 32;
const IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*';
const IDENTIFIER_PATTERN = new RegExp(`^(?:${IDENTIFIER})$`);

/** Upstream looks at no item of a list that is too long. */
export function validateSlice<T>(given: List<T>, maximum: number, check: Check<T>, field: string): FieldError[] {
  const list = given ?? [];
  if (list.length > maximum) return [tooMany(field, list.length, maximum)];
  return list.flatMap((item, i) => check(item, `${field}[${i}]`));
}

/** The same, and no key comes twice. */
export function validateSet<T>(
  given: List<T>,
  maximum: number,
  check: Check<T>,
  key: (item: T) => string,
  field: string,
): FieldError[] {
  const list = given ?? [];
  const errors = validateSlice(list, maximum, check, field);
  if (list.length > maximum) return errors;
  const seen = new Set<string>();
  list.forEach((item, i) => {
    const own = key(item);
    if (seen.has(own)) errors.push(duplicate(`${field}[${i}]`, own));
    seen.add(own);
  });
  return errors;
}

/** Keys and values of a map. */
export function validateMap<T>(
  map: Readonly<Record<string, T>> = {},
  maximum: number,
  checkKey: Check<string>,
  check: Check<T>,
  field: string,
): FieldError[] {
  const entries = Object.entries(map);
  if (entries.length > maximum) return [tooMany(field, entries.length, maximum)];
  return entries.flatMap(([key, value]) => [...checkKey(key, `${field}[${key}]`), ...check(value, `${field}[${key}]`)]);
}

/** As a CSI driver's. */
export function validateDriverName(name: string | undefined, field: string): FieldError[] {
  return name ? validateCsiDriverName(name, field) : [required(field)];
}

/** DNS subdomains, separated by slashes. */
export function validatePoolName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const errors = name.length > POOL_MAX ? [tooLong(field, POOL_MAX)] : [];
  return [...errors, ...name.split('/').flatMap((part) => invalidEach(field, part, isDns1123Subdomain(part)))];
}

export function validateLabel(name: string | undefined, field: string): FieldError[] {
  return invalidEach(field, name ?? '', isDns1123Label(name ?? ''));
}

/** `name`, or `domain/name`. */
export function validateQualifiedName(name: string, field: string): FieldError[] {
  const parts = name.split('/');
  const [first = '', second = ''] = parts;
  if (parts.length === 1) return validateIdentifier(first, field);
  if (parts.length > 2) return [];
  return [
    ...(first === '' ? [invalidValue(field, '', 'the domain must not be empty')] : validateDriverName(first, field)),
    ...(second === '' ? [invalidValue(field, '', 'the name must not be empty')] : validateIdentifier(second, field)),
  ];
}

/** `domain/name`. */
export function validateFullyQualifiedName(name: string, field: string): FieldError[] {
  const errors = validateQualifiedName(name, field);
  if (name.includes('/')) return errors;
  const detail = 'a fully qualified name must be a domain and a name separated by a slash';
  return [...errors, invalidValue(field, name, detail)];
}

function validateIdentifier(id: string, field: string): FieldError[] {
  const errors = id.length > IDENTIFIER_MAX ? [tooLong(field, IDENTIFIER_MAX)] : [];
  if (!IDENTIFIER_PATTERN.test(id)) {
    const rule =
      "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
    const examples = `e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '${IDENTIFIER}'`;
    errors.push(invalidValue(field, id, `${rule} (${examples})`));
  }
  return errors;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function validateUid(uid: string, field: string): FieldError[] {
  if (UUID.test(uid)) return [];
  if (UUID.test(uid.toLowerCase()) || /^[0-9a-f]{32}$/i.test(uid)) {
    const detail =
      'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
    return [invalidValue(field, uid, detail)];
  }
  const why = uid.length === 36 ? 'invalid UUID format' : `invalid UUID length: ${uid.length}`;
  return [invalidValue(field, uid, `error validating uid: ${why}`)];
}

/** An object of somebody else's, as JSON. */
export function validateParameters(value: unknown, field: string, maximumBytes: number): FieldError[] {
  if (value === undefined || value === null) return [required(field)];
  if (Buffer.byteLength(JSON.stringify(value)) > maximumBytes) return [tooLong(field, maximumBytes)];
  if (typeof value === 'object' && !Array.isArray(value)) return [];
  return [invalidValue(field, '<value omitted>', 'must be a valid JSON object')];
}
