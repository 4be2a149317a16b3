import assert from 'node:assert/strict';
import { formatAddress, gatewayOf, parseCidr } from './cidr.ts';

describe('A pod CIDR', () => {
  for (const [cidr, gateway, size] of [
    ['10.244.0.0/24', '10.244.0.1', 256],
    ['10.244.3.77/24', '10.244.3.1', 256],
    ['192.168.255.128/25', '192.168.255.129', 128],
    ['10.0.0.0/8', '10.0.0.1', 2 ** 24],
    ['255.255.255.252/30', '255.255.255.253', 4],
  ] as const) {
    it(`${cidr} has the gateway ${gateway} and ${size} addresses`, () => {
      assert.equal(gatewayOf(cidr), gateway);
      assert.equal(parseCidr(cidr).size, size);
    });
  }

  for (const wrong of ['', '10.244.0.0', '10.244.0.0/31', '10.244.0.256/24', 'fd00::/64', '10.244.0.0/24x']) {
    it(`is not "${wrong}"`, () => {
      assert.throws(() => parseCidr(wrong), /must be an IPv4 network such as/);
    });
  }

  it('formats addresses above the half of the range', () => {
    assert.equal(formatAddress(0xfffefdfc), '255.254.253.252');
  });
});
