import assert from 'node:assert/strict';
import type { ApplySchema } from './apply-schema.ts';
import { applyConflictStatus } from './conflict.ts';
import { EMPTY, parseFieldSet } from './field-set.ts';
import { type Managers, managerEntries, NO_MANAGERS, parseManagers } from './managers.ts';
import { OBJECT, STRING, struct } from './schemas.fixture.ts';
import {
  ApplyConflict,
  applyConfiguration,
  NO_RESET,
  type ResetFields,
  updateManagers,
  type Versions,
} from './updater.ts';

/** v1, and v2 where `text` is called `title`. */
const VERSIONS: Versions = {
  schema: (version) => (version === 'v1' ? OBJECT : version === 'v2' ? V2 : undefined),
  convert: (object, version) => {
    const { apiVersion, text, title, ...rest } = object as Record<string, unknown>;
    if (apiVersion === version) return object;
    const name = text ?? title;
    return {
      ...rest,
      apiVersion: version,
      ...(name === undefined ? {} : { [version === 'v1' ? 'text' : 'title']: name }),
    };
  },
};
const V2: ApplySchema = struct({ title: STRING, labels: { kind: 'map', values: STRING } });

interface State {
  object: object;
  managers: Managers;
}

interface Step {
  apply?: object;
  update?: object;
  by: string;
  version?: string;
  force?: boolean;
  subresource?: string;
  reset?: ResetFields;
}

const START: State = { object: {}, managers: NO_MANAGERS };

function stateAfter(steps: readonly Step[], start: State = START): State {
  return steps.reduce(next, start);
}

function next({ object, managers }: State, step: Step, index = 0): State {
  const { by, version = 'v1', force = false, subresource = '', reset = NO_RESET } = step;
  const writer = { manager: by, apiVersion: version, subresource, now: `2026-01-01T00:00:0${index}Z`, reset, force };
  const live = VERSIONS.convert({ apiVersion: 'v1', ...object }, version);
  if (step.update) {
    const updated = { apiVersion: version, ...step.update };
    return { object: updated, managers: updateManagers(live, updated, managers, writer, VERSIONS) };
  }
  const applied = applyConfiguration(live, { apiVersion: version, ...step.apply }, managers, writer, VERSIONS);
  return { object: applied.object ?? live, managers: applied.managers };
}

/** `MANAGER OPERATION`: fields, with the subresource where there is one. */
function owned({ managers }: State): Record<string, unknown> {
  return Object.fromEntries(
    (managerEntries(managers) ?? []).map(({ manager, operation, subresource, fieldsV1 }) => [
      `${manager} ${operation}${subresource ? ` ${subresource}` : ''}`,
      fieldsV1,
    ]),
  );
}

function content({ object }: State): object {
  const { apiVersion: _, ...rest } = object as { apiVersion?: string };
  return rest;
}

interface Case {
  what: string;
  steps: Step[];
  object: object;
  owned: Record<string, object>;
}

const TEXT = { 'f:text': {} };
const LABELS = (...names: string[]) => ({ 'f:labels': Object.fromEntries(names.map((name) => [`f:${name}`, {}])) });
const ITEM = (name: string, ...fields: string[]) => ({
  'f:items': {
    [`k:{"name":"${name}"}`]: { '.': {}, 'f:name': {}, ...Object.fromEntries(fields.map((f) => [`f:${f}`, {}])) },
  },
});

