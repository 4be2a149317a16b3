/**
 * One way to call the API, whatever carries it. `client/` builds calls and knows nothing else of the server; the API
 * server offers a transport of its own for clients in the same process, with the same filters as the wire.
 */
import type { KubeObject } from './object.ts';

export interface ApiCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path without query, percent-encoded. */
  path: string;
  query?: Record<string, string>;
  /** A JSON value. Must not be mutated until the call has ended. */
  body?: unknown;
  /** `application/json` unless told otherwise; for PATCH one of the three patch types. */
  contentType?: string;
  signal?: AbortSignal;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

export interface WatchEvent<T extends KubeObject = KubeObject> {
  type: WatchEventType;
  /** A `Status` where the type is ERROR. */
  object: T;
}

export interface Transport {
  /**
   * Sends one request and resolves with the decoded answer, or rejects with the server's `StatusError`. What it
   * resolves with may be shared with the server's cache: never mutate it.
   */
  call(call: ApiCall): Promise<unknown>;
  /**
   * Opens a watch (the query has `watch=true`) and yields its events until the server ends it, the signal aborts, or
   * the consumer stops. Rejects with `StatusError` where the server refuses. Events share objects with the cache, too.
   */
  watch(call: ApiCall): AsyncIterable<WatchEvent>;
  /** Frees what the transport holds open. */
  close(): Promise<void>;
}
