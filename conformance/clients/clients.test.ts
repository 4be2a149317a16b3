/**
 * The official Python and Go clients, as programs written with them. Each program prints what it tried, a line of JSON a
 * step; a step is a test. Python is Debian's python3-kubernetes. Go is built with the toolchain and packages that
 * $CLIENT_GO_ENV, a script, prints the environment of.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../openapi/generated-file.ts';
import { behaves, suite, testNamespace } from '../harness.ts';

const SOURCES = join(packageRoot(), 'conformance', 'clients');
const TIMEOUT_MS = 180_000;

interface Program {
  title: string;
  source: string;
  /** Finds the titles of its steps in the source, so that a step that never ran is a failed test. */
  steps: RegExp;
  /** Why it cannot be run here, if it cannot. */
  missing?: string;
  run(namespace: string): string;
}

const PYTHON = '/usr/bin/python3';

function python(): Program {
  const source = join(SOURCES, 'python', 'client.py');
  const found = spawnSync(PYTHON, ['-c', 'import kubernetes']).status === 0;
  return {
    title: 'the Python client',
    source,
    steps: /^ {4}\("(.+)", \w+\),$/gm,
    ...(found ? {} : { missing: 'python3-kubernetes is not installed' }),
    run: (namespace) => output(PYTHON, ['-W', 'ignore', source, namespace], process.env),
  };
}

function go(): Program {
  const script = process.env.CLIENT_GO_ENV;
  const folder = join(SOURCES, 'client-go');
  return {
    title: 'client-go',
    source: join(folder, 'main.go'),
    steps: /^\t\t\{"(.+)", \(\*suite\)\.\w+\},$/gm,
    ...(script ? {} : { missing: '$CLIENT_GO_ENV names no script' }),
    run(namespace) {
      const work = mkdtempSync(join(tmpdir(), 'kubets-client-go-'));
      try {
        const binary = join(work, 'client-go');
        const build = `set -e; eval "$("$CLIENT_GO_ENV" env)"; go build -o "${binary}" .`;
        execFileSync('bash', ['-c', build], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
        return output(binary, [namespace], process.env);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    },
  };
}

/** What a program prints. What it says beside goes into the error when it fails. */
function output(command: string, args: string[], env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8', timeout: TIMEOUT_MS });
  if (error) throw error;
  assert.equal(status, 0, `${command} failed: ${stderr.slice(-4000)}`);
  return stdout;
}

for (const program of [python(), go()]) {
  suite(
    program.title,
    () => {
      const { name: namespace } = testNamespace();
      const titles = [...readFileSync(program.source, 'utf8').matchAll(program.steps)].map(([, title]) => title ?? '');
      if (program.missing !== undefined) {
        it(`(left out: ${program.missing})`);
        return;
      }
      const results = new Map<string, string | undefined>();
      before(() => {
        const lines = program.run(namespace).split('\n').filter(Boolean);
        for (const line of lines) {
          const { name, error } = JSON.parse(line) as { name: string; error?: string };
          results.set(name, error);
        }
      });
      assert.ok(titles.length > 5, `few steps are found in ${program.source}`);
      for (const title of titles) {
        behaves(title, () => {
          assert.ok(results.has(title), 'the step did not run');
          assert.equal(results.get(title), undefined);
        });
      }
    },
    TIMEOUT_MS,
  );
}
