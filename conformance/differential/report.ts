/**
 * Prints, for people, where kubets differs from the recording, the most frequent differences first:
 *   KUBECONFIG=… node dist/conformance/differential/report.js [--json] [THEME…]
 */
import type { HttpTarget } from '../harness/http.ts';
import { themes } from './cases/index.ts';
import { describeDifference } from './compare.ts';
import { type Examination, examine, type Finding } from './examine.ts';
import { exceptions, wordings } from './exceptions.ts';
import { fieldsOf } from './fields.ts';
import { readFields, readRecording } from './recording.ts';
import { targetOf } from './target.ts';

interface Found extends Finding {
  theme: string;
  title: string;
  request: number;
  line: string;
}

async function main(): Promise<void> {
  const path = process.env.KUBECONFIG;
  if (!path) throw new Error('KUBECONFIG is not set: it names the server to examine');
  const kubets = await targetOf(path);
  const wanted = process.argv.slice(2).filter((argument) => argument !== '--json');
  const { found, requests, examination } = await examineAll(kubets, wanted);
  kubets.close();
  if (process.argv.includes('--json')) {
    for (const finding of found) console.log(JSON.stringify(finding));
    return;
  }
  console.log(`${requests} requests, ${found.length} differences\n`);
  for (const { name, cases } of themes) {
    const here = found.filter(({ theme }) => theme === name);
    if (here.length > 0) console.log(`## ${name}: ${here.length} differences in ${cases.length} cases\n`);
    let last = '';
    for (const finding of here) {
      if (finding.line !== last) console.log(finding.line);
      last = finding.line;
      console.log(describeDifference(finding));
    }
    if (here.length > 0) console.log('');
  }
  const { used } = examination;
  for (const { where } of exceptions.filter((one) => !used.exceptions.has(one))) console.log(`unused: ${where}`);
  for (const { from } of wordings.filter((one) => !used.wordings.has(one))) console.log(`unused: ${from}`);
}

async function examineAll(kubets: HttpTarget, wanted: string[]) {
  const newer = fieldsOf((await kubets.fetch('GET', '/openapi/v2')).json());
  const used: Examination['used'] = { exceptions: new Set(), wordings: new Set() };
  const examination: Examination = { kubets, older: readFields(), newer, used };
  const found: Found[] = [];
  let requests = 0;
  for (const { name, cases } of themes) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const recording = readRecording(name) ?? {};
    for (const test of cases) {
      requests += test.requests.length;
      const findings = await examine(examination, name, test, recording[test.title] ?? []);
      for (const finding of findings) {
        const { method = '', path = '' } = test.requests[finding.request] ?? {};
        const line = `${test.title.slice(0, 60)} #${finding.request} ${method} ${path}`;
        found.push({ ...finding, theme: name, title: test.title, line });
      }
    }
  }
  return { found, requests, examination };
}

await main();
