/**
 * The proxy's rules in a real kernel. Network namespaces stand for the node, three pods on its bridge, and a client
 * outside; the host's own tables are not touched. Needs root, `ip` and iptables.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { Client } from '../client/client.ts';
import { FakeApi } from '../client/fake-api.ts';
import { ENDPOINTS, SERVICES } from '../client/resources.ts';
import { iptablesApplier, type RuleApplier } from '../nodeagent/proxy/apply.ts';
import type { KernelFiles } from '../nodeagent/proxy/kernel-files.ts';
import { type RunningProxy, startProxy } from '../nodeagent/proxy/proxy.ts';
import { type CommandRunner, runCommand } from '../nodeagent/proxy/run-command.ts';
import type { V1Endpoints, V1Service } from '../openapi/generated/types.ts';

const PREFIX = `kbp${process.pid}`;
const NODE = `${PREFIX}n`;
const OUTSIDE = `${PREFIX}o`;
const PODS = [2, 3, 4].map((last) => ({ namespace: `${PREFIX}p${last}`, address: `10.77.0.${last}` }));
const CLUSTER_IP = '10.96.7.7';
const NODE_IP = '10.78.0.1';
const NODE_PORT = 30777;
const CONNECTIONS = 300;
const SERVER = `
  const { createServer } = require('node:http');
  createServer((request, response) => response.end(process.argv[1] + ' ' + request.socket.remoteAddress))
    .listen(8080, '0.0.0.0', () => console.log('ready'));
`;
/** Opens connections, ten at a time, and prints the answers, or the code of the error, with their counts. */
const CALLER = `
  const { get } = require('node:http');
  const [host, port, count] = process.argv.slice(1);
  const answers = {};
  const once = () => new Promise((resolve) => {
    const note = (answer) => { answers[answer] = (answers[answer] ?? 0) + 1; resolve(); };
    get({ host, port, agent: false, timeout: 3000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk) => (body += chunk)).on('end', () => note(body));
    }).on('timeout', function () { this.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })); })
      .on('error', (error) => note(error.code));
  });
  let left = Number(count);
  const worker = async () => { while (left-- > 0) await once(); };
  Promise.all(Array.from({ length: 10 }, worker)).then(() => console.log(JSON.stringify(answers)));
`;

