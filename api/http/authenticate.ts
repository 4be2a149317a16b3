/** Who asks: an ordered list of ways to tell. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { unauthorized } from '../../openapi/status.ts';
import type { UserInfo } from './request.ts';

export interface Credentials {
  authorization: string | undefined;
  socket: TLSSocket | undefined;
}

/** Tells a user by the credentials, or `undefined` when they are none of its kind. Throws 401 when they are wrong. */
export type Authenticator = (credentials: Credentials) => UserInfo | undefined;

const AUTHENTICATED = 'system:authenticated';

/** The first authenticator that knows the credentials decides. Throws 401 when none does. */
export function authenticate(authenticators: readonly Authenticator[], credentials: Credentials): UserInfo {
  for (const authenticator of authenticators) {
    const user = authenticator(credentials);
    if (user) return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };
  }
  throw unauthorized();
}

/** Client certificates that the cluster's CA signed: the common name is the user, organisations are the groups. */
export const clientCertificates: Authenticator = ({ socket }) => {
  if (!socket?.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as Record<string, string | string[] | undefined> | undefined;
  const [name] = [subject?.CN ?? []].flat();
  return name === undefined ? undefined : { name, groups: [subject?.O ?? []].flat() };
};

/** Fixed bearer tokens. A token that is unknown is wrong; there is no other kind yet that could know it. */
export function bearerTokens(tokens: ReadonlyMap<string, UserInfo>): Authenticator {
  const known = [...tokens].map(([token, user]) => ({ digest: digest(token), user }));
  return ({ authorization }) => {
    if (!authorization) return undefined;
    const match = /^Bearer\s+(\S+)$/i.exec(authorization);
    if (!match?.[1]) return undefined;
    const wanted = digest(match[1]);
    const found = known.find((entry) => timingSafeEqual(entry.digest, wanted));
    if (!found) throw unauthorized();
    return found.user;
  };
}

/** Digests have one length, as comparing in constant time needs. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Reads upstream's `--token-auth-file`: lines of `token,user,uid,"group1,group2"`. Throws on a line with fewer than three. */
export function parseTokenFile(text: string): Map<string, UserInfo> {
  const tokens = new Map<string, UserInfo>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const match = /^([^,]+),([^,]+),([^,]*)(?:,"?([^"]*)"?)?\s*$/.exec(line.trim());
    if (!match) throw new Error(`read token file: line ${index + 1} is not token,user,uid[,"groups"]`);
    const [, token = '', name = '', uid = '', groups = ''] = match;
    tokens.set(token, { name, uid, groups: groups.split(',').filter((group) => group !== '') });
  }
  return tokens;
}
