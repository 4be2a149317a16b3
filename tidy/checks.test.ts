/** The checks catch what they are for, and let pass what they are not. */
import assert from 'node:assert/strict';
import { checkClock } from './clock.ts';
import { checkFunctions } from './functions.ts';
import { checkImports } from './imports.ts';
import { checkLinks } from './links.ts';
import { checkMarkers } from './markers.ts';
import { blanked, commentsOf, type Problem, type SourceFile } from './source.ts';

interface Case {
  check: (file: SourceFile) => Problem[];
  path: string;
  text: string;
  /** The message; `undefined` when the snippet is tidy. */
  caught?: RegExp;
}

const imports = (path: string, text: string, caught?: RegExp): Case => ({
  check: checkImports,
  path,
  text,
  ...(caught ? { caught } : {}),
});
const clock = (path: string, text: string, caught?: RegExp): Case => ({
  check: checkClock,
  path,
  text,
  ...(caught ? { caught } : {}),
});
const markers = (path: string, text: string, caught?: RegExp): Case => ({
  check: checkMarkers,
  path,
  text,
  ...(caught ? { caught } : {}),
});

const cases: Case[] = [
  imports('client/a.ts', "import { b } from '../base/b.ts';"),
  imports('client/a.ts', "import { b } from './b.ts';"),
  imports('client/a.ts', "// import { b } from '../api/b.ts';"),
  imports('client/a.ts', "import { b } from '../api/b.ts';", /client may not import api/),
  imports('base/a.ts', "export { b } from '../openapi/b.ts';", /base may not import openapi/),
  imports('base/a.ts', "export * from '../openapi/b.ts';", /base may not import openapi/),
  imports('scheduler/a.ts', "import type { b } from '../controllers/b.ts';", /scheduler may not import controllers/),
  imports(
    'nodeagent/kubelet/a.ts',
    "import {\n  b,\n  c,\n} from '../../scheduler/b.ts';",
    /nodeagent may not import scheduler/,
  ),
  imports('api/http/a.ts', "import { b } from '../../client/b.ts';", /api may not import client/),
  imports('cmd/a.ts', "import { b } from '../api/b.ts';\nimport { c } from '../nodeagent/c.ts';"),
  imports('cmd/a.ts', "const { b } = await import('../conformance/b.ts');", /cmd may not import conformance/),
  imports('conformance/a.ts', "import { b } from '../api/b.ts';", /conformance may not import api/),
  imports('conformance/a.ts', "import { b } from '../base/b.ts';"),
  imports('base/a.ts', "import '../../other/b.ts';", /outside the tree/),
  imports('cmd/a.ts', "import { KubeConfig } from '@kubernetes/client-node';", /slow to load/),
  imports('cmd/a.ts', "import type { KubeConfig } from '@kubernetes/client-node';"),
  imports('cmd/a.ts', "const { KubeConfig } = await import('@kubernetes/client-node');"),
  imports('cmd/a.test.ts', "import { KubeConfig } from '@kubernetes/client-node';"),
  imports('conformance/a.ts', "import { KubeConfig } from '@kubernetes/client-node';"),

  clock('client/a.ts', 'const now = Date.now();', /Date\.now: use Clock\.now/),
  clock('client/a.test.ts', 'const now = new Date();', /new Date\(\)/),
  clock('client/a.ts', 'const then = new Date(ms); const parsed = Date.parse(text);'),
  clock('client/a.ts', 'setTimeout(() => run(), 5);', /setTimeout: use Clock\.after/),
  clock('client/a.ts', 'globalThis.setInterval(run, 5);', /use Clock\.after/),
  clock('client/a.ts', 'request.setTimeout(5);'),
  clock('client/a.ts', 'fetch(url, { signal: AbortSignal.timeout(5) });', /AbortSignal/),
  clock('client/a.ts', 'const x = Math.random();', /Math\.random/),
  clock('client/a.ts', "import { randomUUID } from 'node:crypto';", /randomUUID/),
  clock('client/a.ts', "import { setTimeout as sleep } from 'node:timers/promises';", /node:timers/),
  clock('client/a.ts', '// never Date.now() here\nconst text = "Date.now()";'),
  clock('base/clock.ts', 'const now = () => Date.now();'),
  clock('e2e/a.ts', 'const now = Date.now();'),

  markers('client/a.test.ts', "it.only('x', () => undefined);", /it\.only/),
  markers('client/a.test.ts', "describe.skip('x', () => undefined);", /describe\.skip/),
  markers('client/a.test.ts', 'this.skip();', /this\.skip/),
  markers('client/a.test.ts', "xit('x', () => undefined);", /xit/),
  markers('client/a.test.ts', 'reader.skip(3); const only = list.only;'),
  markers('client/a.ts', '// TODO: later', /TODO/),
  markers('client/a.ts', '/** FIXME this */', /FIXME/),
  markers('client/a.ts', "const text = 'TODO: later';"),
  markers('client/a.ts', 'try { a(); } catch {}', /empty catch/),
  markers('client/a.ts', 'try { a(); } catch (error) {\n  // Nobody is listening any more.\n}'),
  markers('client/a.ts', 'try { a(); } catch (error) { log(error); }'),
  markers('client/a.ts', 'work().catch(() => undefined);', /dropped/),
  markers('client/a.ts', '// The socket is going away anyway.\nwork().catch(() => undefined);'),
  markers('client/a.ts', 'work().catch((error) => log(error));'),
  markers('client/a.ts', 'await clock.sleep(5, signal).catch(() => undefined);'),
  markers('client/a.ts', 'const found = await look().catch(() => undefined);'),
];

