/** What the tests of the wire share: certificates, a listener with a handler of the test's own, and plain clients. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { connect, type TLSSocket } from 'node:tls';
import { type Clock, systemClock } from '../../base/clock.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { Listener, type WireRequest } from './listener.ts';
import type { WireResponse } from './wire-response.ts';

export interface KeyPair {
  cert: Buffer;
  key: Buffer;
}

export interface Certificates {
  ca: Buffer;
  server: KeyPair;
  /** Of the user `carol` in the group `testers`. */
  client: KeyPair;
  /** For the same names, from another CA. */
  stranger: KeyPair;
}

/** Certificates of a CA of their own; to be made once for a suite. */
export async function makeCertificates(): Promise<Certificates> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { webcrypto } = await import('node:crypto');
  x509.cryptoProvider.set(webcrypto as never);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const authority = async (name: string) => {
    const pair = await keys();
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys: pair as never,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    return { pair, cert };
  };
  const issue = async (from: Awaited<ReturnType<typeof authority>>, subject: string): Promise<KeyPair> => {
    const pair = await keys();
    const cert = await x509.X509CertificateGenerator.create({
      subject,
      issuer: from.cert.subject,
      publicKey: pair.publicKey as never,
      signingKey: from.pair.privateKey as never,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', pair.privateKey);
    return {
      cert: Buffer.from(cert.toString('pem')),
      key: Buffer.from(x509.PemConverter.encode(key, 'PRIVATE KEY')),
    };
  };
  const ca = await authority('ca');
  return {
    ca: Buffer.from(ca.cert.toString('pem')),
    server: await issue(ca, 'CN=server'),
    client: await issue(ca, 'CN=carol, O=testers'),
    stranger: await issue(await authority('other'), 'CN=carol, O=testers'),
  };
}

export type Handler = (request: WireRequest, response: WireResponse) => Promise<void>;

/** A listener on a free port. */
export function listen(
  certificates: Certificates,
  handle: Handler,
  { clock = systemClock, log = silentLog }: { clock?: Clock; log?: Log } = {},
): Promise<Listener> {
  const { server, ca } = certificates;
  return Listener.open({ host: '127.0.0.1', port: 0, ...server, clientCa: ca, clock, log, handle });
}

/** An HTTP/1.1 connection on which a test writes what it likes. */
export class RawConnection {
  readonly socket: TLSSocket;
  received = '';
  /** How much of the end of what has been received is kept. */
  keep = Number.POSITIVE_INFINITY;
  #closed = false;
  #onChange: () => void = () => undefined;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received = (this.received + chunk.toString('latin1')).slice(-this.keep);
      this.#onChange();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#onChange();
    });
  }

  static async open(port: number, client?: KeyPair): Promise<RawConnection> {
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...client,
    });
    await once(socket, 'secureConnect');
    return new RawConnection(socket);
  }

  /** Writes a request: the line and the headers, without the empty line's ends. */
  request(line: string, headers: Record<string, string> = {}, body = ''): void {
    const lines = Object.entries({ host: 'test', ...headers }).map(([name, value]) => `${name}: ${value}`);
    this.socket.write(`${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  /** Waits until what has been received matches. Fails when the connection is closed before. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.received);
      if (match) return match;
      assert.ok(!this.#closed, `closed before ${pattern}: ${JSON.stringify(this.received.slice(0, 500))}`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  /** Resolves when the other end has closed. */
  async closed(): Promise<void> {
    while (!this.#closed) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** An HTTP/2 session. */
export async function openSession(port: number, client?: KeyPair): Promise<ClientHttp2Session> {
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, ...client });
  await once(session, 'connect');
  session.on('error', () => undefined);
  return session;
}

/**
 * Ends a session, whatever is under way on it. Not at once: Node 20 frees what nghttp2 goes on reading when a session is
 * destroyed, or several streams are reset, in answer to what it has just read.
 */
export async function endSession(session: ClientHttp2Session): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  session.destroy();
}

/** One request of a session, to its end. Rejects when the stream breaks off. */
export async function fetchOver(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: Buffer | string,
): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  const answered = once(stream, 'response');
  if (body !== undefined) stream.end(body);
  const [answer] = (await answered) as [IncomingHttpHeaders & { ':status'?: number }];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  if (stream.rstCode !== 0) throw new Error(`the stream was reset with ${stream.rstCode}`);
  return { status: answer[':status'] ?? 0, headers: answer, text: Buffer.concat(chunks).toString() };
}

/** Waits until `condition` holds, letting everything else run meanwhile. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const end = systemClock.monotonic() + 5_000;
  while (!condition()) {
    assert.ok(systemClock.monotonic() < end, `never happened: ${what}`);
    await systemClock.sleep(1);
  }
}

/** Keeps lines of a log that a test looks at. */
export function collectingLog(): { log: Log; lines: { level: string; fields: object; message: string }[] } {
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  return { log, lines };
}
