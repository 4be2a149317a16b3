/** Who asks: an ordered list of ways to tell. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { unauthorized } from '../../openapi/status.ts';
import type { TokenOwner } from '../auth/access.ts';
import type { Subject } from '../auth/attributes.ts';

export interface Credentials {
  authorization: string | undefined;
  socket: TLSSocket | undefined;
}

/** Tells a user by the credentials, or `undefined` when they are none of its kind. Throws 401 when they are wrong. */
export type Authenticator = (credentials: Credentials) => Subject | undefined | Promise<Subject | undefined>;

/**
 * Tells whose a bearer token is, or `undefined` when it is none of its kind. `audiences` are those the token has to be
 * meant for, one of them at least; none: the server's own. Throws an Error that says what is wrong with a token that is.
 */
export type TokenAuthenticator = (
  token: string,
  audiences: readonly string[],
) => TokenOwner | undefined | Promise<TokenOwner | undefined>;

const AUTHENTICATED = 'system:authenticated';

/** The first authenticator that knows the credentials decides. Rejects with 401 when none does. */
export async function authenticate(
  authenticators: readonly Authenticator[],
  credentials: Credentials,
): Promise<Subject> {
  for (const authenticator of authenticators) {
    const found = authenticator(credentials);
    const user = found instanceof Promise ? await found : found;
    if (user) return authenticated(user);
  }
  throw unauthorized();
}

function authenticated(user: Subject): Subject {
  return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };
}

/** Client certificates that the cluster's CA signed: the common name is the user, organisations are the groups. */
export const clientCertificates: Authenticator = ({ socket }) => {
  if (!socket?.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as Record<string, string | string[] | undefined> | undefined;
  const [name] = [subject?.CN ?? []].flat();
  return name === undefined ? undefined : { name, groups: [subject?.O ?? []].flat() };
};

/** Bearer tokens of any kind. One that nobody knows is wrong. */
export function bearer(authenticators: readonly TokenAuthenticator[]): Authenticator {
  const [first, ...others] = authenticators;
  /** A fixed token is good for as long as the server runs: who has shown it need not be looked up on each request. */
  const shown = new WeakMap<TLSSocket, { authorization: string; user: Subject }>();
  return ({ authorization, socket }) => {
    if (authorization === undefined) return undefined;
    const before = socket && shown.get(socket);
    if (before?.authorization === authorization) return before.user;
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
    if (!token) return undefined;
    const found = first?.(token, []);
    if (!found || found instanceof Promise) return ownerOf(found, others, token);
    const user = authenticated(found.user);
    if (socket) shown.set(socket, { authorization, user });
    return user;
  };
}

async function ownerOf(
  first: ReturnType<TokenAuthenticator>,
  others: readonly TokenAuthenticator[],
  token: string,
): Promise<Subject> {
  const found = (await quietly(async () => first)) ?? (await quietly(() => review(others, token, [])));
  if (!found) throw unauthorized();
  return found.user;
}

/** The holder of a bad token learns only that it is. */
async function quietly(find: () => Promise<TokenOwner | undefined>): Promise<TokenOwner | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof Error) throw unauthorized();
    throw error;
  }
}

/** Whose a token is, for whoever reviews tokens. Rejects with an Error that says what is wrong with it. */
export async function review(
  authenticators: readonly TokenAuthenticator[],
  token: string,
  audiences: readonly string[],
): Promise<TokenOwner | undefined> {
  for (const authenticator of authenticators) {
    const found = await authenticator(token, audiences);
    if (found) return { ...found, user: authenticated(found.user) };
  }
  return undefined;
}

/** Fixed bearer tokens, meant for the server itself, whose audiences are `own`. */
export function bearerTokens(tokens: ReadonlyMap<string, Subject>, own: readonly string[] = []): TokenAuthenticator {
  const known = [...tokens].map(([token, user]) => ({ digest: digest(token), user }));
  return (token, wanted) => {
    const audiences = wanted.length === 0 ? own : own.filter((audience) => wanted.includes(audience));
    if (wanted.length > 0 && audiences.length === 0) return undefined;
    const sought = digest(token);
    const found = known.find((entry) => timingSafeEqual(entry.digest, sought));
    return found && { user: found.user, audiences };
  };
}

/** Digests have one length, as comparing in constant time needs. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Reads upstream's `--token-auth-file`: lines of `token,user,uid,"group1,group2"`. Throws on a line with fewer than three. */
export function parseTokenFile(text: string): Map<string, Subject> {
  const tokens = new Map<string, Subject>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const match = /^([^,]+),([^,]+),([^,]*)(?:,"?([^"]*)"?)?\s*$/.exec(line.trim());
    if (!match) throw new Error(`read token file: line ${index + 1} is not token,user,uid[,"groups"]`);
    const [, token = '', name = '', uid = '', groups = ''] = match;
    tokens.set(token, { name, uid, groups: groups.split(',').filter((group) => group !== '') });
  }
  return tokens;
}
