import assert from 'node:assert/strict';
import { isValidIp, validateCidr, validateLegacyCidr, validateLegacyIp } from './strict-ip.ts';

const NO_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const NO_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
const invalid = (value: string, detail: string) => [`Invalid value: "${value}": ${detail}`];

describe('strict addresses', () => {
  const cases: [address: string, legacy: string, canonical?: string][] = [
    ['10.0.0.1', ''],
    ['010.0.0.1', 'must not have leading 0s'],
    ['10.0.0', NO_IP],
    ['fe80::1%eth0', NO_IP],
    ['::ffff:1.2.3.4', 'must not be an IPv4-mapped IPv6 address'],
    ['2001:DB8::1', '', 'must be in canonical form ("2001:db8::1")'],
  ];
  for (const [address, legacy, canonical = legacy] of cases) {
    it(`${legacy === '' ? 'take' : 'refuse'} ${address} in older fields, and say the same or more in newer ones`, () => {
      const messages = validateLegacyIp(address, 'f').map(({ message }) => message);
      assert.deepEqual(messages, legacy === '' ? [] : invalid(address, legacy));
      assert.deepEqual(isValidIp(address), canonical === '' ? [] : [canonical]);
    });
  }

  it('may stay as bad as they were', () => {
    assert.deepEqual(validateLegacyIp('010.0.0.1', 'f', ['010.0.0.1']), []);
    assert.deepEqual(validateLegacyCidr('10.0.0.1/8', 'f', ['10.0.0.1/8']), []);
  });
});

describe('strict ranges', () => {
  const cases: [cidr: string, legacy: string, canonical?: string][] = [
    ['10.0.0.0/8', ''],
    ['10.0.0.0', NO_CIDR],
    ['10.0.0.0/33', NO_CIDR],
    ['10.0.0.0/+8', NO_CIDR],
    ['10.00.0.0/8', 'must not have leading 0s in IP or prefix length'],
    ['10.0.0.0/08', 'must not have leading 0s in IP or prefix length'],
    ['::ffff:1.2.3.0/120', 'must not have an IPv4-mapped IPv6 address'],
    ['10.0.0.1/8', 'must not have bits set beyond the prefix length'],
    ['2001:DB8::/64', '', 'must be in canonical form ("2001:db8::/64")'],
  ];
  for (const [cidr, legacy, canonical = legacy] of cases) {
    it(`${legacy === '' ? 'take' : 'refuse'} ${cidr} in older fields, and say the same or more in newer ones`, () => {
      const texts = (errors: { message: string }[]) => errors.map(({ message }) => message);
      assert.deepEqual(texts(validateLegacyCidr(cidr, 'f')), legacy === '' ? [] : invalid(cidr, legacy));
      assert.deepEqual(texts(validateCidr(cidr, 'f')), canonical === '' ? [] : invalid(cidr, canonical));
    });
  }
});