const CASES: Case[] = [
  {
    what: 'an update owns what it changes',
    steps: [{ by: 'a', update: { text: 'x', labels: { l: '1' } } }],
    object: { text: 'x', labels: { l: '1' } },
    owned: { 'a Update': { 'f:labels': { '.': {}, 'f:l': {} }, ...TEXT } },
  },
  {
    what: 'an update takes what it changes from others, and what it removes',
    steps: [
      { by: 'a', update: { text: 'x', count: 1, flag: true } },
      { by: 'b', update: { text: 'y', flag: true } },
    ],
    object: { text: 'y', flag: true },
    owned: { 'a Update': { 'f:flag': {} }, 'b Update': TEXT },
  },
  {
    what: 'an update that changes nothing owns nothing',
    steps: [
      { by: 'a', update: { text: 'x' } },
      { by: 'b', update: { text: 'x' } },
    ],
    object: { text: 'x' },
    owned: { 'a Update': TEXT },
  },
  {
    what: 'updates of one manager add up',
    steps: [
      { by: 'a', update: { text: 'x' } },
      { by: 'a', update: { text: 'x', count: 1 } },
    ],
    object: { text: 'x', count: 1 },
    owned: { 'a Update': { 'f:count': {}, ...TEXT } },
  },
  {
    what: 'fields that are reset are neither owned nor taken',
    steps: [
      { by: 'a', update: { text: 'x', labels: { l: '1' } } },
      {
        by: 'b',
        update: { text: 'y', count: 1, labels: { l: '2' } },
        reset: { fields: parseFieldSet({ ...TEXT, 'f:labels': {} }) },
      },
    ],
    object: { text: 'y', count: 1, labels: { l: '2' } },
    owned: { 'a Update': { 'f:labels': { '.': {}, 'f:l': {} }, ...TEXT }, 'b Update': { 'f:count': {} } },
  },
  {
    what: 'nor is anything but what is not reset',
    steps: [
      { by: 'a', update: { text: 'x' } },
      {
        by: 'b',
        update: { text: 'y', inner: { a: '1' } },
        subresource: 'inner',
        reset: { but: parseFieldSet({ 'f:inner': {} }) },
      },
    ],
    object: { text: 'y', inner: { a: '1' } },
    owned: { 'a Update': TEXT, 'b Update inner': { 'f:inner': { '.': {}, 'f:a': {} } } },
  },
  {
    what: 'what is applied is owned, be it new or not',
    steps: [
      { by: 'a', apply: { text: 'x', labels: { l: '1' } } },
      { by: 'b', apply: { text: 'x' } },
    ],
    object: { text: 'x', labels: { l: '1' } },
    owned: { 'a Apply': { ...LABELS('l'), ...TEXT }, 'b Apply': TEXT },
  },
  {
    what: 'what is applied no more goes',
    steps: [
      { by: 'a', apply: { text: 'x', labels: { l: '1', m: '2' }, items: [{ name: 'i', value: '1' }] } },
      { by: 'a', apply: { labels: { m: '2' } } },
    ],
    object: { labels: { m: '2' } },
    owned: { 'a Apply': LABELS('m') },
  },
  {
    what: 'but stays when somebody else applied it',
    steps: [
      { by: 'a', apply: { text: 'x', count: 1 } },
      { by: 'b', apply: { text: 'x' } },
      { by: 'a', apply: {} },
    ],
    object: { text: 'x' },
    owned: { 'b Apply': TEXT },
  },
  {
    what: 'and when somebody else changed it',
    steps: [
      { by: 'a', apply: { labels: { l: '1', m: '1' } } },
      { by: 'b', update: { labels: { l: '2', m: '1' } } },
      { by: 'a', apply: {} },
    ],
    object: { labels: { l: '2' } },
    owned: { 'b Update': LABELS('l') },
  },
  {
    what: 'an item that is applied no more goes, with what others added to it',
    steps: [
      { by: 'a', apply: { items: [{ name: 'i', value: '1' }, { name: 'j' }] } },
      { by: 'b', update: { items: [{ name: 'i', value: '1', options: { o: '1' } }, { name: 'j' }] } },
      { by: 'a', apply: { items: [{ name: 'j' }] } },
    ],
    object: { items: [{ name: 'j' }] },
    owned: { 'a Apply': ITEM('j') },
  },
  {
    what: 'a struct goes with the last of its fields',
    steps: [
      { by: 'a', apply: { inner: { a: '1' } } },
      { by: 'a', apply: {} },
    ],
    object: {},
    owned: {},
  },
  {
    what: 'a struct stays for a field that another manager has in it',
    steps: [
      { by: 'a', apply: { inner: { a: '1' } } },
      { by: 'b', apply: { inner: { b: '2' } } },
      { by: 'a', apply: {} },
    ],
    object: { inner: { b: '2' } },
    owned: { 'b Apply': { 'f:inner': { 'f:b': {} } } },
  },
  {
    what: 'a configuration that is forced takes fields',
    steps: [
      { by: 'a', apply: { text: 'x', count: 1 } },
      { by: 'b', apply: { text: 'y' }, force: true },
    ],
    object: { text: 'y', count: 1 },
    owned: { 'a Apply': { 'f:count': {} }, 'b Apply': TEXT },
  },
  {
    what: 'the same manager applies to a subresource by itself',
    steps: [
      { by: 'a', apply: { text: 'x' } },
      { by: 'a', apply: { count: 1 }, subresource: 'status' },
    ],
    object: { text: 'x', count: 1 },
    owned: { 'a Apply': TEXT, 'a Apply status': { 'f:count': {} } },
  },
  {
    what: 'an item is owned with its key',
    steps: [
      { by: 'a', apply: { items: [{ name: 'x', value: '1' }] } },
      { by: 'b', apply: { items: [{ name: 'y' }] } },
    ],
    object: { items: [{ name: 'x', value: '1' }, { name: 'y' }] },
    owned: { 'a Apply': ITEM('x', 'value'), 'b Apply': ITEM('y') },
  },
  {
    what: 'fields keep their owner across versions',
    steps: [
      { by: 'a', version: 'v2', apply: { title: 'x', labels: { l: '1' } } },
      { by: 'b', version: 'v1', update: { text: 'y', labels: { l: '1' } } },
    ],
    object: { text: 'y', labels: { l: '1' } },
    owned: { 'a Apply': LABELS('l'), 'b Update': TEXT },
  },
  {
    what: 'who applies in another version applies what it applied before',
    steps: [
      { by: 'a', version: 'v2', apply: { title: 'x', labels: { l: '1' } } },
      { by: 'a', version: 'v1', apply: { text: 'x' } },
    ],
    object: { text: 'x' },
    owned: { 'a Apply': TEXT },
  },
];

