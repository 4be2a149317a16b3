/** What upstream asks of kubectl beyond the everyday: run, replace, version, and its proxy. No node is needed. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { behaviour, suite, testNamespace } from './harness.ts';
import { samplePodSpec } from './kinds.ts';
import { findKubectls, type Kubectl, KubectlRunner } from './kubectl.ts';

const IMAGE = 'example.invalid/httpd:2.4';
const DEADLINE_MS = 20_000;

interface Pod {
  spec: { containers: { image: string }[]; restartPolicy: string };
}

for (const kubectl of findKubectls()) scenarios(kubectl);

function scenarios(kubectl: Kubectl): void {
  suite(`kubectl ${kubectl.version} as upstream tries it`, () => {
    const namespace = testNamespace();
    const runner = new KubectlRunner(kubectl, namespace.name);
    after(() => runner.dispose());
    const podOf = async (name: string) => JSON.parse(await runner.ok(['get', 'pod', name, '-o', 'json'])) as Pod;

    behaviour('Kubectl client Kubectl run pod should create a pod from an image when restart is Never', async () => {
      const overrides = JSON.stringify({ apiVersion: 'v1', spec: { schedulerName: 'conformance-nobody' } });
      const args = ['--restart=Never', '--pod-running-timeout=2m0s', `--image=${IMAGE}`, `--overrides=${overrides}`];
      assert.match(await runner.ok(['run', 'run-httpd', ...args]), /pod\/run-httpd created/);
      const { containers, restartPolicy } = (await podOf('run-httpd')).spec;
      assert.equal(restartPolicy, 'Never');
      assert.deepEqual(
        containers.map(({ image }) => image),
        [IMAGE],
      );
    });

    behaviour("Kubectl client Kubectl replace should update a single-container pod's image", async () => {
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'replaced' }, spec: samplePodSpec() };
      await runner.ok(['create', '-f', '-'], { input: JSON.stringify(pod) });
      const made = JSON.stringify(await podOf('replaced'));
      const input = made.replaceAll('example.invalid/main:1', 'example.invalid/busybox:1');
      assert.match(await runner.ok(['replace', '-f', '-'], { input }), /pod\/replaced replaced/);
      assert.equal((await podOf('replaced')).spec.containers[0]?.image, 'example.invalid/busybox:1');
    });

    behaviour('Kubectl client Kubectl version should check is all data is printed', async () => {
      const printed = JSON.parse(await runner.ok(['version', '-o', 'json'])) as Record<string, Record<string, string>>;
      const known = ['major', 'minor', 'gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'platform'];
      for (const side of ['clientVersion', 'serverVersion']) {
        for (const field of known) assert.equal(typeof printed[side]?.[field], 'string', `${side}.${field}`);
      }
      const text = await runner.ok(['version']);
      assert.match(text, /Client Version: /);
      assert.match(text, /Server Version: /);
    });

    behaviour('Kubectl client Proxy server should support proxy with --port 0', async () => {
      const child = runner.start(['proxy', '--port=0', '--disable-filter']);
      try {
        const [, port] = await printed(child, /Starting to serve on 127\.0\.0\.1:(\d+)/);
        assert.ok((await versionsAt({ host: '127.0.0.1', port: Number(port) })).length > 0);
      } finally {
        child.kill();
      }
    });

    behaviour('Kubectl client Proxy server should support --unix-socket=/path', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'conformance-proxy-'));
      const socketPath = join(folder, 'test');
      const child = runner.start(['proxy', `--unix-socket=${socketPath}`, '--disable-filter']);
      try {
        await printed(child, /Starting to serve on .*test/);
        assert.ok((await versionsAt({ socketPath })).length > 0);
      } finally {
        child.kill();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
}

/** Resolves with the match once the process has printed it. */
function printed(child: ChildProcess, wanted: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = systemClock.after(DEADLINE_MS, () => reject(new Error(`kubectl printed nothing of it: ${text}`)));
    const look = (data: Buffer) => {
      text += data.toString();
      const match = wanted.exec(text);
      if (!match) return;
      timer.cancel();
      resolve(match);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', () => {
      timer.cancel();
      reject(new Error(`kubectl ended: ${text}`));
    });
  });
}

/** `versions` of /api/ behind a proxy. */
function versionsAt(where: { host: string; port: number } | { socketPath: string }): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const get = request({ ...where, path: '/api/', agent: false }, (response) => {
      let text = '';
      response.on('data', (data) => {
        text += data;
      });
      response.on('end', () => resolve((JSON.parse(text) as { versions: string[] }).versions));
      response.on('error', reject);
    });
    get.on('error', reject);
    get.end();
  });
}
