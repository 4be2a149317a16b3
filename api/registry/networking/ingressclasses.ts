import type {
  V1IngressClass,
  V1IngressClassParametersReference,
  V1IngressClassSpec,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, fieldColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { countSpecChange, startGeneration } from '../prepare.ts';
import { validateDomainPrefixedPath } from '../validation/domains.ts';
import { forbiddenField, invalidEach, notSupported, required, tooLong } from '../validation/errors.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { nameIsDnsLabel } from '../validation/names.ts';
import { validateLocalReference } from './ingress-validation.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';
const CONTROLLER_MAX_BYTES = 250;
const SCOPES = ['Cluster', 'Namespace'];

export function ingressClasses(describe: Describe): ResourceDeclaration {
  return declare<V1IngressClass>({
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'IngressClass',
    plural: 'ingressclasses',
    singular: 'ingressclass',
    namespaced: false,
    definition: 'io.k8s.api.networking.v1.IngressClass',
    columns: [
      fieldColumn('Name', describe, [META, 'name'], shownName, { format: 'name' }),
      column(
        'Controller',
        'Controller that is responsible for handling this class',
        ({ spec }) => spec?.controller ?? '',
      ),
      column('Parameters', 'A reference to a resource with additional parameters', ({ spec }) =>
        formatParameters(spec?.parameters),
      ),
      ageColumn(describe),
    ],
    strategy: {
      default(ingressClass) {
        ingressClass.spec ??= {};
        if (ingressClass.spec.parameters) ingressClass.spec.parameters.scope ??= 'Cluster';
      },
      prepareForCreate: startGeneration,
      prepareForUpdate: countSpecChange,
      validate: ({ spec = {} }) => validateSpec(spec),
      validateUpdate: ({ spec }, old) =>
        validateImmutable(spec?.controller ?? '', old.spec?.controller ?? '', 'spec.controller'),
    },
  });
}

function shownName({ metadata }: V1IngressClass): string {
  const name = metadata?.name ?? '';
  return metadata?.annotations?.[DEFAULT_CLASS] === 'true' ? `${name} (default)` : name;
}

/** `Kind.group/name` */
function formatParameters(parameters: V1IngressClassParametersReference | undefined): string {
  if (!parameters) return '<none>';
  const { apiGroup, kind, name } = parameters;
  return apiGroup === undefined ? `${kind}/${name}` : `${kind}.${apiGroup}/${name}`;
}

function validateSpec({ controller = '', parameters }: V1IngressClassSpec): FieldError[] {
  const errors =
    Buffer.byteLength(controller) > CONTROLLER_MAX_BYTES ? [tooLong('spec.controller', CONTROLLER_MAX_BYTES)] : [];
  errors.push(...validateDomainPrefixedPath(controller, 'spec.controller'));
  return parameters ? [...errors, ...validateParameters(parameters, 'spec.parameters')] : errors;
}

function validateParameters(parameters: V1IngressClassParametersReference, field: string): FieldError[] {
  const errors = validateLocalReference(parameters, field);
  const { scope, namespace } = parameters;
  if (scope === undefined) return [...errors, required(`${field}.scope`)];
  if (!SCOPES.includes(scope)) return [...errors, notSupported(`${field}.scope`, scope, SCOPES)];
  if (scope === 'Cluster') {
    if (namespace === undefined) return errors;
    return [...errors, forbiddenField(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'")];
  }
  if (namespace === undefined) {
    return [...errors, required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'")];
  }
  return [...errors, ...invalidEach(`${field}.namespace`, namespace, nameIsDnsLabel(namespace, false))];
}
