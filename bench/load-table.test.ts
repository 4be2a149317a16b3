import assert from 'node:assert/strict';
import { loadTable } from './load-table.ts';

describe('The table of the load', () => {
  it('shows the middle of all runs, what of it is etcd, and how many times less than the real server', () => {
    const lines = loadTable({
      'kube-apiserver, etcd': { all: { get: [0.6, 0.4, 0.5], peak: [1000] }, etcd: { get: [0.1], peak: [100] } },
      'kubets, lmdb': { all: { get: [0.1], peak: [250] }, etcd: {} },
      'kubets, etcd': { all: { get: [0.25] }, etcd: { get: [0.125] } },
    }).split('\n');
    const row = (label: string) => lines.find((line) => line.startsWith(`| ${label}`));
    const head =
      '| per operation | kubets, lmdb | kubets, etcd (of it etcd) | kube-apiserver, etcd (of it etcd) ' +
      '| lmdb : real | wanted | etcd : real |';
    assert.equal(lines[0], head);
    assert.equal(row('get'), '| get, ms | 0.100 | 0.250 (0.125) | 0.500 (0.100) | 1/5.0 | 1/5 | 1/2.0 |');
    assert.equal(row('peak'), '| peak memory, MB | 250 |  | 1000 (100) | 1/4.0 | 1/4 |  |');
  });
});
