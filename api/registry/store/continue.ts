/** Tokens of chunked lists, in upstream's form: base64url of `{"v":"meta.k8s.io/v1","rv":…,"start":"key\u0000"}`. */
import { badRequest } from '../../../openapi/status.ts';

export interface ContinueToken {
  /** The revision the list is consistent at; -1 to go on with whatever is current. */
  revision: number;
  /** Key, relative to the resource's prefix, at which the next page begins. */
  start: string;
}

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(
    JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: `${token.start}\u0000` }),
  ).toString('base64url');
}

/** Throws BadRequest for anything that is no token. */
export function decodeContinue(text: string): ContinueToken {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (error) {
    throw badRequest(
      `invalid continue token: continue key is not valid: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const { v, rv, start } = (parsed ?? {}) as Record<string, unknown>;
  if (v !== 'meta.k8s.io/v1')
    throw badRequest(
      'invalid continue token: continue key is not valid: server does not recognize this encoded version',
    );
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0) {
    throw badRequest(
      'invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    );
  }
  if (typeof start !== 'string' || start === '' || start.split('/').includes('..')) {
    throw badRequest(
      'invalid continue token: continue key is not valid: encoded start key is empty or leaves the resource',
    );
  }
  return { revision: rv, start: start.endsWith('\u0000') ? start.slice(0, -1) : start };
}
