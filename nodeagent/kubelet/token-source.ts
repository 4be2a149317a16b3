/** Tokens of service accounts as pods use them: asked for when needed, and renewed long before they end. */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import type {
  AuthenticationV1TokenRequest,
  V1Pod,
  V1ServiceAccountTokenProjection,
} from '../../openapi/generated/types.ts';
import { identityOf } from './names.ts';

/** However long a token is good for, it is renewed after a day. */
const AGE_MAX_MS = 24 * 3_600_000;
/** The share of its life that is left when a token is renewed. */
const REMAINING = 0.2;
/** Spreads the renewals of pods that started together. */
const JITTER_MS = 10_000;
const DEFAULT_S = 3600;

interface Held {
  token: Buffer;
  expiresAt: number;
  lifetimeMs: number;
}

export class TokenSource {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  /** By pod's uid, then by what was asked for. */
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(options: { client: Client; clock: Clock; random: Random; log: Log }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = options.log;
  }

  /**
   * A token of the pod's account, bound to the pod. The one from before as long as it is young enough, or cannot be
   * renewed but is still good; else rejects with upstream's words.
   */
  async token(
    pod: V1Pod,
    wanted: Pick<V1ServiceAccountTokenProjection, 'audience' | 'expirationSeconds'>,
  ): Promise<Buffer> {
    const { uid, namespace, name } = identityOf(pod);
    const key = JSON.stringify([wanted.audience ?? '', wanted.expirationSeconds ?? DEFAULT_S]);
    const held = this.#held.get(uid)?.get(key);
    if (held && !this.#isDue(held)) return held.token;
    try {
      const fresh = await this.#request(pod, wanted);
      const ofPod = this.#held.get(uid) ?? new Map<string, Held>();
      this.#held.set(uid, ofPod.set(key, fresh));
      return fresh.token;
    } catch (error) {
      if (!held) throw new Error(`failed to fetch token: ${messageOf(error)}`, { cause: error });
      if (this.#clock.now() > held.expiresAt) {
        throw new Error(`token ${namespace}/${name} expired and refresh failed: ${messageOf(error)}`, { cause: error });
      }
      this.#log.warn({ pod: `${namespace}/${name}`, error: messageOf(error) }, 'kubelet: token could not be renewed');
      return held.token;
    }
  }

  /** The pod is gone. */
  forget(uid: string): void {
    this.#held.delete(uid);
  }

  #isDue({ expiresAt, lifetimeMs }: Held): boolean {
    const now = this.#clock.now() + this.#random.next() * JITTER_MS;
    return now > expiresAt - lifetimeMs + AGE_MAX_MS || now > expiresAt - lifetimeMs * REMAINING;
  }

  async #request(
    pod: V1Pod,
    {
      audience,
      expirationSeconds = DEFAULT_S,
    }: Pick<V1ServiceAccountTokenProjection, 'audience' | 'expirationSeconds'>,
  ): Promise<Held> {
    const { uid, namespace, name } = identityOf(pod);
    const request: AuthenticationV1TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    const account = pod.spec?.serviceAccountName || 'default';
    const answer = (await this.#client.serviceAccounts.createSub(
      account,
      namespace,
      'token',
      request,
    )) as AuthenticationV1TokenRequest;
    const { token, expirationTimestamp } = answer.status ?? {};
    if (!token || !expirationTimestamp) throw new Error('the server answered without a token');
    return {
      token: Buffer.from(token),
      expiresAt: Date.parse(expirationTimestamp),
      // The server may have granted another than was asked for.
      lifetimeMs: (answer.spec?.expirationSeconds ?? expirationSeconds) * 1000,
    };
  }
}
