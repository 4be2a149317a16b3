/** Objects as they come over the wire, and the few assertions every suite needs. */
import assert from 'node:assert/strict';
import type { V1ObjectMeta } from '../../openapi/generated/types.ts';
import type { Answer } from './http.ts';

/** An object: metadata typed, the rest to be looked at with `includes`. */
export interface Wire {
  apiVersion: string;
  kind: string;
  metadata: V1ObjectMeta & { name: string; resourceVersion: string; uid: string };
  [field: string]: unknown;
}

export interface WireList {
  apiVersion: string;
  kind: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: Wire[];
}

export interface WireStatus {
  apiVersion: string;
  kind: string;
  status: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: {
    name?: string;
    kind?: string;
    group?: string;
    uid?: string;
    causes?: { reason?: string; message?: string; field?: string }[];
  };
}

/** The object in a successful answer; `status` is the code it must have. */
export function objectOf(answer: Answer, status = 200): Wire {
  assert.equal(answer.status, status, answer.text);
  return answer.json<Wire>();
}

export function listOf(answer: Answer): WireList {
  assert.equal(answer.status, 200, answer.text);
  const list = answer.json<WireList>();
  assert.ok(Array.isArray(list.items), `no items: ${answer.text.slice(0, 500)}`);
  return list;
}

export function namesOf(list: WireList): string[] {
  return list.items.map((item) => item.metadata.name).sort();
}

/** What an error must look like; a message given as text must match to the byte. */
export interface ExpectedError {
  code: number | number[];
  reason?: string;
  message?: string | RegExp;
  details?: object;
}

/** Asserts a well-formed Failure `Status` and returns it. */
export function statusOf(answer: Answer, expected: ExpectedError): WireStatus {
  const codes = [expected.code].flat();
  assert.ok(
    codes.includes(answer.status),
    `expected ${codes.join(' or ')}, got ${answer.status}: ${clip(answer.text)}`,
  );
  const status = answer.json<WireStatus>();
  assert.equal(status.kind, 'Status', clip(answer.text));
  assert.equal(status.apiVersion, 'v1', clip(answer.text));
  assert.equal(status.status, 'Failure', clip(answer.text));
  assert.equal(status.code, answer.status, clip(answer.text));
  if (expected.reason !== undefined) assert.equal(status.reason, expected.reason, clip(answer.text));
  if (typeof expected.message === 'string') assert.equal(status.message, expected.message);
  if (expected.message instanceof RegExp) assert.match(status.message ?? '', expected.message);
  if (expected.details !== undefined) includes(status.details, expected.details);
  return status;
}

function clip(text: string): string {
  return text.slice(0, 1000);
}

/**
 * Asserts that `actual` has everything `expected` has: objects may have more fields, arrays must be as long. A value
 * of `undefined` asks for the field to be absent.
 */
export function includes(actual: unknown, expected: unknown, path = '$'): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${path}: expected an array, got ${JSON.stringify(actual)}`);
    assert.equal(actual.length, expected.length, `${path}: length of ${JSON.stringify(actual)}`);
    for (const [index, item] of expected.entries()) includes(actual[index], item, `${path}[${index}]`);
    return;
  }
  if (expected instanceof RegExp) {
    assert.match(String(actual), expected, path);
    return;
  }
  if (typeof expected === 'object' && expected !== null) {
    assert.ok(typeof actual === 'object' && actual !== null, `${path}: expected an object, got ${String(actual)}`);
    for (const [key, item] of Object.entries(expected)) {
      includes((actual as Record<string, unknown>)[key], item, `${path}.${key}`);
    }
    return;
  }
  assert.deepEqual(actual, expected, path);
}

/** The value at a path such as `spec.containers.0.image`; `undefined` where it ends early. */
export function at(value: unknown, path: string): unknown {
  let current: unknown = value;
  for (const key of path.split('.')) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}
