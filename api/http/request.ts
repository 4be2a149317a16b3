/** A request and its answer inside the API server, the same for the wire and for clients in the process. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KubeObject } from '../../openapi/object.ts';
import { badRequest } from '../../openapi/status.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import type { CachedObject } from '../storage/watch-cache.ts';
import type { RequestInfo } from './request-info.ts';

export interface UserInfo {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ApiRequest {
  method: string;
  info: RequestInfo;
  query: URLSearchParams;
  /** Value of a header by its lower-case name. */
  header(name: string): string | undefined;
  /** The body as bytes; rejects with 413 past the limit. */
  bytes(): Promise<Buffer>;
  /** The body as a value, where the client is in the process: private to the request. */
  value?: unknown;
  user: UserInfo;
  /** Aborts when the client is gone or the server stops. */
  signal: AbortSignal;
  /** The connection, for requests that take it over (exec). */
  upgrade?: { request: IncomingMessage; socket: Duplex; head: Buffer };
  /** For the client to read in `Warning` headers. */
  warnings: string[];
  /** Fields that the body names twice, in upstream's words. */
  duplicates?: readonly string[];
}

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

export interface WatchFrame {
  type: WatchType;
  object: CachedObject | KubeObject;
}

/** What a handler answers; how it looks on the wire is decided by negotiation. */
export type ApiResult =
  | { kind: 'object'; status: number; object: CachedObject | KubeObject; resource?: ResourceDeclaration }
  | { kind: 'list'; items: CachedObject[]; metadata: ListMetadata; resource: ResourceDeclaration }
  /** `over` aborts when nothing is added to the frames any more: its time is up, or the client lags too far behind. */
  | { kind: 'watch'; frames: AsyncIterable<WatchFrame[]>; resource: ResourceDeclaration; over?: AbortSignal }
  | { kind: 'raw'; status: number; contentType: string; body: Buffer | string; headers?: Record<string, string> }
  | { kind: 'stream'; status: number; contentType: string; body: AsyncIterable<Uint8Array> }
  /** The handler has taken the connection over. */
  | { kind: 'taken' };

export interface ListMetadata {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

/** A non-negative integer of the query. Throws BadRequest with Go's words for what is no number. */
export function integerParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(text);
  if (BigInt.asIntN(64, value) !== value) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  // Nothing here counts further than a double does exactly.
  return Math.max(Math.min(Number(value), Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
}
