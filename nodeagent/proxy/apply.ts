/** Puts rules into the kernel through iptables-restore, and takes them out again. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { isDynamicChain } from './chains.ts';
import { allowHairpin, bridgeTrafficIsFiltered, hostKernelFiles, type KernelFiles } from './kernel-files.ts';
import { acquireLock, type Lock, LockedError, lockHolder } from './lock.ts';
import {
  changedPart,
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
  /** Makes the kernel's rules be `rules`: by writing what changed since the last time, or everything when `full`. */
  apply(rules: ProxyRules, full: boolean): Promise<void>;
  /** Whether what was applied is still there as far as chains and jumps go; if not, the next `apply` writes it all. */
  verify(rules: ProxyRules): Promise<boolean>;
  /** Ends UDP flows; each entry is what `conntrack -D` takes. */
  forgetFlows(flows: readonly (readonly string[])[]): Promise<void>;
  /** Takes everything of ours out of iptables and puts sysctls back. Idempotent; fine with half of it gone. */
  remove(): Promise<void>;
  /** Gives the lock back; rules stay. Idempotent. */
  release(): void;
}

export interface IptablesApplierOptions {
  log: Log;
  /** Held while a proxy runs on this host; none is taken when absent. */
  lockFile?: string;
  /** Answer node ports on 127.0.0.1 too; true unless told otherwise. */
  localhostNodePorts?: boolean;
  run?: CommandRunner;
  files?: KernelFiles;
  /** The bridge that the pods are on: its ports are told to let a pod reach itself through its Service. */
  podBridge?: string;
}

const ROUTE_LOCALNET = '/proc/sys/net/ipv4/conf/all/route_localnet';
/** How long to wait for another user of iptables. */
const WAIT_SECONDS = '5';

export function iptablesApplier(options: IptablesApplierOptions): RuleApplier {
  return new IptablesApplier(options);
}

class IptablesApplier implements RuleApplier {
  readonly #log: Log;
  readonly #lockFile: string | undefined;
  readonly #localhostNodePorts: boolean;
  readonly #run: CommandRunner;
  readonly #files: KernelFiles;
  readonly #podBridge: string | undefined;
  #lock: Lock | undefined;
  /** What is in the kernel; unknown before the first time and after a failure. */
  #previous: ProxyRules | undefined;
  #conntrackMissing = false;
  /** Remembers, where there is no lock file, that the sysctl was off before. */
  #switchedRouteLocalnet = false;

  constructor(options: IptablesApplierOptions) {
    this.#log = options.log;
    this.#lockFile = options.lockFile;
    this.#localhostNodePorts = options.localhostNodePorts ?? true;
    this.#run = options.run ?? runCommand;
    this.#files = options.files ?? hostKernelFiles;
    this.#podBridge = options.podBridge;
  }

  async prepare(): Promise<void> {
    await this.#run('iptables-restore', ['--version']);
    if (this.#lockFile !== undefined) this.#lock ??= acquireLock(this.#lockFile);
    if (this.#localhostNodePorts) await this.#switchRouteLocalnetOn();
  }

  bridgeTrafficIsFiltered(): Promise<boolean> {
    return bridgeTrafficIsFiltered(this.#files);
  }

  async apply(rules: ProxyRules, full: boolean): Promise<void> {
    const previous = full ? undefined : this.#previous;
    this.#previous = undefined;
    if (previous) {
      const stale = staleChains(previous.nat.chains, rules);
      await this.#restore(restoreText(changedPart(previous, rules), stale, []));
    } else {
      const saved = await this.#save();
      await this.#restore(restoreText(rules, staleChains(saved.nat.chains, rules), missingJumps(saved)));
    }
    this.#previous = rules;
    await this.#allowHairpin();
  }

  async verify(rules: ProxyRules): Promise<boolean> {
    await this.#allowHairpin();
    const intact = isIntact(await this.#save(), rules);
    if (!intact) this.#previous = undefined;
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
    this.#previous = undefined;
    const text = removalText(await this.#save());
    if (text !== undefined) await this.#restore(text);
    await this.#switchRouteLocalnetBack();
  }

  release(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** Where this fails, only a pod that calls itself through its Service is affected. */
  async #allowHairpin(): Promise<void> {
    if (this.#podBridge === undefined) return;
    try {
      await allowHairpin(this.#files, this.#podBridge);
    } catch (error) {
      this.#log.warn({ bridge: this.#podBridge, error: messageOf(error) }, 'proxy: pods may not reach themselves');
    }
  }

  async #save(): Promise<Saved> {
    const { stdout, stderr, exitCode } = await this.#run('iptables-save', []);
    if (exitCode !== 0) throw new Error(`iptables-save failed: ${stderr.trim()}`);
    return parseSaved(stdout);
  }

  async #restore(text: string): Promise<void> {
    if (text.trim() === '') return;
    const { stderr, exitCode } = await this.#run('iptables-restore', ['-w', WAIT_SECONDS, '--noflush'], text);
    if (exitCode === 0) return;
    const line = Number(/line:? (\d+)/.exec(stderr)?.[1]);
    const rule = Number.isInteger(line) ? ` (${text.split('\n')[line - 1]})` : '';
    throw new Error(`iptables-restore failed: ${stderr.trim()}${rule}`);
  }

  /** Without it the kernel drops packets from 127.0.0.1 that leave for a pod. */
  async #switchRouteLocalnetOn(): Promise<void> {
    try {
      if ((await this.#files.read(ROUTE_LOCALNET)) !== '0') return;
      await this.#files.write(ROUTE_LOCALNET, '1');
      this.#switchedRouteLocalnet = true;
      if (this.#lockFile !== undefined) writeFileSync(this.#noteFile, '', { mode: 0o600 });
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'proxy: node ports will not answer on 127.0.0.1');
    }
  }

  async #switchRouteLocalnetBack(): Promise<void> {
    const noted = this.#lockFile !== undefined && existsSync(this.#noteFile);
    if (!noted && !this.#switchedRouteLocalnet) return;
    await this.#files.write(ROUTE_LOCALNET, '0');
    this.#switchedRouteLocalnet = false;
    if (this.#lockFile !== undefined) rmSync(this.#noteFile, { force: true });
  }

  /** Says to a later process that the sysctl was off before us. */
  get #noteFile(): string {
    return `${this.#lockFile}.route-localnet`;
  }
}

/** Chains of services and endpoints that are there and no longer used. */
function staleChains(present: Iterable<string>, { nat }: ProxyRules): string[] {
  const used = new Set(nat.chains);
  return [...present].filter((chain) => isDynamicChain(chain) && !used.has(chain));
}
