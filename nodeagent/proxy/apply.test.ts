import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../base/log.ts';
import { iptablesApplier } from './apply.ts';
import { JUMPS } from './chains.ts';
import type { KernelFiles } from './kernel-files.ts';
import { LockedError } from './lock.ts';
import { buildRules } from './rules.ts';
import { type CommandRunner, MissingCommandError, runCommand } from './run-command.ts';
import { endpoints, portsOf, service } from './testing/objects.ts';

const ROUTE_LOCALNET = '/proc/sys/net/ipv4/conf/all/route_localnet';
const SETTINGS = { masqueradeAll: false, localhostNodePorts: true };
const NONE = buildRules([], SETTINGS);
const ONE = buildRules(portsOf([service('a/b', '172.30.0.1')], [endpoints('a/b', ['10.0.0.1'])]), SETTINGS);

/** Records commands; `saved` is what iptables-save prints. */
class FakeSystem {
  readonly commands: string[] = [];
  readonly restored: string[] = [];
  readonly settings = new Map([[ROUTE_LOCALNET, '0']]);
  saved = '';
  restoreFails = false;
  readonly run: CommandRunner = async (command, args, input) => {
    if (!args.includes('--version')) this.commands.push([command, ...args].join(' '));
    if (input) this.restored.push(input);
    if (input && this.restoreFails) return { stdout: '', stderr: 'iptables-restore: line 2 failed', exitCode: 1 };
    return { stdout: command === 'iptables-save' ? this.saved : '', stderr: '', exitCode: 0 };
  };
  readonly files: KernelFiles = {
    read: async (path) => this.settings.get(path),
    write: async (path, value) => void this.settings.set(path, value),
    list: async (folder) => {
      const inside = [...this.settings.keys()].filter((path) => path.startsWith(`${folder}/`));
      return inside.map((path) => path.slice(folder.length + 1).split('/')[0] ?? '');
    },
  };
}

describe('the applier', () => {
  let system: FakeSystem;
  let folder: string;

  beforeEach(() => {
    system = new FakeSystem();
    folder = mkdtempSync(join(tmpdir(), 'kubets-proxy-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const applier = (extra = {}) =>
    iptablesApplier({
      log: silentLog,
      run: system.run,
      files: system.files,
      lockFile: join(folder, 'lock'),
      ...extra,
    });
  const localnet = () => system.settings.get(ROUTE_LOCALNET);

  it('looks once, then writes each change with one command', async () => {
    const subject = applier();
    await subject.apply(ONE, false);
    await subject.apply(NONE, false);
    assert.deepEqual(system.commands, [
      'iptables-save',
      'iptables-restore -w 5 --noflush',
      'iptables-restore -w 5 --noflush',
    ]);
    assert.equal(system.restored[0]?.match(/^-I /gm)?.length, JUMPS.length);
    assert.equal(system.restored[1]?.match(/^-I /gm), null);
    assert.equal(system.restored[1]?.match(/^-X KUBE-(SVC|SEP)-/gm)?.length, 2);
  });

  it('writes only what changed, or everything when told so', async () => {
    const subject = applier();
    await subject.apply(NONE, false);
    await subject.apply(ONE, false);
    assert.ok(!system.restored[1]?.includes('*filter'));
    await subject.apply(ONE, true);
    assert.equal(system.restored[2]?.includes('*filter'), true);
    assert.deepEqual(system.restored[2]?.match(/--to-destination \S+/g), ['--to-destination 10.0.0.1:80']);
  });

  it('drops chains that an earlier run left', async () => {
    system.saved = '*nat\n:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]\nCOMMIT\n';
    await applier().apply(NONE, false);
    assert.ok(system.restored[0]?.includes('-X KUBE-SEP-AAAAAAAAAAAAAAAA\n'));
  });

  it('says which rule the kernel refused, and looks again next time', async () => {
    const subject = applier();
    await subject.apply(NONE, false);
    system.restoreFails = true;
    await assert.rejects(subject.apply(ONE, false), /line 2 failed \(:KUBE-SERVICES - \[0:0\]\)/);
    system.restoreFails = false;
    await subject.apply(ONE, false);
    assert.equal(system.commands.filter((command) => command === 'iptables-save').length, 2);
  });

  it('notices that rules are gone and then adds the jumps again', async () => {
    const subject = applier();
    await subject.apply(NONE, false);
    assert.equal(await subject.verify(NONE), false);
    await subject.apply(NONE, false);
    assert.equal(system.restored[1]?.match(/^-I /gm)?.length, JUMPS.length);
  });

  it('refuses to start or remove beside another, and says who that is', async () => {
    const first = applier();
    await first.prepare();
    await assert.rejects(applier().prepare(), LockedError);
    await assert.rejects(applier().remove(), LockedError);
    first.release();
    const second = applier();
    await second.prepare();
    second.release();
  });

  it('puts route_localnet back, in a later process too', async () => {
    const subject = applier();
    await subject.prepare();
    assert.equal(localnet(), '1');
    subject.release();
    await applier().remove();
    assert.equal(localnet(), '0');
  });

  it('leaves route_localnet on where it was on before', async () => {
    system.settings.set(ROUTE_LOCALNET, '1');
    const subject = applier();
    await subject.prepare();
    await subject.remove();
    assert.equal(localnet(), '1');
    subject.release();
  });

  it('lets the pods of the bridge reach themselves, those that come later too', async () => {
    const hairpin = (port: string) => `/sys/class/net/docker0/brif/${port}/hairpin_mode`;
    system.settings.set(hairpin('veth1'), '0');
    const subject = applier({ podBridge: 'docker0' });
    await subject.apply(NONE, false);
    assert.equal(system.settings.get(hairpin('veth1')), '1');
    system.settings.set(hairpin('veth2'), '0');
    await subject.verify(NONE);
    assert.equal(system.settings.get(hairpin('veth2')), '1');
  });

  it('removes nothing where nothing is', async () => {
    const subject = applier();
    await subject.remove();
    await subject.remove();
    assert.deepEqual(system.restored, []);
  });

  it('says what to install when a program is missing', async () => {
    await assert.rejects(runCommand('iptables-no-such-thing', []), (error: unknown) => {
      assert.ok(error instanceof MissingCommandError);
      assert.match(error.message, /apt-get install iptables/);
      return true;
    });
  });

  it('goes on without conntrack, trying it once', async () => {
    const tried: string[] = [];
    const run: CommandRunner = async (command) => {
      tried.push(command);
      throw new MissingCommandError(command, 'conntrack');
    };
    const subject = applier({ run });
    await subject.forgetFlows([
      ['-p', 'udp'],
      ['-p', 'udp'],
    ]);
    await subject.forgetFlows([['-p', 'udp']]);
    assert.deepEqual(tried, ['conntrack']);
  });
});
