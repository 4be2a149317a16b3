import assert from 'node:assert/strict';
import { parseSchedule } from './schedule.ts';
import { hasOffsets, offsetMs, zonedTime } from './time-zone.ts';

const iso = (ms: number | undefined) => (ms === undefined ? undefined : `${new Date(ms).toISOString().slice(0, 16)}Z`);

async function next(spec: string, from: string, count: number, zone = 'UTC'): Promise<(string | undefined)[]> {
  const schedule = await parseSchedule(spec, zone);
  const times: (string | undefined)[] = [];
  for (let ms: number | undefined = Date.parse(from); times.length < count && ms !== undefined; ) {
    ms = schedule.next(ms);
    times.push(iso(ms));
  }
  return times;
}

describe('schedules', () => {
  const day = (clock: string) => `2026-01-01T${clock}Z`;
  const cases: [spec: string, from: string, times: (string | undefined)[]][] = [
    ['* * * * *', '2026-01-01T00:00:30Z', [day('00:01'), day('00:02')]],
    ['* * * * *', '2026-01-01T00:01:00Z', [day('00:02')]],
    ['*/15 0 * * *', day('00:20'), [day('00:30'), day('00:45'), '2026-01-02T00:00Z']],
    ['3/20 0 * * *', day('00:00'), [day('00:03'), day('00:23'), day('00:43'), '2026-01-02T00:03Z']],
    ['10-20/5,50 1,3 * * *', day('01:16'), [day('01:20'), day('01:50'), day('03:10')]],
    ['5,,7 0 * * *', day('00:00'), [day('00:05'), day('00:07')]],
    [
      '0 0 ? * MON-wed',
      day('00:00'),
      ['2026-01-05T00:00Z', '2026-01-06T00:00Z', '2026-01-07T00:00Z', '2026-01-12T00:00Z'],
    ],
    ['0 0 1 feb,APR ?', day('00:00'), ['2026-02-01T00:00Z', '2026-04-01T00:00Z', '2027-02-01T00:00Z']],
    // Days of the month and of the week: either will do.
    ['0 0 3 * sat', day('00:00'), ['2026-01-03T00:00Z', '2026-01-10T00:00Z']],
    ['0 0 4 * sat', day('00:00'), ['2026-01-03T00:00Z', '2026-01-04T00:00Z', '2026-01-10T00:00Z']],
    ['@hourly', day('00:00'), [day('01:00'), day('02:00')]],
    ['@daily', day('00:00'), ['2026-01-02T00:00Z']],
    ['@midnight', day('00:00'), ['2026-01-02T00:00Z']],
    ['@weekly', day('00:00'), ['2026-01-04T00:00Z', '2026-01-11T00:00Z']],
    ['@monthly', day('00:00'), ['2026-02-01T00:00Z']],
    ['@yearly', day('00:00'), ['2027-01-01T00:00Z']],
    ['@annually', day('00:00'), ['2027-01-01T00:00Z']],
    ['@every 1h30m', day('00:00'), [day('01:30'), day('03:00')]],
    ['0 0 29 2 *', day('00:00'), ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['0 0 31 2 *', day('00:00'), [undefined]],
    ['TZ=Asia/Tokyo 0 9 * * *', day('00:00'), ['2026-01-02T00:00Z']],
    ['CRON_TZ=Asia/Tokyo @daily', day('00:00'), [day('15:00')]],
  ];
  for (const [spec, from, times] of cases) {
    it(`${spec} after ${from} is at ${times.join(', ')}`, async () => {
      assert.deepEqual(await next(spec, from, times.length), times);
    });
  }

  const changes: [title: string, spec: string, from: string, times: string[], zone?: string][] = [
    ['a zone', '0 9 * * *', '2026-07-01T00:00Z', ['2026-07-01T07:00Z', '2026-07-02T07:00Z'], 'Europe/Berlin'],
    [
      'a time that does not exist is passed over',
      '30 2 * * *',
      '2026-03-07T12:00Z',
      ['2026-03-09T06:30Z', '2026-03-10T06:30Z'],
    ],
    ['and others of that day are not', '30 * * * *', '2026-03-08T06:00Z', ['2026-03-08T06:30Z', '2026-03-08T07:30Z']],
    [
      'a time that comes twice is met twice',
      '30 1 * * *',
      '2026-11-01T00:00Z',
      ['2026-11-01T05:30Z', '2026-11-01T06:30Z', '2026-11-02T06:30Z'],
    ],
    [
      'so are all times of that hour',
      '*/30 1 * * *',
      '2026-11-01T05:00Z',
      ['2026-11-01T05:30Z', '2026-11-01T06:00Z', '2026-11-01T06:30Z', '2026-11-02T06:00Z'],
    ],
    [
      'also where clocks change by half an hour',
      '45 1 * * *',
      '2026-04-04T00:00Z',
      ['2026-04-04T14:45Z', '2026-04-04T15:15Z', '2026-04-05T15:15Z'],
      'Australia/Lord_Howe',
    ],
  ];
  for (const [title, spec, from, times, zone = 'America/New_York'] of changes) {
    it(`when clocks change: ${title}`, async () => assert.deepEqual(await next(spec, from, times.length, zone), times));
  }

  const wrong: [spec: string, message: RegExp][] = [
    ['* * * *', /^expected exactly 5 fields, found 4/],
    ['@often', /^unrecognized descriptor: @often$/],
    ['@every x', /^failed to parse duration @every x/],
    ['TZ=Mars/Base 0 0 * * *', /^provided bad location Mars\/Base: unknown time zone Mars\/Base$/],
    ['60 * * * *', /./],
  ];
  for (const [spec, message] of wrong) {
    it(`refuses ${spec}`, async () => {
      await assert.rejects(parseSchedule(spec), (error: Error) => message.test(error.message));
    });
  }
});

describe('time zones', () => {
  it('are known or not', () => {
    assert.deepEqual(['Europe/Berlin', 'UTC', '', 'Nowhere/Here'].map(hasOffsets), [true, true, true, false]);
  });

  it('are before or behind UTC', () => {
    const winter = Date.UTC(2026, 0, 1);
    assert.equal(offsetMs(winter, 'Europe/Berlin'), 3_600_000);
    assert.equal(offsetMs(Date.UTC(2026, 6, 1), 'Europe/Berlin'), 7_200_000);
    assert.equal(offsetMs(winter, 'America/St_Johns'), -12_600_000);
    assert.equal(offsetMs(winter, 'UTC'), 0);
  });

  it('show in times', () => {
    const time = Date.UTC(2026, 0, 1, 12);
    assert.equal(zonedTime(time, 'Etc/UTC'), '2026-01-01T12:00:00Z');
    assert.equal(zonedTime(time, 'Asia/Kolkata'), '2026-01-01T17:30:00+05:30');
    assert.equal(zonedTime(time, 'America/St_Johns'), '2026-01-01T08:30:00-03:30');
  });
});