describe('tidy checks', () => {
  for (const { check, path, text, caught } of cases) {
    it(`${caught ? 'catches' : 'lets pass'} ${path}: ${text.replaceAll('\n', ' ')}`, () => {
      const messages = check({ path, text }).map(({ message }) => message);
      if (caught) assert.match(messages.join('\n'), caught);
      else assert.deepEqual(messages, []);
    });
  }

  it('counts the lines of functions, whatever their form', () => {
    const body = (lines: number) => '    work();\n'.repeat(lines);
    const forms = [
      `function long() {\n${body(9)}}`,
      `export async function long(\n  a: string,\n): Promise<void> {\n${body(9)}}`,
      `const long = (a: string) => {\n${body(9)}};`,
      `class A {\n  long(a: string): void {\n${body(9)}  }\n}`,
      `class A {\n  async #long() {\n${body(9)}  }\n}`,
    ];
    for (const text of forms) {
      assert.equal(checkFunctions({ path: 'base/a.ts', text }, 10).length, 1, text);
      assert.equal(checkFunctions({ path: 'base/a.ts', text }, 11).length, 0, text);
      assert.equal(checkFunctions({ path: 'base/a.test.ts', text }, 10).length, 0, text);
    }
    const noFunction = `if (a) {\n${body(20)}}\nclass B {\n${body(20)}}\nconst object = {\n${body(20)}};`;
    assert.deepEqual(checkFunctions({ path: 'base/a.ts', text: noFunction }, 10), []);
  });

  it('follows what documents point at', () => {
    const read = (path: string) => (path === 'base/clock.ts' ? 'export interface Clock {}' : undefined);
    const check = (text: string) => checkLinks({ path: 'ARCHITECTURE.md', text }, read).map(({ message }) => message);
    assert.deepEqual(
      check('see `base/clock.ts`, `base/clock.ts#Clock`, `tsconfig.json` and [it](base/clock.ts#L3)'),
      [],
    );
    assert.deepEqual(check('see `base/gone.ts`'), ['base/gone.ts is not there']);
    assert.deepEqual(check('see `base/clock.ts#Watch`'), ['base/clock.ts has no Watch']);
    assert.deepEqual(check('see [it](base/gone.ts)'), ['base/gone.ts is not there']);
  });

  it('sees code through comments, strings and regular expressions', () => {
    assert.equal(blanked("a; // b\nc = 'd';", 'comments'), "a;     \nc = 'd';");
    assert.equal(blanked("a('b // c'); d", 'comments'), "a('b // c'); d");
    assert.equal(blanked("a('b', `c {d}`, /e'f/); g", 'all'), "a(' ', `     `, /   /); g");
    assert.equal(blanked('a / b / c', 'all'), 'a / b / c');
    assert.equal(commentsOf("a('// b'); // c"), '           // c');
  });
});