async function run(command: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await runCommand(command, args);
  assert.equal(exitCode, 0, `${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const within = (namespace: string, ...command: string[]) => run('ip', 'netns', 'exec', namespace, ...command);
const shell = (namespace: string, script: string) => within(namespace, 'sh', '-ec', script);

/** A veth pair: one end in the node, the other, named eth0 with the address, in `namespace`. */
async function connect(namespace: string, nodeEnd: string, address: string, gateway: string): Promise<void> {
  await run('ip', 'netns', 'add', namespace);
  await run('ip', 'link', 'add', nodeEnd, 'netns', NODE, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  await shell(
    namespace,
    `ip link set lo up; ip addr add ${address} dev eth0; ip link set eth0 up; ip route add default via ${gateway}`,
  );
}

async function buildNetwork(): Promise<void> {
  await run('ip', 'netns', 'add', NODE);
  await shell(
    NODE,
    'ip link set lo up; ip link add br0 type bridge; ip addr add 10.77.0.1/24 dev br0; ip link set br0 up; ' +
      'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/conf/all/route_localnet',
  );
  for (const [i, { namespace, address }] of PODS.entries()) {
    await connect(namespace, `pod${i}`, `${address}/24`, '10.77.0.1');
    await shell(NODE, `ip link set pod${i} master br0; ip link set pod${i} up`);
  }
  await connect(OUTSIDE, 'ext0', '10.78.0.2/24', NODE_IP);
  // As on a host with Docker: somebody else's chain, and forwarding that is forbidden but on the bridge itself.
  await shell(
    NODE,
    `ip addr add ${NODE_IP}/24 dev ext0; ip link set ext0 up; ip route add default via 10.78.0.2; ` +
      'iptables -t nat -N DOCKER; iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER; ' +
      'iptables -P FORWARD DROP; iptables -A FORWARD -i br0 -o br0 -j ACCEPT',
  );
}

async function removeNetwork(): Promise<void> {
  for (const namespace of [OUTSIDE, NODE, ...PODS.map((pod) => pod.namespace)]) {
    await runCommand('ip', ['netns', 'del', namespace]);
  }
}

async function serve(namespace: string, name: string): Promise<ChildProcess> {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', SERVER, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

/** Answers by who gave them; with `sources`, by who gave them and whom they saw. */
async function call(from: string, host: string, port: number, count = CONNECTIONS, sources = false) {
  const output = await within(from, process.execPath, '-e', CALLER, host, String(port), String(count));
  const counts: Record<string, number> = {};
  for (const [answer, times] of Object.entries<number>(JSON.parse(output))) {
    const key = sources ? answer : (answer.split(' ')[0] ?? '');
    counts[key] = (counts[key] ?? 0) + times;
  }
  return counts;
}

/** All pods answered, and chi-square says evenly: 18.4 is exceeded by chance once in ten thousand runs. */
function assertEven(counts: Record<string, number>, names: string[]): void {
  assert.deepEqual(Object.keys(counts).sort(), names, JSON.stringify(counts));
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const expected = total / names.length;
  const chiSquare = names.reduce((sum, name) => sum + ((counts[name] ?? 0) - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < 18.4, `${JSON.stringify(counts)}: chi-square ${chiSquare}`);
}

/** The rules without counters and comments. */
async function savedRules(): Promise<string> {
  const text = await within(NODE, 'iptables-save');
  return text.replace(/^#.*\n/gm, '').replace(/ \[\d+:\d+\]/g, '');
}

describe('the proxy in a real kernel', function () {
  this.timeout(60_000);
  const api = new FakeApi({ clock: systemClock, resources: [SERVICES, ENDPOINTS] });
  const servers: ChildProcess[] = [];
  const names = PODS.map(({ address }) => address);
  const inNode: CommandRunner = (command, args, input) =>
    runCommand('ip', ['netns', 'exec', NODE, command, ...args], input);
  const files: KernelFiles = {
    read: async (path) => (await shell(NODE, `cat ${path} 2>/dev/null || true`)).trim() || undefined,
    write: async (path, value) => void (await shell(NODE, `echo ${value} > ${path}`)),
    list: async (path) => (await shell(NODE, `ls ${path} 2>/dev/null || true`)).split('\n').filter(Boolean),
  };
  let folder: string;
  let applier: RuleApplier;
  let proxy: RunningProxy | undefined;
  let rulesBefore: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kubets-e2e-'));
    await buildNetwork();
    for (const { namespace, address } of PODS) servers.push(await serve(namespace, address));
    rulesBefore = await savedRules();
    const ports = [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080, nodePort: NODE_PORT }];
    const metadata = { name: 'web', namespace: 'default' };
    api.create<V1Service>(SERVICES, 'default', { metadata, spec: { type: 'NodePort', clusterIP: CLUSTER_IP, ports } });
    api.create<V1Endpoints>(ENDPOINTS, 'default', { metadata, subsets: subsetsOf(PODS) });
  });

  after(async () => {
    await proxy?.stop();
    for (const server of servers) {
      const exited = once(server, 'exit');
      server.kill();
      await exited;
    }
    await removeNetwork();
    rmSync(folder, { recursive: true });
  });

  const subsetsOf = (pods: typeof PODS) => [
    { addresses: pods.map(({ address }) => ({ ip: address })), ports: [{ name: 'http', port: 8080 }] },
  ];
  const setPods = (pods: typeof PODS) =>
    api.change<V1Endpoints>(ENDPOINTS, 'web', 'default', (old) => ({ ...old, subsets: subsetsOf(pods) }));
  const filterBridge = (on: boolean) => files.write('/proc/sys/net/bridge/bridge-nf-call-iptables', on ? '1' : '0');

  async function start(): Promise<void> {
    const { signal } = new AbortController();
    applier = iptablesApplier({ log: silentLog, run: inNode, files, podBridge: 'br0', lockFile: join(folder, 'lock') });
    const options = { client: new Client(api), clock: systemClock, random: systemRandom, log: silentLog, signal };
    proxy = await startProxy({ ...options, nodeName: 'node', clusterCidr: '10.77.0.0/24', applier });
    await proxy.synced;
  }

  async function restart(): Promise<void> {
    await proxy?.stop();
    await start();
  }

  /** Milliseconds until the rules lead to the address, or no longer do. */
  async function untilRulesReach(address: string, reached: boolean): Promise<number> {
    const start = systemClock.monotonic();
    for (;;) {
      const text = await within(NODE, 'iptables-save', '-t', 'nat');
      const ms = systemClock.monotonic() - start;
      if (text.includes(`--to-destination ${address}:8080`) === reached) return ms;
      assert.ok(ms < 5000, `the rules did not change for ${address}`);
    }
  }

  it('spreads connections to a cluster IP evenly: from the node and from outside', async () => {
    await filterBridge(true);
    await start();
    await within(OUTSIDE, 'ip', 'route', 'replace', CLUSTER_IP, 'via', NODE_IP);
    for (const from of [NODE, OUTSIDE]) assertEven(await call(from, CLUSTER_IP, 80), names);
  });

  for (const filtered of [true, false]) {
    it(`reaches all pods from a pod on the same bridge, ${filtered ? 'filtered' : 'not filtered'} by iptables`, async () => {
      await filterBridge(filtered);
      await restart();
      // One in three calls comes back to the caller itself.
      assertEven(await call(PODS[0]?.namespace ?? '', CLUSTER_IP, 80), names);
    });
  }

  it('shows a pod its caller where answers cannot bypass iptables', async () => {
    await filterBridge(true);
    await restart();
    const [caller, ...others] = PODS;
    const seen = await call(caller?.namespace ?? '', CLUSTER_IP, 80, 60, true);
    for (const { address } of others) assert.ok(seen[`${address} ${caller?.address}`], JSON.stringify(seen));
  });

  it('spreads connections to a node port evenly: from outside, from the node, and on 127.0.0.1', async () => {
    assertEven(await call(OUTSIDE, NODE_IP, NODE_PORT), names);
    assertEven(await call(NODE, NODE_IP, NODE_PORT), names);
    assertEven(await call(NODE, '127.0.0.1', NODE_PORT), names);
  });

  it('sends nothing to an endpoint that was removed, within a second', async () => {
    setPods(PODS.slice(0, 2));
    const ms = await untilRulesReach(names[2] ?? '', false);
    assert.ok(ms < 1000, `took ${ms} ms`);
    assertEven(await call(OUTSIDE, NODE_IP, NODE_PORT), names.slice(0, 2));
    assertEven(await call(NODE, CLUSTER_IP, 80), names.slice(0, 2));
  });

  it('refuses connections when no endpoint is left, and takes them again when one appears', async () => {
    setPods([]);
    await untilRulesReach(names[0] ?? '', false);
    assert.deepEqual(await call(NODE, CLUSTER_IP, 80, 3), { ECONNREFUSED: 3 });
    assert.deepEqual(await call(OUTSIDE, NODE_IP, NODE_PORT, 3), { ECONNREFUSED: 3 });
    setPods(PODS);
    await untilRulesReach(names[2] ?? '', true);
    assertEven(await call(NODE, CLUSTER_IP, 80), names);
  });

  it('finds its rules again after a restart, without adding any twice', async () => {
    const rules = await savedRules();
    await restart();
    assert.deepEqual((await savedRules()).split('\n').sort(), rules.split('\n').sort());
  });

  it('writes everything again after somebody flushed the tables', async () => {
    await proxy?.stop();
    await shell(NODE, 'iptables -t nat -F OUTPUT; iptables -t nat -F KUBE-SERVICES');
    await start();
    assertEven(await call(NODE, CLUSTER_IP, 80), names);
  });

  it('leaves the tables as they were, removed once, twice, or from the middle', async () => {
    await proxy?.stop();
    await shell(NODE, 'iptables -t nat -F KUBE-NODEPORTS; iptables -t nat -D OUTPUT 1');
    await applier.remove();
    assert.equal(await savedRules(), rulesBefore);
    assert.equal(await files.read('/proc/sys/net/ipv4/conf/all/route_localnet'), '0');
    await applier.remove();
    assert.equal(await savedRules(), rulesBefore);
  });
});
