/** Turns the installed `@kubernetes/client-node` and `openapi/facts` into `openapi/generated/`. Run before the build. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { definitionsText } from './definitions.ts';
import { readFacts } from './facts.ts';
import { readDefinitions } from './model.ts';
import { protobufText } from './protobuf.ts';
import { typesText } from './types.ts';
import { validatorsText } from './validators.ts';
import { wireSchemaText } from './wire-schema.ts';

/**
 * Definitions that get a compiled validator, with all they refer to. Others are decoded by the interpreter alone,
 * which gives the same answers; widen this when their groups are served.
 */
const VALIDATED = [
  /^io\.k8s\.api\.coordination\.v1\.Lease$/,
  /^io\.k8s\.api\.autoscaling\.v1\.Scale$/,
  /^io\.k8s\.api\.policy\.v1\.Eviction$/,
  /^io\.k8s\.api\.core\.v1\.Binding$/,
  /^io\.k8s\.apimachinery\.pkg\.apis\.meta\.v1\.DeleteOptions$/,
];

const root = process.cwd();
const out = join(root, 'openapi', 'generated');
const facts = readFacts(root);
const definitions = await readDefinitions(facts.wire);
const isRoot = (id: string) =>
  (id.startsWith('io.k8s.api.core.v1.') && id in facts.kinds) || VALIDATED.some((pattern) => pattern.test(id));

mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'types.ts'), typesText(definitions));
writeFileSync(join(out, 'wire-schema.json'), wireSchemaText(definitions, facts));
writeFileSync(join(out, 'definitions.json'), definitionsText(definitions, facts));
writeFileSync(join(out, 'protobuf.json'), protobufText(definitions, facts));
writeFileSync(join(out, 'validators.ts'), validatorsText(definitions, facts, isRoot));
