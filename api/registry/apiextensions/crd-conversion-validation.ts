/** Validation of `spec.conversion` of CustomResourceDefinitions. */
import type {
  ApiextensionsV1ServiceReference,
  ApiextensionsV1WebhookClientConfig,
  V1CustomResourceConversion,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { isDns1035Label, isDns1123Subdomain } from '../validation/names.ts';

const REVIEW_VERSIONS = ['v1', 'v1beta1'];

export function validateConversion(conversion: V1CustomResourceConversion | undefined, path: string): FieldError[] {
  if (!conversion) return [];
  const { strategy = '', webhook } = conversion;
  const errors = validateStrategy(strategy, `${path}.strategy`);
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy === 'Webhook') {
    return [
      ...errors,
      ...validateClientConfig(webhook?.clientConfig, `${path}.webhookClientConfig`),
      ...validateReviewVersions(versions, `${path}.conversionReviewVersions`),
    ];
  }
  const detail = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig) errors.push(forbiddenField(`${path}.webhookClientConfig`, detail));
  if (versions.length > 0) errors.push(forbiddenField(`${path}.conversionReviewVersions`, detail));
  return errors;
}

function validateStrategy(strategy: string, field: string): FieldError[] {
  if (strategy === '') return [required(field)];
  const supported = ['None', 'Webhook'];
  return supported.includes(strategy) ? [] : [notSupported(field, strategy, supported)];
}

function validateClientConfig(config: ApiextensionsV1WebhookClientConfig | undefined, path: string): FieldError[] {
  if (!config) return [required(path, 'required when strategy is set to Webhook')];
  if ((config.url === undefined) === (config.service === undefined))
    return [required(path, 'exactly one of url or service is required')];
  if (config.url !== undefined) return validateUrl(config.url, `${path}.url`);
  return config.service ? validateService(config.service, `${path}.service`) : [];
}

const FORM = '; desired format: https://host[/path]';

function validateUrl(url: string, field: string): FieldError[] {
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(?:([^/?#@]*)@)?([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(url);
  const [, scheme = '', user, host = '', , query = '', fragment = ''] = match ?? [];
  const errors: FieldError[] = [];
  if (scheme !== 'https') errors.push(invalidValue(field, scheme, `'https' is the only allowed URL scheme${FORM}`));
  if (host === '') errors.push(invalidValue(field, host, `host must be specified${FORM}`));
  if (user !== undefined) errors.push(invalidValue(field, user, 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalidValue(field, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalidValue(field, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function validateService(service: ApiextensionsV1ServiceReference, path: string): FieldError[] {
  const { name = '', namespace = '', path: urlPath, port = 443 } = service;
  const errors: FieldError[] = [];
  // Upstream mixes the two up.
  if (namespace === '') errors.push(required(`${path}.name`, 'service name is required'));
  if (name === '') errors.push(required(`${path}.namespace`, 'service namespace is required'));
  if (port < 1 || port > 65535)
    errors.push(invalidValue(`${path}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'));
  return urlPath === undefined ? errors : [...errors, ...validatePath(urlPath, `${path}.path`)];
}

function validatePath(path: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (path === '/') return errors;
  if (path === '//') return [invalidValue(field, path, 'segment[0] may not be empty')];
  if (!path.startsWith('/')) errors.push(invalidValue(field, path, "must start with a '/'"));
  const segments = path.slice(1).replace(/\/$/, '').split('/');
  segments.forEach((segment, i) => {
    if (segment === '') errors.push(invalidValue(field, path, `segment[${i}] may not be empty`));
    else {
      const messages = isDns1123Subdomain(segment).map((message) => `segment[${i}]: ${message}`);
      errors.push(...invalidEach(field, path, messages));
    }
  });
  return errors;
}

function validateReviewVersions(versions: readonly string[], field: string): FieldError[] {
  if (versions.length === 0) return [required(field)];
  const errors = versions.flatMap((version, i) =>
    versions.indexOf(version) < i
      ? [invalidValue(`${field}[${i}]`, version, 'duplicate version')]
      : invalidEach(`${field}[${i}]`, version, isDns1035Label(version)),
  );
  if (versions.some((version) => REVIEW_VERSIONS.includes(version))) return errors;
  return [...errors, invalidValue(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`)];
}
