/** Puts rules into the kernel through iptables-restore, and takes them out again. */
import { rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { codeOf, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Jump } from './chains.ts';
import { isDynamicChain } from './chains.ts';
import { acquireLock, type Lock, LockedError, lockHolder } from './lock.ts';
import {
  dynamicChains,
  isIntact,
  missingJumps,
  parseSaved,
  removalText,
  restoreText,
  type Saved,
} from './restore-text.ts';
import type { ProxyRules } from './rules.ts';
import { type CommandRunner, MissingCommandError, runCommand } from './run-command.ts';

export interface RuleApplier {
  /**
   * To be called before the first `apply`: takes the host's lock and sets sysctls. Rejects with `LockedError` when
   * another proxy runs here, with `MissingCommandError` when iptables is not installed.
   */
  prepare(): Promise<void>;
  /** Whether packets between two pods of one bridge pass iptables (module br_netfilter). */
  bridgeTrafficIsFiltered(): Promise<boolean>;
  /** Makes the kernel's rules be `rules`. */
  apply(rules: ProxyRules): Promise<void>;
  /** Whether what was applied is still there as far as chains and jumps go; if not, the next `apply` writes it all. */
  verify(rules: ProxyRules): Promise<boolean>;
  /** Ends UDP flows; each entry is what `conntrack -D` takes. */
  forgetFlows(flows: readonly (readonly string[])[]): Promise<void>;
  /** Takes everything of ours out of iptables and puts sysctls back. Idempotent; fine with half of it gone. */
  remove(): Promise<void>;
  /** Gives the lock back; rules stay. Idempotent. */
  release(): void;
}

export interface Sysctl {
  /** `undefined` when the kernel has no such setting. */
  read(name: string): Promise<string | undefined>;
  write(name: string, value: string): Promise<void>;
}

export interface IptablesApplierOptions {
  log: Log;
  /** Held while a proxy runs on this host; none is taken when absent. */
  lockFile?: string;
  /** Answer node ports on 127.0.0.1 too; true unless told otherwise. */
  localhostNodePorts?: boolean;
  run?: CommandRunner;
  sysctl?: Sysctl;
}

const ROUTE_LOCALNET = 'net/ipv4/conf/all/route_localnet';
const BRIDGE_FILTERED = 'net/bridge/bridge-nf-call-iptables';
/** How long to wait for another user of iptables. */
const WAIT_SECONDS = '5';

/** Settings under /proc/sys, slashes in their names. */
export const systemSysctl: Sysctl = {
  async read(name) {
    try {
      return (await readFile(`/proc/sys/${name}`, 'utf8')).trim();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  write: (name, value) => writeFile(`/proc/sys/${name}`, value),
};

export function iptablesApplier(options: IptablesApplierOptions): RuleApplier {
  return new IptablesApplier(options);
}

class IptablesApplier implements RuleApplier {
  readonly #log: Log;
  readonly #lockFile: string | undefined;
  readonly #localhostNodePorts: boolean;
  readonly #run: CommandRunner;
  readonly #sysctl: Sysctl;
  #lock: Lock | undefined;
  /** Dynamic chains that are in the kernel; unknown before the first look and after a failure. */
  #known: ReadonlySet<string> | undefined;
  #conntrackMissing = false;
  /** Remembers, where there is no lock file, that the sysctl was off before. */
  #switchedRouteLocalnet = false;

  constructor(options: IptablesApplierOptions) {
    this.#log = options.log;
    this.#lockFile = options.lockFile;
    this.#localhostNodePorts = options.localhostNodePorts ?? true;
    this.#run = options.run ?? runCommand;
    this.#sysctl = options.sysctl ?? systemSysctl;
  }

  async prepare(): Promise<void> {
    await this.#run('iptables-restore', ['--version']);
    if (this.#lockFile !== undefined) this.#lock ??= acquireLock(this.#lockFile);
    if (this.#localhostNodePorts) await this.#switchRouteLocalnetOn();
  }

  async bridgeTrafficIsFiltered(): Promise<boolean> {
    return (await this.#sysctl.read(BRIDGE_FILTERED)) === '1';
  }

  async apply(rules: ProxyRules): Promise<void> {
    const next = new Set(rules.nat.chains.filter(isDynamicChain));
    let jumps: readonly Jump[] = [];
    let known = this.#known;
    if (!known) {
      const saved = await this.#save();
      known = dynamicChains(saved);
      jumps = missingJumps(saved);
    }
    const stale = [...known].filter((chain) => !next.has(chain));
    this.#known = undefined;
    await this.#restore(restoreText(rules, stale, jumps));
    this.#known = next;
  }

  async verify(rules: ProxyRules): Promise<boolean> {
    const intact = isIntact(await this.#save(), rules);
    if (!intact) this.#known = undefined;
    return intact;
  }

  async forgetFlows(flows: readonly (readonly string[])[]): Promise<void> {
    for (const flow of flows) {
      if (this.#conntrackMissing) return;
      try {
        const { exitCode, stderr } = await this.#run('conntrack', ['-D', ...flow]);
        // Nothing to delete is reported as a failure, too.
        if (exitCode !== 0 && !stderr.includes('0 flow entries')) throw new Error(stderr.trim());
      } catch (error) {
        this.#conntrackMissing = error instanceof MissingCommandError;
        this.#log.warn({ flow, error: messageOf(error) }, 'proxy: UDP clients may keep talking to old endpoints');
      }
    }
  }

  async remove(): Promise<void> {
    const holder = this.#lockFile === undefined || this.#lock ? undefined : lockHolder(this.#lockFile);
    if (this.#lockFile !== undefined && holder !== undefined) throw new LockedError(this.#lockFile, holder);
    this.#known = undefined;
    const text = removalText(await this.#save());
    if (text !== undefined) await this.#restore(text);
    await this.#switchRouteLocalnetBack();
  }

  release(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  async #save(): Promise<Saved> {
    const { stdout, stderr, exitCode } = await this.#run('iptables-save', []);
    if (exitCode !== 0) throw new Error(`iptables-save failed: ${stderr.trim()}`);
    return parseSaved(stdout);
  }

  async #restore(text: string): Promise<void> {
    const { stderr, exitCode } = await this.#run('iptables-restore', ['-w', WAIT_SECONDS, '--noflush'], text);
    if (exitCode === 0) return;
    const line = Number(/line:? (\d+)/.exec(stderr)?.[1]);
    const rule = Number.isInteger(line) ? ` (${text.split('\n')[line - 1]})` : '';
    throw new Error(`iptables-restore failed: ${stderr.trim()}${rule}`);
  }

  /** Without it the kernel drops packets from 127.0.0.1 that leave for a pod. */
  async #switchRouteLocalnetOn(): Promise<void> {
    try {
      if ((await this.#sysctl.read(ROUTE_LOCALNET)) !== '0') return;
      await this.#sysctl.write(ROUTE_LOCALNET, '1');
      this.#switchedRouteLocalnet = true;
      if (this.#lockFile !== undefined) writeFileSync(this.#noteFile, '', { mode: 0o600 });
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'proxy: node ports will not answer on 127.0.0.1');
    }
  }

  async #switchRouteLocalnetBack(): Promise<void> {
    const noted = this.#lockFile !== undefined && (await exists(this.#noteFile));
    if (!noted && !this.#switchedRouteLocalnet) return;
    await this.#sysctl.write(ROUTE_LOCALNET, '0');
    this.#switchedRouteLocalnet = false;
    if (this.#lockFile !== undefined) rmSync(this.#noteFile, { force: true });
  }

  /** Says to a later process that the sysctl was off before us. */
  get #noteFile(): string {
    return `${this.#lockFile}.route-localnet`;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
