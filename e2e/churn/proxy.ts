/** Stands between clients and the API server, and lets some of what passes go wrong. */
import type http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock, type Timer } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { type Fault, type FaultName, faultOf } from './faults.ts';

export interface ProxyOptions {
  /** Where the API server listens. */
  target: { port: number; ca: string };
  /** The certificate to serve with, and its key. */
  tls: { cert: string; key: string };
  random: Random;
}

interface Exchange {
  request: http.IncomingMessage;
  response: http.ServerResponse;
}

export class FaultyProxy {
  /** Nothing goes wrong before this is set, nor after it is unset. */
  faulty = false;
  /** How often each fault has happened. */
  readonly happened = new Map<FaultName, number>();
  readonly #options: ProxyOptions;
  readonly #agent: https.Agent;
  readonly #server: https.Server;
  readonly #timers = new Set<Timer>();
  readonly #clock: Clock = systemClock;

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#agent = new https.Agent({ keepAlive: true, ca: options.target.ca });
    this.#server = https.createServer(options.tls, (request, response) => this.#handle({ request, response }));
    this.#server.requestTimeout = 0;
  }

  static async start(options: ProxyOptions): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', () => resolve());
    });
    return proxy;
  }

  get address(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(exchange: Exchange): void {
    const { request, response } = exchange;
    const isWatch = /[?&]watch=(true|1)/.test(request.url ?? '');
    const fault = this.faulty ? faultOf({ method: request.method ?? 'GET', isWatch }, this.#options.random) : undefined;
    // A client that leaves is no event here; the relay takes care of it.
    response.on('error', () => undefined);
    if (fault?.kind === 'refused') this.#refuse(exchange, fault);
    else if (fault?.kind === 'late') {
      this.#count('late');
      this.#after(fault.ms, () => this.#relay(exchange));
    } else this.#relay(exchange, fault);
  }

  #refuse({ request, response }: Exchange, { status }: Extract<Fault, { kind: 'refused' }>): void {
    this.#count(String(status.code) as FaultName);
    request.resume();
    request.once('end', () => {
      const body = JSON.stringify(status);
      const seconds = status.details?.retryAfterSeconds;
      const retry = seconds === undefined ? {} : { 'retry-after': String(seconds) };
      response.writeHead(status.code, { 'content-type': 'application/json', ...retry });
      response.end(body);
    });
  }

  #relay({ request, response }: Exchange, fault?: Fault): void {
    const { target } = this.#options;
    const { host: _, ...headers } = request.headers;
    const onward = https.request(
      {
        ...{ host: '127.0.0.1', port: target.port, agent: this.#agent, headers },
        method: request.method,
        path: request.url,
      },
      (answer) => this.#answer(answer, response, fault),
    );
    onward.on('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    request.pipe(onward);
  }

  #answer(answer: http.IncomingMessage, response: http.ServerResponse, fault: Fault | undefined): void {
    if (fault?.kind === 'lost') {
      this.#count('lost');
      answer.resume();
      response.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // A watch that has nothing to tell yet has been accepted all the same.
    response.flushHeaders();
    answer.on('error', () => response.destroy());
    answer.on('aborted', () => response.destroy());
    answer.pipe(response);
    if (fault?.kind === 'watch') this.#disturb(answer, response, fault);
  }

  #disturb(
    answer: http.IncomingMessage,
    response: http.ServerResponse,
    fault: Extract<Fault, { kind: 'watch' }>,
  ): void {
    this.#after(fault.stallAfterMs, () => {
      if (!this.faulty || response.destroyed) return;
      this.#count('stalled');
      answer.unpipe(response);
      answer.pause();
      this.#after(fault.stallMs, () => answer.pipe(response));
    });
    this.#after(fault.dropAfterMs, () => {
      if (!this.faulty || response.destroyed) return;
      this.#count('dropped');
      response.destroy();
    });
  }

  #after(ms: number, act: () => void): void {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      act();
    });
    this.#timers.add(timer);
  }

  #count(name: FaultName): void {
    this.happened.set(name, (this.happened.get(name) ?? 0) + 1);
  }
}
