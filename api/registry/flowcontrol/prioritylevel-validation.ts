/** Upstream's validation of priority levels. */
import type {
  V1ExemptPriorityLevelConfiguration,
  V1LimitedPriorityLevelConfiguration,
  V1LimitResponse,
  V1PriorityLevelConfiguration,
  V1QueuingConfiguration,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { MANDATORY, priorityLevels } from './bootstrap.ts';

const TYPES = ['Exempt', 'Limited'];
const RESPONSES = ['Queue', 'Reject'];
const QUEUES_MAX = 10_000_000;
/** Bits of the hash that deals hands of queues to flows. */
const ENTROPY_MAX = 60;

export function validatePriorityLevel({ metadata, spec }: V1PriorityLevelConfiguration): FieldError[] {
  const name = metadata?.name ?? '';
  const { type = '', limited, exempt } = spec ?? {};
  const errors: FieldError[] = [];
  if ((name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalidValue('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'"));
  }
  if (type === 'Exempt') {
    if (limited) errors.push(forbiddenField('spec.limited', 'must be nil if the type is not Limited'));
    if (exempt) errors.push(...validateExempt(exempt, 'spec.exempt'));
  } else if (type === 'Limited') {
    if (exempt) errors.push(forbiddenField('spec.exempt', 'must be nil if the type is Limited'));
    if (!limited) errors.push(required('spec.limited', 'must not be empty when type is Limited'));
    else errors.push(...validateLimited(limited, 'spec.limited'));
  } else errors.push(notSupported('spec.type', type, TYPES));
  return [...errors, ...validateMandatory(name, spec)];
}

/** What the mandatory ones lend, and how exempt requests count, is for administrators to say; the rest is fixed. */
function validateMandatory(name: string, spec: V1PriorityLevelConfiguration['spec']): FieldError[] {
  if (!MANDATORY.includes(name)) return [];
  const fixed = priorityLevels().find(({ metadata }) => metadata?.name === name)?.spec;
  const isSame =
    name === 'exempt'
      ? semanticEqual({ ...spec, exempt: undefined }, { ...fixed, exempt: undefined })
      : semanticEqual(spec, fixed);
  return isSame ? [] : [invalidValue('spec', spec, `spec of '${name}' must equal the fixed value`)];
}

function validateExempt(exempt: V1ExemptPriorityLevelConfiguration, field: string): FieldError[] {
  const { nominalConcurrencyShares = 0, lendablePercent = 0 } = exempt;
  const errors: FieldError[] = [];
  if (nominalConcurrencyShares < 0) {
    errors.push(
      invalidValue(`${field}.nominalConcurrencyShares`, nominalConcurrencyShares, 'must be a non-negative integer'),
    );
  }
  return [...errors, ...validatePercent(lendablePercent, `${field}.lendablePercent`)];
}

function validatePercent(value: number, field: string): FieldError[] {
  return value >= 0 && value <= 100 ? [] : [invalidValue(field, value, 'must be between 0 and 100, inclusive')];
}

function validateLimited(limited: V1LimitedPriorityLevelConfiguration, field: string): FieldError[] {
  const { nominalConcurrencyShares = 0, lendablePercent = 0, borrowingLimitPercent, limitResponse } = limited;
  const errors: FieldError[] = [];
  if (nominalConcurrencyShares < 0) {
    errors.push(
      invalidValue(`${field}.nominalConcurrencyShares`, nominalConcurrencyShares, 'must be a non-negative integer'),
    );
  }
  errors.push(...validateResponse(limitResponse, `${field}.limitResponse`));
  errors.push(...validatePercent(lendablePercent, `${field}.lendablePercent`));
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0) {
    const detail = 'if specified, must be a non-negative integer';
    errors.push(invalidValue(`${field}.borrowingLimitPercent`, borrowingLimitPercent, detail));
  }
  return errors;
}

function validateResponse(response: V1LimitResponse | undefined, field: string): FieldError[] {
  const { type = '', queuing } = response ?? {};
  if (!RESPONSES.includes(type)) return [notSupported(`${field}.type`, type, RESPONSES)];
  if (type === 'Reject') {
    const detail = 'must be nil if limited.limitResponse.type is not Limited';
    return queuing ? [forbiddenField(`${field}.queuing`, detail)] : [];
  }
  if (queuing) return validateQueuing(queuing, `${field}.queuing`);
  return [required(`${field}.queuing`, 'must not be empty if limited.limitResponse.type is Limited')];
}

function validateQueuing(queuing: V1QueuingConfiguration, field: string): FieldError[] {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  const errors: FieldError[] = [];
  const refuse = (name: string, value: number, detail: string) =>
    errors.push(invalidValue(`${field}.${name}`, value, detail));
  if (queueLengthLimit <= 0) refuse('queueLengthLimit', queueLengthLimit, 'must be positive');
  if (queues <= 0) refuse('queues', queues, 'must be positive');
  else if (queues > QUEUES_MAX) refuse('queues', queues, `must not be greater than ${QUEUES_MAX}`);
  const entropy = entropyBits(queues, handSize);
  if (handSize <= 0) refuse('handSize', handSize, 'must be positive');
  else if (handSize > queues) refuse('handSize', handSize, `should not be greater than queues (${queues})`);
  else if (entropy > ENTROPY_MAX) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${ENTROPY_MAX}`;
    refuse('handSize', handSize, detail);
  }
  return errors;
}

/** Bits that it takes to deal a hand of a deck. */
function entropyBits(deck: number, hand: number): number {
  return Math.ceil(Math.log2(deck) * hand);
}