describe('managers of fields', () => {
  for (const { what, steps, object, owned: wanted } of CASES) {
    it(what, () => {
      const state = stateAfter(steps);
      assert.deepEqual(content(state), object);
      assert.deepEqual(owned(state), wanted);
    });
  }

  it('of a version that is served no more manage nothing', () => {
    const gone = { manager: 'old', operation: 'Update', apiVersion: 'v0', fieldsType: 'FieldsV1', fieldsV1: TEXT };
    const start = { object: { text: 'x' }, managers: parseManagers([gone]) };
    assert.deepEqual(owned(stateAfter([{ by: 'a', apply: { count: 1 } }], start)), { 'a Apply': { 'f:count': {} } });
    assert.deepEqual(owned(stateAfter([{ by: 'a', update: { text: 'y' } }], start)), { 'a Update': TEXT });
  });

  it('keep their time until they change something', () => {
    const times = (state: State) =>
      (managerEntries(state.managers) ?? []).map(({ manager, time }) => `${manager} ${time}`);
    const twice: Step = { by: 'a', apply: { text: 'x' } };
    assert.deepEqual(times(stateAfter([twice, twice])), ['a 2026-01-01T00:00:00Z']);
    assert.deepEqual(times(stateAfter([twice, { by: 'a', apply: { text: 'y' } }])), ['a 2026-01-01T00:00:01Z']);
    // As upstream: who only joins in has no time.
    assert.deepEqual(times(stateAfter([twice, { by: 'b', apply: { text: 'x' } }])), [
      'b undefined',
      'a 2026-01-01T00:00:00Z',
    ]);
    assert.deepEqual(
      times(
        stateAfter([
          { by: 'a', update: { text: 'x' } },
          { by: 'a', update: { text: 'x' } },
        ]),
      ),
      ['a 2026-01-01T00:00:00Z'],
    );
  });

  it('a configuration that changes nothing leaves the object alone', () => {
    const { object, managers } = stateAfter([{ by: 'a', apply: { text: 'x' } }]);
    const writer = { manager: 'a', apiVersion: 'v1', subresource: '', now: '', reset: NO_RESET, force: false };
    assert.equal(
      applyConfiguration(object, { apiVersion: 'v1', text: 'x' }, managers, writer, VERSIONS).object,
      undefined,
    );
  });

  it('none has what every object has', () => {
    const state = stateAfter([{ by: 'a', update: { kind: 'K', metadata: { name: 'n', uid: 'u' } } }]);
    assert.equal(state.managers.size, 0);
    assert.equal(EMPTY, stateAfter([]).managers.get('none')?.set ?? EMPTY);
  });
});

function conflictOf(steps: readonly Step[]): ApplyConflict {
  try {
    stateAfter(steps);
  } catch (error) {
    if (error instanceof ApplyConflict) return error;
    throw error;
  }
  return assert.fail('there is no conflict');
}

describe('a conflict', () => {
  const A: Step = { by: 'a', apply: { text: 'x', labels: { l: '1' }, items: [{ name: 'i', value: '1' }] } };

  it('names the manager and the field', () => {
    const { status } = applyConflictStatus(conflictOf([A, { by: 'b', apply: { text: 'y' } }]));
    assert.deepEqual(status, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Apply failed with 1 conflict: conflict with "a": .text',
      reason: 'Conflict',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.text' }] },
      code: 409,
    });
  });

  it('names all of them, by manager', () => {
    const taken = [
      { by: 'z', update: { text: 'x', count: 1 } },
      { by: 'c"', update: { text: 'x', count: 1, flag: true }, subresource: 'status' },
      A,
    ];
    const applied = { text: 'y', flag: false, labels: { l: '2' }, items: [{ name: 'i', value: '2' }] };
    const { status } = applyConflictStatus(conflictOf([...taken, { by: 'b', apply: applied }]));
    assert.equal(
      status.message,
      [
        'Apply failed with 5 conflicts: conflicts with "a":',
        '- .text',
        '- .items[name="i"].value',
        '- .labels.l',
        'conflicts with "c\\"" with subresource "status" using v1:',
        '- .flag',
        'conflicts with "z" using v1:',
        '- .text',
      ].join('\n'),
    );
    assert.equal(status.details?.causes?.length, 5);
  });
});
