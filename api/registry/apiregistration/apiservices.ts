import { rfc3339 } from '../../../base/clock.ts';
import type {
  V1APIService,
  V1APIServiceCondition,
  V1APIServiceSpec,
  V1APIServiceStatus,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { keepMetadata } from '../prepare.ts';
import { invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, isPortNumber } from '../validation/names.ts';

const GROUP_PRIORITY_MAX = 20_000;
const VERSION_PRIORITY_MAX = 1000;
const STATUSES = ['True', 'False', 'Unknown'];

export function apiServices(describe: Describe): ResourceDeclaration {
  return declare<V1APIService>({
    group: 'apiregistration.k8s.io',
    version: 'v1',
    kind: 'APIService',
    plural: 'apiservices',
    singular: 'apiservice',
    categories: ['api-extensions'],
    namespaced: false,
    definition: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
    storagePrefix: 'apiregistration.k8s.io/apiservices',
    columns: [
      nameColumn(describe),
      column('Service', 'The reference to the service that hosts this API endpoint.', serviceOf),
      column('Available', 'Whether this service is available.', availability),
      ageColumn(describe),
    ],
    strategy: {
      anyFinalizers: true,
      unconditionalUpdate: false,
      validateName: isPathSegmentName,
      default({ spec }) {
        if (spec?.service) spec.service.port ??= 443;
      },
      prepareForCreate(service, { clock }) {
        // One that this server answers for itself needs no probe.
        service.status = service.spec?.service ? {} : { conditions: [local(rfc3339(clock.now()))] };
      },
      prepareForUpdate(service, old) {
        service.status = old.status ?? {};
      },
      validate: validateApiService,
    },
    status: {
      prepareForUpdate(service, old) {
        service.spec = old.spec as V1APIServiceSpec;
        keepMetadata(service, old);
      },
      validateUpdate: ({ status }) => validateStatus(status),
    },
  });
}

function local(lastTransitionTime: string): V1APIServiceCondition {
  const message = 'Local APIServices are always available';
  return { type: 'Available', status: 'True', lastTransitionTime, reason: 'Local', message };
}

function serviceOf({ spec }: V1APIService): string {
  return spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local';
}

function availability({ status }: V1APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (!condition) return 'Unknown';
  const { status: is, reason } = condition;
  return is === 'True' || !reason ? is : `${is} (${reason})`;
}

function validateApiService({ metadata, spec }: V1APIService): FieldError[] {
  const { group = '', version = '' } = spec ?? {};
  const expected = `${version}.${group}`;
  const name = metadata?.name ?? '';
  const errors: FieldError[] = [];
  if (name !== '' && name !== expected && isPathSegmentName(name).length === 0) {
    const detail = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`;
    errors.push(invalidValue('metadata.name', name, detail));
  }
  if (group === '' && version !== 'v1') {
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '') errors.push(...invalidEach('spec.group', group, isDns1123Subdomain(group)));
  return [
    ...errors,
    ...invalidEach('spec.version', version, isDns1035Label(version)),
    ...validatePriority(spec?.groupPriorityMinimum ?? 0, 'spec.groupPriorityMinimum', GROUP_PRIORITY_MAX),
    ...validatePriority(spec?.versionPriority ?? 0, 'spec.versionPriority', VERSION_PRIORITY_MAX),
    ...validateService(spec),
  ];
}

function validatePriority(value: number, field: string, maximum: number): FieldError[] {
  if (value > 0 && value <= maximum) return [];
  return [invalidValue(field, value, `must be positive and less than ${maximum}`)];
}

function validateService(spec: V1APIServiceSpec | undefined): FieldError[] {
  const { service, caBundle = '', insecureSkipTLSVerify = false } = spec ?? {};
  const skips = 'spec.insecureSkipTLSVerify';
  const errors: FieldError[] = [];
  if (!service) {
    const bytes = Buffer.byteLength(caBundle, 'base64');
    if (bytes > 0)
      errors.push(invalidValue('spec.caBundle', `${bytes} bytes`, 'local APIServices may not have a caBundle'));
    if (insecureSkipTLSVerify) {
      errors.push(invalidValue(skips, true, 'local APIServices may not have insecureSkipTLSVerify'));
    }
    return errors;
  }
  const { namespace, name, port = 0 } = service;
  if (!namespace) errors.push(required('spec.service.namespace'));
  if (!name) errors.push(required('spec.service.name'));
  const wrong = isPortNumber(port);
  if (wrong.length > 0) errors.push(invalidValue('spec.service.port', port, `port is not valid: ${wrong.join(', ')}`));
  if (insecureSkipTLSVerify && caBundle !== '') {
    errors.push(invalidValue(skips, true, 'may not be true if caBundle is present'));
  }
  return errors;
}

function validateStatus(status: V1APIServiceStatus | undefined): FieldError[] {
  return (status?.conditions ?? []).flatMap((condition, i) =>
    STATUSES.includes(condition.status)
      ? []
      : [notSupported(`status.conditions[${i}].status`, condition.status, STATUSES)],
  );
}
