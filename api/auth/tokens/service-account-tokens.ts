/** Tokens of service accounts: signed, checked, and explained to others (OpenID Connect discovery). */
import { createHash } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import type { TokenOwner } from '../access.ts';
import { areClaims, type Claims, type KubernetesClaims, type ObjectRef, subjectOf, usernameOf } from './claims.ts';
import type { SigningKey } from './key.ts';

export interface TokenOptions {
  /** The `iss` of tokens, an URL. */
  issuer: string;
  /** Whom tokens are for that name nobody: the API server. */
  audiences: readonly string[];
  /** The first signs; those of all are believed. */
  keys: readonly [SigningKey, ...SigningKey[]];
  clock: Clock;
  random: Random;
  /** What is stored under a key of storage. */
  lookup(key: string): KubeObject | undefined;
}

/** Upstream's tolerance for clocks that differ. */
const LEEWAY_S = 60;
/** Checked signatures are remembered, so that a client pays for its token once. */
const REMEMBERED_MAX = 1000;
const EXPIRED = 'Token has expired.';
const INVALIDATED = 'Token has been invalidated';

export class ServiceAccountTokens {
  readonly #options: TokenOptions;
  readonly #remembered = new Map<string, Claims>();

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** Whom tokens are for that name nobody. */
  get audiences(): readonly string[] {
    return this.#options.audiences;
  }

  /** A token good from now on for `lifetimeS` seconds. */
  async sign(own: KubernetesClaims, audiences: readonly string[], lifetimeS: number): Promise<string> {
    const { issuer, keys, clock, random } = this.#options;
    const now = Math.floor(clock.now() / 1000);
    const claims: Claims = {
      aud: [...audiences],
      exp: now + lifetimeS,
      iat: now,
      iss: issuer,
      jti: random.uuid(),
      'kubernetes.io': own,
      nbf: now,
      sub: usernameOf(own.namespace, own.serviceaccount.name),
    };
    const [key] = keys;
    const { SignJWT } = await import('jose');
    return new SignJWT({ ...claims }).setProtectedHeader({ alg: key.algorithm, kid: key.id }).sign(key.private);
  }

  /**
   * Whose a token is, if it is meant for one of the audiences (none: for the server). `undefined` for what is no token
   * of ours; rejects with an Error in upstream's words for one that is no good any more.
   */
  async authenticate(token: string, audiences: readonly string[]): Promise<TokenOwner | undefined> {
    const claims = await this.#verified(token);
    if (!claims) return undefined;
    const wanted = audiences.length > 0 ? audiences : this.#options.audiences;
    const matching = claims.aud.filter((audience) => wanted.includes(audience));
    if (matching.length === 0) {
      throw new Error(`token audiences ${goList(claims.aud)} is invalid for the target audiences ${goList(wanted)}`);
    }
    this.#checkTime(claims);
    this.#checkObjects(claims['kubernetes.io']);
    return { user: subjectOf(claims), audiences: matching };
  }

  /** What `/.well-known/openid-configuration` answers. */
  openidConfiguration(jwksUri: string): object {
    return {
      issuer: this.#options.issuer,
      jwks_uri: jwksUri,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(this.#options.keys.map(({ algorithm }) => algorithm))].sort(),
    };
  }

  /** What `/openid/v1/jwks` answers: the public keys. */
  jwks(): object {
    return {
      keys: this.#options.keys.map((key) => {
        const { kty, ...rest } = key.public.export({ format: 'jwk' });
        return { use: 'sig', kty, kid: key.id, alg: key.algorithm, ...rest };
      }),
    };
  }

  async #verified(token: string): Promise<Claims | undefined> {
    if (!isIssuedBy(token, this.#options.issuer)) return undefined;
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.#remembered.get(digest);
    if (known) return known;
    const claims = await this.#checkSignature(token);
    if (!claims) return undefined;
    if (this.#remembered.size >= REMEMBERED_MAX) {
      for (const oldest of this.#remembered.keys()) {
        this.#remembered.delete(oldest);
        break;
      }
    }
    this.#remembered.set(digest, claims);
    return claims;
  }

  async #checkSignature(token: string): Promise<Claims | undefined> {
    const { compactVerify, errors } = await import('jose');
    for (const key of this.#options.keys) {
      try {
        const { payload } = await compactVerify(token, key.public, { algorithms: [key.algorithm] });
        const claims: unknown = JSON.parse(Buffer.from(payload).toString());
        return typeof claims === 'object' && claims !== null && areClaims(claims) ? claims : undefined;
      } catch (error) {
        // Another key may have signed it.
        if (!(error instanceof errors.JOSEError)) throw error;
      }
    }
    return undefined;
  }

  #checkTime({ exp, nbf }: Claims): void {
    const now = this.#options.clock.now() / 1000;
    if (now > exp + LEEWAY_S) throw new Error(EXPIRED);
    if (now + LEEWAY_S < nbf) throw new Error('Token could not be validated.');
  }

  /** A token is as good as the objects it is bound to are there. */
  #checkObjects({ namespace, serviceaccount, pod, secret, node }: KubernetesClaims): void {
    const { lookup } = this.#options;
    const account = lookup(`/registry/serviceaccounts/${namespace}/${serviceaccount.name}`);
    if (!account) throw new Error(`serviceaccounts ${JSON.stringify(serviceaccount.name)} not found`);
    if (this.#isGone(account)) {
      throw new Error(`ServiceAccount ${namespace}/${serviceaccount.name} has been deleted`);
    }
    this.#checkUid('service account', account, serviceaccount);
    if (secret) this.#checkBound('secret', lookup(`/registry/secrets/${namespace}/${secret.name}`), secret);
    if (pod) this.#checkBound('pod', lookup(`/registry/pods/${namespace}/${pod.name}`), pod);
    // A pod's node is only told; a token bound to a node ends with it.
    if (node && !pod) this.#checkBound('node', lookup(`/registry/minions/${node.name}`), node);
  }

  #checkBound(what: string, object: KubeObject | undefined, ref: ObjectRef): void {
    if (!object || this.#isGone(object)) throw new Error(INVALIDATED);
    this.#checkUid(what, object, ref);
  }

  #checkUid(what: string, { metadata }: KubeObject, ref: ObjectRef): void {
    const uid = metadata?.uid ?? '';
    if (uid !== ref.uid) throw new Error(`the ${what} UID (${uid}) does not match the claim (${ref.uid})`);
  }

  #isGone({ metadata }: KubeObject): boolean {
    const at = metadata?.deletionTimestamp;
    return at !== undefined && Date.parse(at) < this.#options.clock.now() - LEEWAY_S * 1000;
  }
}

/** Looked at before anything is computed: whether the token says of itself that it is of this issuer. */
function isIssuedBy(token: string, issuer: string): boolean {
  const parts = token.split('.');
  if (parts.length !== 3) return false;
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null && (claims as Partial<Claims>).iss === issuer;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function goList(list: readonly string[]): string {
  return `[${list.map((item) => JSON.stringify(item)).join(' ')}]`;
}
