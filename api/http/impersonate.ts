/** Acting as somebody else: `Impersonate-User`, `-Group`, `-Uid` and `-Extra-*`, each authorized by itself. */
import { PlainError } from '../../openapi/status.ts';
import { attributesOf, type ResourceAttributes, type Subject } from '../auth/attributes.ts';
import { groupsOf, splitUsername } from '../auth/tokens/claims.ts';
import { type Authorizer, authorize } from './authorize.ts';

const PREFIX = 'impersonate-';
const EXTRA = 'impersonate-extra-';
const ANONYMOUS = 'system:anonymous';
const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';

interface Wanted {
  user: string;
  uid: string;
  groups: string[];
  extra: Record<string, string[]>;
}

/**
 * Who the request is to be taken as coming from: the asker, unless headers name another. `headers` are names and values
 * in turn, as sent. Throws 403 where the asker may not, 500 (as upstream) where a user is missing.
 */
export function impersonate(headers: readonly string[], asker: Subject, authorizers: readonly Authorizer[]): Subject {
  const wanted = wantedBy(headers);
  if (!wanted) return asker;
  const { user, uid, groups, extra } = wanted;
  if (user === '') throw new PlainError(`requested ${describe(wanted)} without impersonating a user`);
  for (const resource of requests(wanted)) {
    authorize(authorizers, asker, attributesOf({ verb: 'impersonate', ...resource }));
  }
  const account = splitUsername(user);
  const known = groups.length === 0 && account ? groupsOf(account.namespace) : groups;
  return {
    name: user,
    ...(uid === '' ? {} : { uid }),
    groups: completed(user, known),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

function wantedBy(headers: readonly string[]): Wanted | undefined {
  let wanted: Wanted | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    // Almost no request has one: the first letter says so.
    if ((name.charCodeAt(0) | 0x20) !== 0x69) continue;
    const lower = name.toLowerCase();
    if (!lower.startsWith(PREFIX)) continue;
    wanted ??= { user: '', uid: '', groups: [], extra: {} };
    take(wanted, lower, headers[i + 1] ?? '');
  }
  return wanted;
}

function take(wanted: Wanted, header: string, value: string): void {
  if (header === 'impersonate-user') wanted.user ||= value;
  else if (header === 'impersonate-uid') wanted.uid ||= value;
  else if (header === 'impersonate-group') wanted.groups.push(value);
  else if (header.startsWith(EXTRA)) {
    const key = decodedKey(header.slice(EXTRA.length));
    wanted.extra[key] = [...(wanted.extra[key] ?? []), value];
  }
}

/** Keys may be percent-encoded, as headers are narrower than they are; what is not well encoded stands for itself. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch (error) {
    if (error instanceof URIError) return key;
    throw error;
  }
}

type Resource = Omit<Partial<ResourceAttributes>, 'verb'> & { resource: string };

/** What has to be allowed, in upstream's order. */
function requests({ user, uid, groups, extra }: Wanted): Resource[] {
  const group = 'authentication.k8s.io';
  const account = splitUsername(user);
  return [
    account ? { resource: 'serviceaccounts', ...account } : { resource: 'users', name: user },
    ...groups.map((name) => ({ resource: 'groups', name })),
    ...Object.entries(extra).flatMap(([subresource, values]) =>
      values.map((name) => ({ group, resource: 'userextras', subresource, name })),
    ),
    ...(uid === '' ? [] : [{ group, resource: 'uids', name: uid }]),
  ];
}

/** Everybody is either authenticated or not. */
function completed(user: string, groups: readonly string[]): string[] {
  if (user === ANONYMOUS) return groups.includes(UNAUTHENTICATED) ? [...groups] : [...groups, UNAUTHENTICATED];
  const isSaid = groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED);
  return isSaid ? [...groups] : [...groups, AUTHENTICATED];
}

/** Go's notation of the object references that upstream makes of the headers. */
function describe({ uid, groups, extra }: Wanted): string {
  const of = 'authentication.k8s.io/v1';
  const references = [
    ...groups.map((name) => `{Group  ${name}    }`),
    ...Object.entries(extra).flatMap(([key, values]) => values.map((value) => `{UserExtra  ${value}  ${of}  ${key}}`)),
    ...(uid === '' ? [] : [`{UID  ${uid}  ${of}  }`]),
  ];
  return `[${references.join(' ')}]`;
}
