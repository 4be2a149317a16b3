import assert from 'node:assert/strict';
import { cronScheduleError } from './cron-schedule.ts';
import { timeZoneError, validateTimeZone } from './time-zone.ts';

const FINE = [
  '* * * * *',
  '0 0 * * *',
  '*/15 0-6,22-23 1,15 * MON-FRI',
  '3/5 ? * jan sun',
  '  5  4 * * 0 ',
  '@hourly',
  '@annually',
  '@every 1h30m',
  '@every -1.5s',
  'TZ=UTC 0 0 * * *',
  'CRON_TZ=Europe/Berlin @daily',
];

const WRONG: [schedule: string, error: string][] = [
  ['', 'empty spec string'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['@often', 'unrecognized descriptor: @often'],
  ['@every', 'unrecognized descriptor: @every'],
  ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
  ['@every 5x', 'failed to parse duration @every 5x: time: unknown unit "x" in duration "5x"'],
  ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* 5-24 * * *', 'end of range (24) above maximum (23): 5-24'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['* * * 5-3 *', 'beginning of range (5) beyond end of range (3): 5-3'],
  ['* * * * 7', 'end of range (7) above maximum (6): 7'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
  ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
  [
    '99999999999999999999 * * * *',
    'failed to parse int from 99999999999999999999: strconv.Atoi: parsing "99999999999999999999": value out of range',
  ],
  ['1/-2 * * * *', 'negative number (-2) not allowed: -2'],
  ['* * * sun *', 'failed to parse int from sun: strconv.Atoi: parsing "sun": invalid syntax'],
  ['TZ=UTC', 'invalid schedule format: runtime error: slice bounds out of range [:-1]'],
  ['TZ=Nowhere/Here 0 0 * * *', 'provided bad location Nowhere/Here: unknown time zone Nowhere/Here'],
];

describe('cronScheduleError()', () => {
  for (const schedule of FINE) {
    it(`takes ${schedule}`, () => assert.equal(cronScheduleError(schedule, timeZoneError), undefined));
  }
  for (const [schedule, error] of WRONG) {
    it(`refuses ${schedule || 'nothing'}`, () => assert.equal(cronScheduleError(schedule, timeZoneError), error));
  }
});

describe('validateTimeZone()', () => {
  const cases: [zone: string | undefined, message: string | undefined][] = [
    [undefined, undefined],
    ['Etc/UTC', undefined],
    ['US/Eastern', undefined],
    ['Europe/Berlin', undefined],
    ['', 'Invalid value: "": timeZone must be nil or non-empty string'],
    ['europe/berlin', 'Invalid value: "europe/berlin": unknown time zone europe/berlin'],
    ['Europe/berlin', 'Invalid value: "Europe/berlin": unknown time zone Europe/berlin'],
    ['+01', 'Invalid value: "+01": unknown time zone +01'],
    ['Europe/..', 'Invalid value: "Europe/..": unknown time zone Europe/..'],
    [
      'Local',
      'Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    ],
  ];
  for (const [zone, message] of cases) {
    it(`${message ? 'refuses' : 'takes'} ${JSON.stringify(zone)}`, () => {
      assert.equal(validateTimeZone(zone, 'spec.timeZone')[0]?.message, message);
    });
  }
});
