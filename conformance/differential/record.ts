/**
 * Asks the reference everything and writes its answers into conformance/differential/recorded:
 *   REFERENCE_KUBECONFIG=… node dist/conformance/differential/record.js [THEME…]
 */

import { kinds } from '../kinds.ts';
import { themes } from './cases/index.ts';
import { fieldsOf, pruneFields } from './fields.ts';
import { type Recording, writeFields, writeRecording } from './recording.ts';
import { runCase } from './run.ts';
import { targetOf } from './target.ts';

const FOLDER = 'conformance/differential/recorded';

async function main(): Promise<void> {
  const path = process.env.REFERENCE_KUBECONFIG;
  if (!path) throw new Error('REFERENCE_KUBECONFIG is not set: it names the server to record');
  const reference = await targetOf(path);
  const document = await reference.fetch('GET', '/openapi/v2');
  const versions = kinds.map(({ apiVersion, older }) => older ?? apiVersion);
  writeFields(FOLDER, pruneFields(fieldsOf(document.json()), new Set(versions)));
  const wanted = process.argv.slice(2);
  let requests = 0;
  for (const { name, cases } of themes) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const recording: Recording = {};
    for (const test of cases) {
      recording[test.title] = await runCase(reference, test, 'older');
      requests += test.requests.length;
    }
    writeRecording(FOLDER, name, recording);
    console.log(`${name}: ${cases.length} cases`);
  }
  console.log(`${requests} requests`);
  reference.close();
}

await main();
