/** A connection to an etcd that a test can cut, or keep silent in either direction. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class TestLink {
  readonly #server: Server;
  readonly #pairs = new Set<{ client: Socket; etcd: Socket }>();
  #isCut = false;
  /** Swallows what the client says. */
  dropRequests = false;
  /** Swallows what etcd says. */
  dropAnswers = false;

  /** Leads to an etcd's client URL. */
  static async open(url: string): Promise<TestLink> {
    const server = createServer();
    const link = new TestLink(server);
    server.on('connection', (client) => link.#join(client, Number(new URL(url).port)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  private constructor(server: Server) {
    this.#server = server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends every connection, and each new one at once. */
  cut(): void {
    this.#isCut = true;
    for (const { client, etcd } of [...this.#pairs]) {
      client.destroy();
      etcd.destroy();
    }
  }

  /** Nothing is dropped or cut any more. */
  mend(): void {
    this.#isCut = false;
    this.dropRequests = false;
    this.dropAnswers = false;
  }

  async close(): Promise<void> {
    this.cut();
    await once(this.#server.close(), 'close');
  }

  #join(client: Socket, port: number): void {
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const etcd = connect(port, '127.0.0.1');
    const pair = { client, etcd };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      client.destroy();
      etcd.destroy();
    };
    client.on('data', (bytes) => this.dropRequests || etcd.write(bytes));
    etcd.on('data', (bytes) => this.dropAnswers || client.write(bytes));
    for (const socket of [client, etcd]) {
      socket.on('error', end);
      socket.on('close', end);
    }
  }
}
