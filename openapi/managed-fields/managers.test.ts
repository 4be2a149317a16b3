import assert from 'node:assert/strict';
import type { V1ManagedFieldsEntry } from '../generated/types.ts';
import { fromPaths } from './field-set.ts';
import { capUpdaters, isReset, managerEntries, managerKey, parseManagers, storedManagers } from './managers.ts';

/** With its fields in upstream's order. */
const entry = (manager: string, { time, ...more }: { time?: string; [field: string]: unknown } = {}) =>
  ({
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    ...(time ? { time } : {}),
    fieldsType: 'FieldsV1',
    fieldsV1: { [`f:${manager}`]: {} },
    ...more,
  }) as unknown as V1ManagedFieldsEntry;

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;

describe('entries of managedFields', () => {
  it('come back as they were', () => {
    const entries = [
      entry('a', { operation: 'Apply', time: at(1) }),
      entry('b', { time: at(0) }),
      entry('b', { time: at(0), subresource: 'status' }),
    ];
    assert.equal(JSON.stringify(managerEntries(parseManagers(entries))), JSON.stringify(entries));
    assert.equal(JSON.stringify(managerEntries(storedManagers(entries))), JSON.stringify(entries));
    assert.equal(managerEntries(parseManagers([])), undefined);
  });

  it('stand in order of operation, time, manager, version and subresource', () => {
    const ordered = [
      entry('z', { operation: 'Apply' }),
      entry('a', { operation: 'Apply', time: at(5) }),
      entry('c'),
      entry('d', { time: at(1) }),
      entry('a', { time: at(2) }),
      entry('b', { time: at(2) }),
      entry('b', { time: at(2), apiVersion: 'v2' }),
      entry('b', { time: at(2), apiVersion: 'v2', subresource: 'status' }),
    ];
    assert.deepEqual(managerEntries(parseManagers([...ordered].reverse())), ordered);
  });

  it('of who applies are one, whatever the version', () => {
    const managers = parseManagers([
      entry('a', { operation: 'Apply' }),
      entry('a', { operation: 'Apply', apiVersion: 'v2' }),
    ]);
    assert.deepEqual([...managers.keys()], ['{"manager":"a","operation":"Apply"}']);
    assert.equal(
      managerKey({ manager: 'a"', operation: 'Update', apiVersion: 'v1', subresource: 'status' }),
      '{"manager":"a\\"","operation":"Update","apiVersion":"v1","subresource":"status"}',
    );
  });

  for (const [more, message] of [
    [{ operation: 'Foo' }, /^operation must be `Apply` or `Update`$/],
    [{ operation: undefined }, /^operation must be/],
    [{ apiVersion: '' }, /^apiVersion must not be empty$/],
    [{ fieldsType: undefined }, /^missing fieldsType in managed fields entry 1$/],
    [{ fieldsType: 'FieldsV2' }, /^invalid fieldsType "FieldsV2" in managed fields entry 1$/],
    [{ fieldsV1: { spec: {} } }, /^missing colon: spec$/],
  ] as const) {
    it(`with ${JSON.stringify(more)} cannot be read`, () =>
      assert.throws(() => parseManagers([entry('a'), entry('b', more)]), { message }));
  }

  for (const [entries, is] of [
    [undefined, false],
    [[], true],
    [[{}], true],
    [[{}, {}], false],
    [[entry('a')], false],
  ] as const) {
    it(`${JSON.stringify(entries)} ${is ? 'resets' : 'does not reset'} them`, () => assert.equal(isReset(entries), is));
  }
});

describe('capUpdaters()', () => {
  const many = (count: number, more: (index: number) => object = () => ({})) =>
    Array.from({ length: count }, (_, index) =>
      entry(`m${String(index).padStart(2, '0')}`, { time: at(index), ...more(index) }),
    );
  const names = (entries: V1ManagedFieldsEntry[]) =>
    (managerEntries(capUpdaters(parseManagers(entries))) ?? []).map(({ manager }) => manager);

  it('leaves ten alone, and any number that apply', () => {
    assert.equal(names(many(10)).length, 10);
    assert.equal(names(many(30, () => ({ operation: 'Apply' }))).length, 30);
  });

  it('joins the oldest of a version', () => {
    const capped = capUpdaters(parseManagers(many(12)));
    const [first] = managerEntries(capped) ?? [];
    assert.equal(capped.size, 10);
    assert.equal(first?.manager, 'ancient-changes');
    assert.equal(first?.time, at(2));
    assert.deepEqual(first?.fieldsV1, fromPaths(['f:m00'], ['f:m01'], ['f:m02']));
    assert.deepEqual(names(many(12)), [
      'ancient-changes',
      ...many(12)
        .slice(3)
        .map(({ manager }) => manager),
    ]);
  });

  it('joins more into what is joined', () => {
    const again = [...(managerEntries(capUpdaters(parseManagers(many(11)))) ?? []), entry('late', { time: at(30) })];
    const [first] = managerEntries(capUpdaters(parseManagers(again))) ?? [];
    assert.deepEqual(first?.fieldsV1, fromPaths(['f:m00'], ['f:m01'], ['f:m02']));
  });

  it('keeps versions apart', () => {
    const entries = many(12, (index) => ({ apiVersion: index % 2 ? 'v1' : 'v2' }));
    const buckets = (managerEntries(capUpdaters(parseManagers(entries))) ?? []).filter(
      ({ manager }) => manager === 'ancient-changes',
    );
    assert.deepEqual(
      buckets.map(({ apiVersion, fieldsV1 }) => [apiVersion, fieldsV1]),
      [
        ['v2', fromPaths(['f:m00'], ['f:m02'])],
        ['v1', fromPaths(['f:m01'], ['f:m03'])],
      ],
    );
  });
});
