/** Turns the installed `@kubernetes/client-node` and `openapi/facts` into `openapi/generated/`. Run before the build. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDefinitions } from './model.ts';
import { typesText } from './types.ts';

const root = process.cwd();
const out = join(root, 'openapi', 'generated');
const wireFields = JSON.parse(readFileSync(join(root, 'openapi', 'facts', 'wire-fields.json'), 'utf8'));
const definitions = await readDefinitions(wireFields);
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'types.ts'), typesText(definitions));
