/** Numbers, quantities and times at the limits of their types, and beyond. */
import type { BadInput } from './bad-input-cases.ts';

interface Limit {
  /** As JSON has it. */
  literal: string;
  /** What the object has then; `undefined` where it is refused. */
  value?: unknown;
  codes?: number[];
}

const lease = (literal: string) => `{"metadata":{"name":"limit"},"spec":{"leaseTransitions":${literal}}}`;
const quota = (literal: string) => `{"metadata":{"name":"limit"},"spec":{"hard":{"pods":${literal}}}}`;
const pod = (literal: string) =>
  `{"metadata":{"name":"limit"},"spec":{"schedulerName":"conformance-nobody","terminationGracePeriodSeconds":${literal},
  "automountServiceAccountToken":false,"containers":[{"name":"main","image":"example.invalid/main:1"}]}}`;

const INT32: Limit[] = [
  { literal: '2147483647', value: 2_147_483_647 },
  { literal: '0', value: 0 },
  { literal: '-0', value: 0 },
  { literal: '-2147483648', codes: [422] },
  { literal: '2147483648' },
  { literal: '-2147483649' },
  { literal: '4294967296' },
  { literal: '9223372036854775807' },
  { literal: '99999999999999999999999' },
  { literal: '1.5' },
  { literal: '1e400' },
  { literal: '"1"' },
  { literal: 'true' },
  { literal: '01' },
  { literal: '+1' },
  { literal: '.5' },
  { literal: '1.' },
  { literal: '0x10' },
  { literal: 'Infinity' },
  { literal: '-' },
  { literal: `1${'0'.repeat(1000)}` },
];

const INT64: Limit[] = [
  { literal: '2147483648', value: 2_147_483_648 },
  { literal: '9007199254740991', value: 9_007_199_254_740_991 },
  { literal: '9223372036854775807', value: 2 ** 63 },
  { literal: '18446744073709551616' },
  { literal: '99999999999999999999999' },
  { literal: '0.1' },
  { literal: '"1"' },
  { literal: '[1]' },
];

const QUANTITIES: Limit[] = [
  { literal: '"9223372036854775807"', value: '9223372036854775807' },
  { literal: '"1e3"', value: '1e3' },
  { literal: '"3Mi"', value: '3Mi' },
  { literal: '5', value: '5' },
  { literal: '"-1"', codes: [422] },
  { literal: '""' },
  { literal: '"1kk"' },
  { literal: '"1 Gi"' },
  { literal: '"NaN"' },
  { literal: '"Inf"' },
  { literal: '"0x10"' },
  { literal: '"１"' },
  { literal: '{}' },
  { literal: '[]' },
  { literal: 'true' },
];

const shortened = (literal: string) => (literal.length > 40 ? `${literal.slice(0, 20)}… (${literal.length})` : literal);

function refusals(about: string, path: string, body: (literal: string) => string, limits: Limit[]): BadInput[] {
  return limits
    .filter(({ value }) => value === undefined)
    .map(({ literal, codes = [400] }) => ({
      title: `POST of ${shortened(literal)} as ${about}`,
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: body(literal),
      codes,
    }));
}

function acceptances(about: string, path: string, body: (literal: string) => string, limits: Limit[], at: string) {
  return limits
    .filter(({ value }) => value !== undefined)
    .map(({ literal, value }) => ({
      title: `${literal} is good as ${about}`,
      path: `${path}?dryRun=All`,
      body: body(literal),
      at,
      value,
    }));
}

/** `NAMESPACE` stands for the suite's. */
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/NAMESPACE/leases';
const QUOTAS = '/api/v1/namespaces/NAMESPACE/resourcequotas';
const PODS = '/api/v1/namespaces/NAMESPACE/pods';

export const badNumbers: BadInput[] = [
  ...refusals('a whole number of 32 bits', LEASES, lease, INT32),
  ...refusals('a whole number of 64 bits', PODS, pod, INT64),
  ...refusals('a quantity', QUOTAS, quota, QUANTITIES),
];

/** What is still right: the object to send with a dry run, and what it has then at a path. */
export const extremes: { title: string; path: string; body: string; at: string; value: unknown }[] = [
  ...acceptances('a whole number of 32 bits', LEASES, lease, INT32, 'spec.leaseTransitions'),
  ...acceptances('a whole number of 64 bits', PODS, pod, INT64, 'spec.terminationGracePeriodSeconds'),
  ...acceptances('a quantity', QUOTAS, quota, QUANTITIES, 'spec.hard.pods'),
];
