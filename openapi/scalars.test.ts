import assert from 'node:assert/strict';
import { parseBase64, parseMicroTime, parseTime } from './scalars.ts';

const LAYOUT = '"2006-01-02T15:04:05Z07:00"';

describe('parseTime', () => {
  const good: [string, string][] = [
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05.999999999Z', '2026-01-02T03:04:05Z'],
    ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00Z'],
    ['2026-12-31T23:30:00-01:00', '2027-01-01T00:30:00Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ];
  for (const [text, value] of good) it(`reads ${text}`, () => assert.deepEqual(parseTime(text), { value }));

  const bad: [string, string][] = [
    ['abc', `parsing time "abc" as ${LAYOUT}: cannot parse "abc" as "2006"`],
    ['', `parsing time "" as ${LAYOUT}: cannot parse "" as "2006"`],
    ['2026-01-02', `parsing time "2026-01-02" as ${LAYOUT}: cannot parse "" as "T"`],
    ['2026-01-02 03:04:05Z', `parsing time "2026-01-02 03:04:05Z" as ${LAYOUT}: cannot parse " 03:04:05Z" as "T"`],
    ['2026-01-02T03:04:05', `parsing time "2026-01-02T03:04:05" as ${LAYOUT}: cannot parse "" as "Z07:00"`],
    ['2026-13-02T03:04:05Z', 'parsing time "2026-13-02T03:04:05Z": month out of range'],
    ['2026-02-30T03:04:05Z', 'parsing time "2026-02-30T03:04:05Z": day out of range'],
    ['2026-01-02T24:04:05Z', 'parsing time "2026-01-02T24:04:05Z": hour out of range'],
    ['2026-01-02T03:60:05Z', 'parsing time "2026-01-02T03:60:05Z": minute out of range'],
    ['2026-01-02T03:04:61Z', 'parsing time "2026-01-02T03:04:61Z": second out of range'],
    ['2026-01-02T03:04:05Zx', 'parsing time "2026-01-02T03:04:05Zx": extra text: "x"'],
  ];
  for (const [text, error] of bad)
    it(`refuses ${JSON.stringify(text)}`, () => assert.deepEqual(parseTime(text), { error }));
});

describe('parseMicroTime', () => {
  it('keeps six decimals', () => {
    assert.deepEqual(parseMicroTime('2026-01-02T03:04:05.123456Z'), { value: '2026-01-02T03:04:05.123456Z' });
  });

  it('insists on them', () => {
    assert.deepEqual(parseMicroTime('2026-01-02T03:04:05Z'), {
      error: 'parsing time "2026-01-02T03:04:05Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    });
  });
});

describe('parseBase64', () => {
  const good: [string, string][] = [
    ['', ''],
    ['YQ==', 'YQ=='],
    ['YWI=', 'YWI='],
    ['YWJj', 'YWJj'],
    ['YW\r\nJj\n', 'YWJj'],
    ['YR==', 'YQ=='],
  ];
  for (const [text, value] of good)
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseBase64(text), { value }));

  const bad: [string, number][] = [
    ['!!!', 0],
    ['YW!j', 2],
    ['YQ', 0],
    ['YWJjYQ', 4],
    ['YQ=', 3],
    ['Y===', 1],
    ['YQ=x', 2],
    ['YQ==YQ==', 4],
    ['YW-_', 2],
  ];
  for (const [text, at] of bad) {
    it(`finds the byte at fault in ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseBase64(text), { error: `illegal base64 data at input byte ${at}` });
    });
  }
});
