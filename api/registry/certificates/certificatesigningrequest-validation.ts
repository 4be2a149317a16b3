/** Upstream's validation of certificate signing requests. */
import { X509Certificate } from 'node:crypto';
import type {
  V1CertificateSigningRequest,
  V1CertificateSigningRequestCondition,
  V1CertificateSigningRequestSpec,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { parseCertificateRequest } from '../../auth/pkcs10.ts';
import { semanticEqual } from '../validation/equality.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required, tooLong } from '../validation/errors.ts';
import { isDns1123Label, isDns1123Subdomain } from '../validation/names.ts';

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const STATUSES = ['False', 'True', 'Unknown'];
/** Conditions that are there or not, and never say no. */
const TRUE_ONLY = ['Approved', 'Denied', 'Failed'];
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const DURATION_MIN_S = 600;
const DOMAIN_MAX = 253;
const SIGNER_MAX = 253 + 1 + 63 + 1 + 253;
const CONDITIONS = 'status.conditions';

export function validateSpec(spec: V1CertificateSigningRequestSpec): FieldError[] {
  const { request, usages = [], signerName = '', expirationSeconds } = spec;
  const errors = validateRequest(request);
  if (usages.length === 0) errors.push(required('spec.usages', 'usages must be provided'));
  usages.forEach((usage, i) => {
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${i}]`, usage, USAGES));
  });
  usages.forEach((usage, i) => {
    if (usages.indexOf(usage) < i) errors.push(duplicate(`spec.usages[${i}]`, usage));
  });
  if (signerName === LEGACY_SIGNER) {
    const detail = 'the legacy signerName is not allowed via this API version';
    errors.push(invalidValue('spec.signerName', signerName, detail));
  } else {
    errors.push(...validateSignerName(signerName, 'spec.signerName'));
  }
  if (expirationSeconds !== undefined && expirationSeconds < DURATION_MIN_S) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalidValue('spec.expirationSeconds', expirationSeconds, detail));
  }
  return errors;
}

function validateRequest(request: string | undefined): FieldError[] {
  const refuse = (why: string) => [invalidValue('spec.request', request ?? '', why)];
  try {
    const { isSigned } = parseCertificateRequest(Buffer.from(request ?? '', 'base64').toString());
    return isSigned ? [] : refuse('x509: signature of the certificate request does not verify');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return refuse(error.message);
  }
}

/** `example.com/signer-name`, whose last part may be `NAMESPACE.NAME`. */
export function validateSignerName(name: string, field: string): FieldError[] {
  if (name === '') return [required(field, 'signerName must be provided')];
  const [domain = '', path = '', ...rest] = name.split('/');
  if (!name.includes('/') || rest.length > 0) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalidValue(field, name, detail)];
  }
  const labels = domain.split('.');
  const errors = domain.length > DOMAIN_MAX ? [tooLong(field, DOMAIN_MAX)] : [];
  errors.push(...validateLabels(domain, labels, isDns1123Label, field));
  if (labels.length < 2) {
    errors.push(invalidValue(field, domain, 'should be a domain with at least two segments separated by dots'));
  }
  errors.push(...validateLabels(path, path.split('.'), isDns1123Subdomain, field));
  if (name.length > SIGNER_MAX) errors.push(tooLong(field, SIGNER_MAX));
  return errors;
}

/** Of the first label that is wrong: the errors of others would only repeat its. */
function validateLabels(
  segment: string,
  labels: readonly string[],
  check: (label: string) => string[],
  field: string,
): FieldError[] {
  const wrong = labels.find((label) => check(label).length > 0);
  if (wrong === undefined) return [];
  return check(wrong).map((message) =>
    invalidValue(field, segment, `validating label ${JSON.stringify(wrong)}: ${message}`),
  );
}

/** What one of the ways of updating a request may do. Its spec never changes. */
export interface UpdateRules {
  /** Set conditions `Approved` and `Denied`. */
  approves: boolean;
  /** Set the certificate. */
  certifies: boolean;
}

export function validateUpdate(
  request: V1CertificateSigningRequest,
  old: V1CertificateSigningRequest,
  { approves, certifies }: UpdateRules,
): FieldError[] {
  const errors = [
    ...validateConditions(conditionsOf(request), conditionsOf(old)),
    ...validateCertificate(request.status?.certificate, old.status?.certificate),
  ];
  const refuse = (detail: string) => errors.push(forbiddenField(CONDITIONS, detail));
  for (const type of TRUE_ONLY) {
    const [before, now] = [ofType(old, type), ofType(request, type)];
    if (now.length < before.length) refuse(`updates may not remove a condition of type "${type}"`);
    if (approves || type === 'Failed') continue;
    if (now.length > before.length) refuse(`updates may not add a condition of type "${type}"`);
    else if (now.length === before.length && !semanticEqual(now, before)) {
      refuse(`updates may not modify a condition of type "${type}"\n`);
    }
  }
  const [certificate = '', before = ''] = [request.status?.certificate, old.status?.certificate];
  if (certificate === before) return errors;
  if (!certifies) errors.push(forbiddenField('status.certificate', 'updates may not set certificate content'));
  else if (before !== '') {
    errors.push(forbiddenField('status.certificate', 'updates may not modify existing certificate content'));
  }
  return errors;
}

export function conditionsOf({ status }: V1CertificateSigningRequest): V1CertificateSigningRequestCondition[] {
  return status?.conditions ?? [];
}

export function ofType(request: V1CertificateSigningRequest, type: string): V1CertificateSigningRequestCondition[] {
  return conditionsOf(request).filter((condition) => condition.type === type);
}

type Conditions = readonly V1CertificateSigningRequestCondition[];

/** What was wrong before may stay wrong. */
function validateConditions(conditions: Conditions, old: Conditions): FieldError[] {
  const mayRepeat = new Set(old.map(({ type }) => type)).size < old.length;
  const mayBeUntyped = old.some(({ type }) => !type);
  const mayContradict = ['Approved', 'Denied'].every((type) => old.some((condition) => condition.type === type));
  const seen = new Set<string>();
  return conditions.flatMap(({ type = '', status = '' }, i) => {
    const field = `${CONDITIONS}[${i}]`;
    const errors = type === '' && !mayBeUntyped ? [required(`${field}.type`)] : [];
    const statuses = TRUE_ONLY.includes(type) ? ['True'] : STATUSES;
    if (status === '') errors.push(required(`${field}.status`));
    else if (!statuses.includes(status)) errors.push(notSupported(`${field}.status`, status, statuses));
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (opposite !== undefined && seen.has(opposite) && !mayContradict) {
      errors.push(invalidValue(`${field}.type`, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.has(type) && !mayRepeat) errors.push(duplicate(`${field}.type`, type));
    seen.add(type);
    return errors;
  });
}

function validateCertificate(certificate: string | undefined, old: string | undefined): FieldError[] {
  if (!certificate || certificate === old) return [];
  const why = certificateError(Buffer.from(certificate, 'base64').toString());
  return why === undefined ? [] : [invalidValue('status.certificate', '<certificate data>', why)];
}

const BLOCK = /-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/g;

function certificateError(pem: string): string | undefined {
  const blocks = [...pem.matchAll(BLOCK)];
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const [text, type = '', body = ''] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (body.includes(':')) return 'no PEM block headers are permitted';
    try {
      new X509Certificate(text);
    } catch (error) {
      return `x509: malformed certificate (${error instanceof Error ? error.message : String(error)})`;
    }
  }
  return undefined;
}
