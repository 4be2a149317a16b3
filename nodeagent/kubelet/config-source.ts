/** ConfigMaps and Secrets as pods use them: read when needed, and remembered for a short while. */
import type { Clock } from '../../base/clock.ts';
import type { Client } from '../../client/client.ts';
import type { V1ConfigMap, V1Secret } from '../../openapi/generated/types.ts';
import { isStatus, notFound } from '../../openapi/status.ts';

const TTL_MS = 2_000;

/** Contents by key, as bytes. */
export type ConfigData = ReadonlyMap<string, Buffer>;

export class ConfigSource {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #cache = new Map<string, { until: number; data: Promise<ConfigData> }>();

  constructor(options: { client: Client; clock: Clock }) {
    this.#client = options.client;
    this.#clock = options.clock;
  }

  /** Rejects with upstream's `configmap "x" not found`. */
  configMap(namespace: string, name: string): Promise<ConfigData> {
    return this.#read('configmap', namespace, name, async () =>
      configMapData(await this.#client.configMaps.get(name, namespace)),
    );
  }

  /** Rejects with upstream's `secret "x" not found`. */
  secret(namespace: string, name: string): Promise<ConfigData> {
    return this.#read('secret', namespace, name, async () =>
      secretData(await this.#client.secrets.get(name, namespace)),
    );
  }

  #read(kind: string, namespace: string, name: string, get: () => Promise<ConfigData>): Promise<ConfigData> {
    const now = this.#clock.now();
    const key = `${kind}/${namespace}/${name}`;
    const cached = this.#cache.get(key);
    if (cached && cached.until > now) return cached.data;
    for (const [other, { until }] of this.#cache) if (until <= now) this.#cache.delete(other);
    const data = get().catch((error: unknown) => {
      this.#cache.delete(key);
      throw isStatus(error, 'NotFound') ? notFound({ group: '', resource: kind }, name) : error;
    });
    this.#cache.set(key, { until: now + TTL_MS, data });
    return data;
  }
}

function configMapData(object: V1ConfigMap): ConfigData {
  const data = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(object.data ?? {})) data.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(object.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
  return data;
}

function secretData(object: V1Secret): ConfigData {
  return new Map(Object.entries(object.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
}
