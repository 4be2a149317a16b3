/** Where webhooks are reached. */
import type { AdmissionregistrationV1WebhookClientConfig } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue, required } from './errors.ts';
import { isDns1123Subdomain, isPortNumber } from './names.ts';

const FORM = '; desired format: https://host[/path]';

/** A URL or a service, one of them. */
export function validateClientConfig(
  config: AdmissionregistrationV1WebhookClientConfig | undefined,
  field: string,
): FieldError[] {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined)) {
    return [required(field, 'exactly one of url or service is required')];
  }
  if (url !== undefined) return validateWebhookUrl(url, `${field}.url`);
  const { name = '', namespace = '', path, port = 443 } = service ?? {};
  return validateWebhookService({ name, namespace, path, port }, `${field}.service`);
}

export function validateWebhookUrl(text: string, field: string): FieldError[] {
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Go refuses them.
  if (!match || /[\x00-\x1f\x7f]/.test(text)) {
    const why = `parse ${JSON.stringify(text)}: net/url: invalid control character in URL`;
    return [required(field, `url must be a valid URL: ${why}${FORM}`)];
  }
  const [, scheme = '', authority = '', , query = '', fragment = ''] = match;
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https') {
    errors.push(invalidValue(field, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`));
  }
  if (host === '') errors.push(invalidValue(field, host, `host must be provided${FORM}`));
  if (at >= 0) {
    errors.push(invalidValue(field, authority.slice(0, at), 'user information is not permitted in the URL'));
  }
  if (fragment !== '') errors.push(invalidValue(field, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalidValue(field, query, 'query parameters are not permitted in the URL'));
  return errors;
}

export function validateWebhookService(
  service: { name: string; namespace: string; path: string | undefined; port: number },
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  // Upstream takes the one for the other in its messages.
  if (service.namespace === '') errors.push(required(`${field}.name`, 'service name is required'));
  if (service.name === '') errors.push(required(`${field}.namespace`, 'service namespace is required'));
  const wrong = isPortNumber(service.port);
  if (wrong.length > 0) {
    errors.push(invalidValue(`${field}.port`, service.port, `port is not valid: ${wrong.join(', ')}`));
  }
  return [...errors, ...validatePath(service.path, `${field}.path`)];
}

function validatePath(path: string | undefined, field: string): FieldError[] {
  if (path === undefined || path === '' || path === '/') return [];
  if (path === '//') return [invalidValue(field, path, 'segment[0] may not be empty')];
  const errors = path.startsWith('/') ? [] : [invalidValue(field, path, "must start with a '/'")];
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  steps.forEach((step, i) => {
    const messages = step === '' ? [] : isDns1123Subdomain(step);
    if (step === '') errors.push(invalidValue(field, path, `segment[${i}] may not be empty`));
    errors.push(...messages.map((message) => invalidValue(field, path, `segment[${i}]: ${message}`)));
  });
  return errors;
}
