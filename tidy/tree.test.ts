/** The tree keeps its own rules. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkClock } from './clock.ts';
import { checkFunctions } from './functions.ts';
import { checkImports } from './imports.ts';
import { checkLinks } from './links.ts';
import { checkMarkers } from './markers.ts';
import { describeProblems, type Problem, readSources, type SourceFile, treeRoot } from './source.ts';

describe('the tree', () => {
  const root = treeRoot();
  const sources = readSources(root);
  const tidy = (check: (file: SourceFile) => Problem[]) => assert.equal(describeProblems(sources.flatMap(check)), '');

  it('was found', () => assert.ok(sources.length > 20));
  it('imports one way only, and nothing slow before its time', () => tidy(checkImports));
  it('takes time and randomness from base alone', () => tidy(checkClock));
  it('has no test switched off, no work put off, no error swallowed', () => tidy(checkMarkers));
  it('has no function of more than 70 lines', () => tidy((file) => checkFunctions(file)));

  for (const name of ['ARCHITECTURE.md', 'README.md']) {
    it(`${name} points at what is there`, () => {
      assert.ok(existsSync(join(root, name)), `${name} is missing`);
      const read = (path: string) => {
        const full = join(root, path);
        if (!existsSync(full)) return undefined;
        return statSync(full).isFile() ? readFileSync(full, 'utf8') : '';
      };
      const document = { path: name, text: readFileSync(join(root, name), 'utf8') };
      assert.equal(describeProblems(checkLinks(document, read)), '');
    });
  }
});
