/** Network namespaces for the members of an etcd, one each, joined by a bridge in another. Needs root. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = async (...words: string[]) => void (await run('ip', words));

export class TestNetwork {
  readonly #name: string;
  readonly #count: number;

  static async start(count: number): Promise<TestNetwork> {
    const network = new TestNetwork(`kbe${process.pid % 10_000}`, count);
    try {
      await network.#start();
    } catch (error) {
      await network.stop();
      throw error;
    }
    return network;
  }

  private constructor(name: string, count: number) {
    this.#name = name;
    this.#count = count;
  }

  /** Addresses of the members. */
  get hosts(): string[] {
    return Array.from({ length: this.#count }, (_, i) => this.#address(i + 1));
  }

  /** What a member's command begins with, to be run in its namespace. */
  within(index: number): string[] {
    return ['ip', 'netns', 'exec', this.#member(index)];
  }

  /** Takes a member's link down, or up again. */
  async cutOff(index: number, isCut = true): Promise<void> {
    await ip('-n', this.#hub, 'link', 'set', `m${index}`, isCut ? 'down' : 'up');
  }

  /** Removes everything, also after half a start. */
  async stop(): Promise<void> {
    const names = [...Array.from({ length: this.#count }, (_, i) => this.#member(i)), this.#hub];
    // A part that was not made cannot be removed.
    for (const name of names) await ip('netns', 'del', name).catch(() => undefined);
  }

  get #hub(): string {
    return `${this.#name}h`;
  }

  #member(index: number): string {
    return `${this.#name}m${index}`;
  }

  #address(last: number): string {
    return `10.213.${process.pid % 250}.${last}`;
  }

  async #start(): Promise<void> {
    const hub = this.#hub;
    await ip('netns', 'add', hub);
    await ip('-n', hub, 'link', 'add', 'br0', 'type', 'bridge');
    await ip('-n', hub, 'link', 'set', 'br0', 'up');
    // Ends with the hub, as its other end is there.
    await ip('link', 'add', this.#name, 'type', 'veth', 'peer', 'name', 'host', 'netns', hub);
    await this.#join('host');
    await ip('address', 'add', `${this.#address(254)}/24`, 'dev', this.#name);
    await ip('link', 'set', this.#name, 'up');
    for (let i = 0; i < this.#count; i++) {
      const member = this.#member(i);
      await ip('netns', 'add', member);
      await ip('-n', hub, 'link', 'add', `m${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', member);
      await this.#join(`m${i}`);
      await ip('-n', member, 'address', 'add', `${this.#address(i + 1)}/24`, 'dev', 'eth0');
      for (const link of ['lo', 'eth0']) await ip('-n', member, 'link', 'set', link, 'up');
    }
  }

  async #join(link: string): Promise<void> {
    await ip('-n', this.#hub, 'link', 'set', link, 'master', 'br0');
    await ip('-n', this.#hub, 'link', 'set', link, 'up');
  }
}
