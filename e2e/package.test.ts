/** What a stranger installs: the tarball, in an empty folder, with nothing but npm at hand. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { load } from 'js-yaml';
import { packageRoot } from '../openapi/generated-file.ts';
import { type CommandResult, eventually, run, succeed } from './harness.ts';

const STRANGER = `
import { Cluster } from 'kubets';
const cluster = await Cluster.start({ engine: 'memory' });
console.log((await cluster.client().namespaces.list()).items.map(({ metadata }) => metadata.name).join());
const { CoreV1Api } = await import('@kubernetes/client-node');
console.log((await cluster.kubeConfig.makeApiClient(CoreV1Api).listNamespace()).items.length, process.version);
await cluster.stop();
`;

const TYPED_STRANGER = `
import { CoreV1Api } from '@kubernetes/client-node';
import { type Client, Cluster } from 'kubets';
const cluster = await Cluster.start({ engine: 'memory', node: 'simulated' });
const client: Client = cluster.client();
const name: string | undefined = (await client.pods.list({ namespace: 'default' })).items[0]?.metadata?.name;
const namespaces = await cluster.kubeConfig.makeApiClient(CoreV1Api).listNamespace();
console.log(name, namespaces.items.length, cluster.server);
// @ts-expect-error there is no such engine
await Cluster.start({ engine: 'none' });
`;

interface Packed {
  filename: string;
  size: number;
  files: { path: string }[];
}

/** An empty folder, and a PATH on which there is one Node.js, npm and a shell, but no compiler. */
class Stranger {
  readonly folder: string;
  /** $KUBETS_HOME. */
  readonly state: string;
  readonly env: NodeJS.ProcessEnv;

  private constructor(root: string) {
    this.folder = join(root, 'app');
    this.state = join(root, 'state');
    this.env = { ...process.env, PATH: join(root, 'bin'), KUBETS_HOME: this.state, NO_COLOR: '1' };
  }

  static async arrive(root: string, node: string): Promise<Stranger> {
    const bin = join(root, 'bin');
    await mkdir(bin);
    await symlink(node, join(bin, 'node'));
    for (const name of ['npm', 'npx', 'sh']) await symlink(await findInPath(name), join(bin, name));
    await mkdir(join(root, 'app'));
    return new Stranger(root);
  }

  npm(...args: string[]): Promise<string> {
    return succeed('npm', [...args, '--prefix', this.folder, '--no-audit', '--no-fund'], { env: this.env });
  }

  /** Runs a script of the folder to its end. */
  async script(name: string, text: string): Promise<CommandResult> {
    const file = join(this.folder, name);
    await writeFile(file, text);
    return run('node', [file], { env: this.env, timeoutMs: 60_000 });
  }

  /** Starts a command, as a terminal does: in a process group of its own. */
  start(command: string, ...args: string[]): ChildProcess {
    return spawn(command, args, { cwd: this.folder, env: this.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

async function findInPath(name: string): Promise<string> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = await realpath(join(folder, name)).catch(() => undefined);
    if (path) return path;
  }
  throw new Error(`find ${name}: it is nowhere in PATH`);
}

function killGroup(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
    process.kill(-child.pid, 'SIGKILL');
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { token: string } }[];
}

/** The status of a GET with the token of a kubeconfig, over TLS as the kubeconfig's CA vouches for it. */
async function statusOf(kubeconfig: string, path: string): Promise<number> {
  const { clusters, users } = load(await readFile(kubeconfig, 'utf8')) as Kubeconfig;
  const { server, 'certificate-authority-data': ca } = clusters[0]!.cluster;
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${users[0]!.user.token}` };
    const request = get(server + path, { headers, ca: Buffer.from(ca, 'base64'), agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once('error', reject);
  });
}

describe('the package', function () {
  this.timeout(180_000);

  let work = '';
  let packed: Packed;
  before(async () => {
    work = await realpath(await mkdtemp(join(tmpdir(), 'kubets-package-')));
    // What prepack does, building, has been done, and must not happen while tests run from dist/.
    const args = ['pack', packageRoot(), '--pack-destination', work, '--ignore-scripts', '--json'];
    [packed] = JSON.parse(await succeed('npm', args)) as [Packed];
  });
  after(() => rm(work, { recursive: true, force: true }));

  it('holds what is needed at run time and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    assert.deepEqual(
      paths.filter((path) =>
        /\.map$|\.test\.|(^|\/)(e2e|bench|conformance|tidy|generator|testing|\.[^/]*)\//.test(path),
      ),
      [],
    );
    for (const path of [
      'dist/package/main.js',
      'dist/package/index.js',
      'dist/cmd/index.d.ts',
      'openapi/generated/definitions.json',
      'LICENSE',
    ]) {
      assert.ok(paths.includes(path), `${path} is not in the package`);
    }
    assert.ok(packed.size < 1_500_000, `${packed.size} bytes packed`);
  });

  const runtimes: { title: string; find: () => Promise<string> }[] = [
    { title: `on Node.js ${process.versions.node}`, find: async () => process.execPath },
    { title: 'on a current Node.js', find: () => currentNode(work) },
  ];
  for (const { title, find } of runtimes) {
    describe(title, () => {
      let stranger: Stranger;
      before(async () => {
        stranger = await Stranger.arrive(await mkdtemp(join(work, 'stranger-')), await find());
        await stranger.npm('install', join(work, packed.filename));
      });

      it('npx kubets up --in-memory becomes ready, answers, and ends well on SIGINT', async () => {
        const child = stranger.start('npx', 'kubets', 'up', '--in-memory', '--secure-port', '0');
        const exit = once(child, 'exit');
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
          stream?.on('data', (chunk: Buffer) => {
            output += chunk.toString();
          });
        }
        try {
          await eventually('kubets up is ready', async () => {
            if (child.exitCode !== null) throw new Error(`kubets up ended with ${child.exitCode}:\n${output}`);
            return /ready in \d+ ms/.test(output);
          });
          assert.equal(await statusOf(join(stranger.state, 'kubeconfig'), '/api/v1/namespaces'), 200);
          // Not to npx, which ends by the signal itself however well its command ends; it passes on our exit code.
          process.kill(Number.parseInt(await readFile(join(stranger.state, 'kubets.pid'), 'utf8'), 10), 'SIGINT');
          assert.deepEqual(await exit, [0, null], output);
        } finally {
          killGroup(child);
        }
      });

      it("import { Cluster } from 'kubets' gives a cluster, its clients, and a process that ends by itself", async () => {
        const { stdout, stderr, code } = await stranger.script('stranger.mjs', STRANGER);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^default,kube-node-lease,kube-public,kube-system\n4 v/);
      });

      it('has types that a strict compiler takes', async () => {
        await writeFile(join(stranger.folder, 'stranger.mts'), TYPED_STRANGER);
        const compilerOptions = { strict: true, noEmit: true, target: 'es2022', module: 'nodenext' };
        await writeFile(join(stranger.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
        await succeed(join(packageRoot(), 'node_modules', '.bin', 'tsc'), ['-p', stranger.folder]);
      });
    });
  }
});

/** The newest Node.js, as npm's package `node` brings it. */
async function currentNode(work: string): Promise<string> {
  const folder = join(work, 'node');
  await mkdir(folder, { recursive: true });
  await succeed('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', 'node@latest']);
  const node = await realpath(join(folder, 'node_modules', '.bin', 'node'));
  const [major] = (await succeed(node, ['--version'])).slice(1).split('.').map(Number);
  assert.ok((major ?? 0) >= 22, `npm's package node brought version ${major}`);
  return node;
}
