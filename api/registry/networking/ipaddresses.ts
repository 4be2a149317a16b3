import type { V1IPAddress, V1ParentReference } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { invalidEach, invalidValue, required } from '../validation/errors.ts';
import { isDns1123Subdomain, isPathSegmentName } from '../validation/names.ts';
import { isValidIp } from '../validation/strict-ip.ts';

const FIELD = 'spec.parentRef';

export function ipAddresses(describe: Describe): ResourceDeclaration {
  return declare<V1IPAddress>({
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'IPAddress',
    plural: 'ipaddresses',
    singular: 'ipaddress',
    shortNames: ['ip'],
    namespaced: false,
    definition: 'io.k8s.api.networking.v1.IPAddress',
    columns: [
      nameColumn(describe),
      fieldColumn('ParentRef', describe, ['io.k8s.api.networking.v1.IPAddressSpec', 'parentRef'], ({ spec }) =>
        formatParent(spec?.parentRef),
      ),
    ],
    strategy: {
      validate: ({ spec }) => validateParent(spec.parentRef),
      validateUpdate(address, old) {
        const parent = address.spec.parentRef;
        if (semanticEqual(parent, old.spec.parentRef)) return [];
        return [invalidValue(FIELD, internalForm(parent), 'field is immutable')];
      },
      validateName: isValidIp,
    },
  });
}

/** `services/default/web` */
function formatParent(parent: V1ParentReference | undefined): string {
  if (!parent) return '<none>';
  const { group, resource, namespace, name } = parent;
  const what = group ? `${resource}.${group}` : resource;
  return [what.toLowerCase(), ...(namespace ? [namespace] : []), name].join('/');
}

/** How upstream's errors show it: its internal type has no names for JSON. */
function internalForm(parent: V1ParentReference | undefined): object | undefined {
  if (!parent) return undefined;
  const { group: Group = '', resource: Resource, namespace: Namespace = '', name: Name } = parent;
  return { Group, Resource, Namespace, Name };
}

function validateParent(parent: V1ParentReference | undefined): FieldError[] {
  if (!parent) return [required(FIELD)];
  const { group, resource, name, namespace } = parent;
  const segment = (field: string, value: string) => invalidEach(`${FIELD}.${field}`, value, isPathSegmentName(value));
  return [
    ...(group ? invalidEach(`${FIELD}.group`, group, isDns1123Subdomain(group)) : []),
    ...(resource ? segment('resource', resource) : [required(`${FIELD}.resource`)]),
    ...(name ? segment('name', name) : [required(`${FIELD}.name`)]),
    ...(namespace ? segment('namespace', namespace) : []),
  ];
}
