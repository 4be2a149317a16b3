import type { V1ServiceCIDR, V1ServiceCIDRSpec } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { keepMetadata } from '../prepare.ts';
import { invalidValue, required } from '../validation/errors.ts';
import { parseCidr } from '../validation/ip.ts';
import { validateCidr } from '../validation/strict-ip.ts';

const FIELD = 'spec.cidrs';
const IMMUTABLE = 'field is immutable';
/** One of each family. */
const CIDRS_MAX = 2;

export function serviceCidrs(describe: Describe): ResourceDeclaration {
  return declare<V1ServiceCIDR>({
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'ServiceCIDR',
    plural: 'servicecidrs',
    singular: 'servicecidr',
    namespaced: false,
    definition: 'io.k8s.api.networking.v1.ServiceCIDR',
    columns: [
      nameColumn(describe),
      fieldColumn('CIDRs', describe, ['io.k8s.api.networking.v1.ServiceCIDRSpec', 'cidrs'], ({ spec }) =>
        (spec?.cidrs ?? []).join(','),
      ),
      ageColumn(describe),
    ],
    strategy: {
      validate: ({ spec = {} }) => validateSpec(spec),
      validateUpdate: ({ spec = {} }, old) => validateUnchanged(spec.cidrs ?? [], old.spec?.cidrs ?? []),
    },
    status: {
      prepareForUpdate(object, old) {
        object.spec = old.spec ?? {};
        keepMetadata(object, old);
      },
    },
  });
}

function validateSpec({ cidrs = [] }: V1ServiceCIDRSpec): FieldError[] {
  if (cidrs.length === 0) return [required(FIELD, 'at least one CIDR required')];
  if (cidrs.length > CIDRS_MAX) {
    // The internal type, which has no names for JSON.
    return [invalidValue(FIELD, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  }
  const errors = cidrs.flatMap((cidr, i) => validateCidr(cidr, `${FIELD}[${i}]`));
  const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.family);
  if (first !== undefined && first === second) {
    const detail = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    errors.push(invalidValue(FIELD, cidrs, detail));
  }
  return errors;
}

/** A second family may be added, and nothing else may change. */
function validateUnchanged(cidrs: readonly string[], old: readonly string[]): FieldError[] {
  const grows = old.length === 1 && cidrs.length === CIDRS_MAX;
  if (cidrs.length !== old.length && !grows) return [invalidValue(FIELD, cidrs, IMMUTABLE)];
  return old.flatMap((before, i) => (before === cidrs[i] ? [] : [invalidValue(`${FIELD}[${i}]`, cidrs[i], IMMUTABLE)]));
}
