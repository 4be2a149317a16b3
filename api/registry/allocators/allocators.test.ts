import assert from 'node:assert/strict';
import { seededRandom } from '../../../base/random.ts';
import { ipAllocator } from './ip-allocator.ts';
import { portAllocator } from './port-allocator.ts';

describe('ipAllocator()', () => {
  const fresh = (cidr = '10.96.0.0/24') => ipAllocator(cidr, seededRandom(7));

  it('gives each owner an address of its own', () => {
    const ips = fresh();
    const given = Array.from({ length: 254 }, (_, i) => ips.allocateNext(`owner-${i}`));
    assert.equal(new Set(given).size, 254);
    assert.ok(!given.includes('10.96.0.0') && !given.includes('10.96.0.255'));
    assert.throws(() => ips.allocateNext('late'), { message: 'range is full' });
  });

  it('keeps the lower band for those who ask while it can', () => {
    const ips = fresh();
    for (let i = 0; i < 200; i++) assert.ok(Number(ips.allocateNext(`owner-${i}`).split('.')[3]) > 16);
  });

  it('refuses an address that another has, and gives it again to its owner', () => {
    const ips = fresh();
    ips.allocate('10.96.0.10', 'a');
    ips.allocate('10.96.0.10', 'a');
    assert.throws(() => ips.allocate('10.96.0.10', 'b'), { message: 'provided IP is already allocated' });
  });

  it('refuses addresses outside the range', () => {
    for (const ip of ['10.97.0.1', '10.96.0.0', '10.96.0.255', 'fd00::1']) {
      const message = `the provided IP (${ip}) is not in the valid range. The range of valid IPs is 10.96.0.0/24`;
      assert.throws(() => fresh().allocate(ip, 'a'), { message });
    }
  });

  it('frees what is released', () => {
    const ips = fresh();
    ips.allocate('10.96.0.10', 'a');
    ips.release('a');
    ips.allocate('10.96.0.10', 'b');
  });

  it('knows what it was seeded with', () => {
    const ips = fresh();
    ips.seed([
      { ip: '10.96.0.1', owner: 'kubernetes' },
      { ip: '1.2.3.4', owner: 'stray' },
    ]);
    assert.throws(() => ips.allocate('10.96.0.1', 'a'), { message: 'provided IP is already allocated' });
  });

  it('hands out IPv6', () => {
    assert.match(ipAllocator('fd00::/108', seededRandom(1)).allocateNext('a'), /^fd00::/);
  });

  it('refuses what is no range', () => {
    assert.throws(() => fresh('10.0.0.0'), /invalid CIDR address/);
    assert.throws(() => fresh('10.0.0.0/32'), /too small/);
  });
});

describe('portAllocator()', () => {
  const fresh = (range = '30000-30099') => portAllocator(range, seededRandom(7));

  it('gives every port once', () => {
    const ports = fresh();
    const given = Array.from({ length: 100 }, (_, i) => ports.allocateNext(`owner-${i}`));
    assert.deepEqual(
      given.toSorted(),
      Array.from({ length: 100 }, (_, i) => 30000 + i),
    );
    assert.throws(() => ports.allocateNext('late'), { message: 'range is full' });
  });

  it('refuses ports that are taken or out of range', () => {
    const ports = fresh();
    ports.allocate(30000, 'a');
    assert.throws(() => ports.allocate(30000, 'b'), { message: 'provided port is already allocated' });
    const message = 'provided port is not in the valid range. The range of valid ports is 30000-30099';
    assert.throws(() => ports.allocate(30100, 'b'), { message });
    assert.throws(() => ports.allocate(80, 'b'), { message });
  });

  it('lets another have what an owner gave up, but not by chance', () => {
    const ports = fresh('30000-30001');
    ports.allocate(30000, 'a');
    ports.retain('a', []);
    assert.equal(ports.allocateNext('b'), 30001);
    assert.throws(() => ports.allocateNext('c'), { message: 'range is full' });
    ports.allocate(30000, 'c');
    assert.throws(() => ports.allocate(30000, 'a'), { message: 'provided port is already allocated' });
  });

  it('frees for good what is given up twice, and keeps what the owner takes back', () => {
    const ports = fresh('30000-30001');
    ports.allocate(30000, 'a');
    ports.allocate(30001, 'a');
    ports.retain('a', [30001]);
    ports.allocate(30000, 'a');
    ports.retain('a', [30000]);
    ports.retain('a', [30000]);
    assert.equal(ports.allocateNext('b'), 30001);
    assert.throws(() => ports.allocate(30000, 'b'), { message: 'provided port is already allocated' });
  });

  it('refuses what is no range', () => {
    for (const range of ['', '5-4', '0-10', '60000-70000']) assert.throws(() => fresh(range), /invalid port range/);
  });
});
