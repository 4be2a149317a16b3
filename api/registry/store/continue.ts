/** Tokens of chunked lists, in upstream's form: base64url of `{"v":"meta.k8s.io/v1","rv":…,"start":"key\u0000"}`. */
import { posix } from 'node:path';
import { messageOf } from '../../../base/errors.ts';
import { goJsonSyntaxError } from '../../../openapi/go-json-syntax.ts';
import { badRequest } from '../../../openapi/status.ts';

export interface ContinueToken {
  /** The revision the list is consistent at; -1 to go on with whatever is current. */
  revision: number;
  /** Key, relative to what is listed (a namespace, or all of the resource), at which the next page begins. */
  start: string;
}

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(
    JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: `${token.start}\u0000` }),
  ).toString('base64url');
}

/** Throws BadRequest for anything that is no token. */
export function decodeContinue(text: string): ContinueToken {
  const parsed = parseToken(text);
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
  if (typeof start !== 'string' || start === '') {
    throw badRequest(
      'invalid continue token: continue key is not valid: encoded start key empty (version meta.k8s.io/v1)',
    );
  }
  const relative = start.startsWith('/') ? start.slice(1) : start;
  // Nobody may climb out of what is listed.
  if (posix.normalize(`/${relative}`) !== `/${relative}` || relative.endsWith('/'))
    throw badRequest(`invalid continue token: continue key is not valid: ${start}`);
  return { revision: rv, start: relative.endsWith('\u0000') ? relative.slice(0, -1) : relative };
}

function parseToken(text: string): unknown {
  const refuse = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const corrupt = corruptBase64UrlAt(text);
  if (corrupt !== undefined) throw refuse(`illegal base64 data at input byte ${corrupt}`);
  const bytes = Buffer.from(text, 'base64url');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw refuse(goJsonSyntaxError(bytes) ?? messageOf(error));
  }
}

/** The byte Go's decoder of unpadded base64url complains about: one that is no digit, or the start of half a byte. */
function corruptBase64UrlAt(text: string): number | undefined {
  const bytes = Buffer.from(text.replace(/[\r\n]/g, ''), 'utf8');
  const odd = bytes.findIndex((byte) => !/[\w-]/.test(String.fromCharCode(byte)));
  if (odd >= 0) return odd;
  return bytes.length % 4 === 1 ? bytes.length - 1 : undefined;
}
