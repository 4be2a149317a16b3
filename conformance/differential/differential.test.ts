/**
 * Several hundred requests, good and bad, over every kind: kubets answers as the real server does. The real server's
 * answers are recorded (record.ts); with REFERENCE_KUBECONFIG it is asked live. What may differ, and why, is in
 * exceptions.ts.
 */
import assert from 'node:assert/strict';
import type { HttpTarget } from '../harness/http.ts';
import { behaves, fetchApi, suite, target } from '../harness.ts';
import { themes } from './cases/index.ts';
import { describeDifference } from './compare.ts';
import { type Examination, examine } from './examine.ts';
import { exceptions, wordings } from './exceptions.ts';
import { fieldsOf } from './fields.ts';
import { readFields, readRecording } from './recording.ts';
import { runCase } from './run.ts';
import { targetOf } from './target.ts';

const used: Examination['used'] = { exceptions: new Set(), wordings: new Set() };
let examination: Examination;
let reference: HttpTarget | undefined;
let outstanding = themes.reduce((sum, { cases }) => sum + cases.length, 0);

before(async () => {
  const path = process.env.REFERENCE_KUBECONFIG;
  if (path) reference = await targetOf(path);
  const newer = fieldsOf((await fetchApi('GET', '/openapi/v2')).json());
  const older = reference ? fieldsOf((await reference.fetch('GET', '/openapi/v2')).json()) : readFields();
  examination = { kubets: target, older, newer, used };
});

after(() => reference?.close());

for (const { name, cases } of themes) {
  suite(`as the reference: ${name}`, () => {
    const recording = readRecording(name) ?? {};
    for (const test of cases) {
      // The reference is asked for what 1.20 calls otherwise; an older server under test is left alone.
      behaves(test.title, { since: 30 }, async () => {
        const expected = reference ? await runCase(reference, test, 'older') : recording[test.title];
        assert.ok(expected, `not recorded: ${name}/${test.title}`);
        outstanding--;
        const findings = await examine(examination, name, test, expected);
        const told = findings.map((finding) => {
          const request = test.requests[finding.request];
          return `#${finding.request} ${request?.method} ${request?.path}\n${describeDifference(finding)}`;
        });
        assert.equal(told.length, 0, `${told.length} differences\n${told.slice(0, 20).join('\n')}`);
      });
    }
  });
}

suite('as the reference: what may differ', () => {
  behaves('every exception and every changed wording is needed', { since: 30 }, () => {
    // Only a run of all cases can tell.
    if (outstanding > 0) return;
    const idle = exceptions
      .filter((exception) => !exception.sometimes && !used.exceptions.has(exception))
      .map(({ where }) => String(where));
    const unsaid = wordings.filter((wording) => !used.wordings.has(wording)).map(({ from }) => String(from));
    assert.deepEqual([...idle, ...unsaid], []);
  });
});
