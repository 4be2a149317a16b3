import assert from 'node:assert/strict';
import type { CoreV1Event, EventsV1Event } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, updated } from '../test-support.ts';

const served = () => {
  const [newer] = declarationOf('Event').alsoServed ?? [];
  assert.ok(newer);
  return newer;
};
const involvedObject = { kind: 'Pod', namespace: 'test', name: 'x' };
const good = {
  metadata: { name: 'a', namespace: 'test' },
  regarding: involvedObject,
  note: 'n',
  reason: 'R',
  type: 'Normal',
  action: 'A',
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingController: 'c',
  reportingInstance: 'i',
};

/** An event as it came through events.k8s.io, after the store prepared it, and what is wrong with it. */
function throughNewer(event: object): { event: CoreV1Event; errors: string[] } {
  const { strategy } = declarationOf('Event');
  const object = structuredClone(event) as CoreV1Event;
  served().toStored?.(object);
  strategy.prepareForCreate?.(object, {} as never);
  const errors = strategy.validate?.(object) ?? [];
  return { event: object, errors: errors.map(({ field, message }) => `${field}: ${message}`) };
}

describe('events of events.k8s.io', () => {
  it('are those of core under newer names', () => {
    const { event } = throughNewer({ ...good, deprecatedCount: 3, deprecatedSource: { component: 's' } });
    const { regarding: _regarding, note: _note, reportingController: _controller, ...same } = good;
    assert.deepEqual(event, {
      ...same,
      involvedObject,
      message: 'n',
      reportingComponent: 'c',
      count: 3,
      source: { component: 's' },
    });
    served().fromStored?.(event);
    assert.deepEqual(event, { ...good, deprecatedCount: 3, deprecatedSource: { component: 's' } });
  });

  it('are shown in a table as those of core', () => {
    const { columns = [] } = served();
    const cells = columns.map(({ name, value }) => [name, value(good as object as CoreV1Event, 0)]);
    const shown = Object.fromEntries(cells);
    assert.deepEqual([shown.Object, shown.Source, shown.Message], ['pod/x', 'c, i', 'n']);
  });

  it('leave out the reporter where there is none, and write times as null', () => {
    const event = created<CoreV1Event>('Event', { metadata: { name: 'a' }, involvedObject, message: 'n' });
    assert.deepEqual([event.firstTimestamp, event.lastTimestamp, event.eventTime], [null, null, null]);
    served().fromStored?.(event);
    const { metadata: _metadata, ...rest } = event as unknown as EventsV1Event;
    assert.deepEqual(rest, {
      regarding: involvedObject,
      note: 'n',
      deprecatedSource: {},
      deprecatedFirstTimestamp: null,
      deprecatedLastTimestamp: null,
      eventTime: null,
    });
  });

  it('are selected by the names of this group', () => {
    const { fieldLabels = [], fieldNames = {} } = served();
    const stored = declarationOf('Event').fieldLabels ?? [];
    for (const label of fieldLabels) assert.ok(stored.includes(fieldNames[label] ?? label), label);
    assert.equal(fieldNames['regarding.name'], 'involvedObject.name');
    assert.equal(fieldLabels.includes('involvedObject.name'), false);
  });

  it('vanish after an hour', () => {
    assert.equal(declarationOf('Event').ttlSeconds, 3600);
  });

  it('are taken when they are as they should be', () => {
    assert.deepEqual(throughNewer(good).errors, []);
  });

  const refused: [title: string, change: object, ...errors: string[]][] = [
    ['without their time', { eventTime: undefined }, 'eventTime: Required value'],
    ['of a type of their own', { type: 'Odd' }, 'type: Invalid value: "": has invalid value: Odd'],
    [
      'with what core’s had',
      {
        deprecatedCount: 1,
        deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
        deprecatedLastTimestamp: '2026-01-01T00:00:00Z',
        deprecatedSource: { host: 'h' },
      },
      ...['firstTimestamp', 'lastTimestamp', 'count', 'source'].map(
        (field) => `${field}: Invalid value: "": needs to be unset`,
      ),
    ],
    [
      'with a series of one',
      { series: { count: 1 } },
      'series.count: Invalid value: "": should be at least 2',
      'series.lastObservedTime: Required value',
    ],
  ];
  for (const [title, change, ...errors] of refused) {
    it(`are refused ${title}, which core takes`, () => {
      const { event, errors: found } = throughNewer({ ...good, ...change });
      assert.deepEqual(found, errors);
      assert.deepEqual(errorsOf('Event', { ...event }), []);
    });
  }

  it('change in nothing but their series', () => {
    const old = created<CoreV1Event>('Event', { ...throughNewer(good).event });
    const change = (event: CoreV1Event) => {
      event.message = 'other';
      event.involvedObject = { ...event.involvedObject, name: 'y' };
      event.series = { count: 1, lastObservedTime: '2026-01-01T00:00:00.000000Z' };
    };
    assert.deepEqual(updated('Event', old, change).errors, [], 'core does not mind');
    const { errors } = updated('Event', old, (event) => {
      change(event);
      served().fromStored?.(event);
      served().toStored?.(event);
    });
    assert.deepEqual(errors, [
      'series.count: Invalid value: "": should be at least 2',
      'involvedObject: Invalid value: {"Kind":"Pod","Namespace":"test","Name":"y","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}: field is immutable',
      'message: Invalid value: "other": field is immutable',
    ]);
  });

  it('may be updated though core’s have what new ones may not', () => {
    const old = created<CoreV1Event>('Event', {
      metadata: { name: 'a' },
      involvedObject,
      count: 3,
      source: { component: 'c' },
    });
    const { errors } = updated('Event', old, (event) => {
      served().fromStored?.(event);
      served().toStored?.(event);
    });
    assert.deepEqual(errors, []);
  });
});
