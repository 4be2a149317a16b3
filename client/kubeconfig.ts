/** Makes a transport of a kubeconfig, read by client-node so that every way of presenting credentials works. */
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { loadClientNode } from './client-node.ts';
import { HttpTransport, type HttpTransportOptions } from './http-transport.ts';

/**
 * A transport to the current context's cluster. `source` is a file or a KubeConfig that has been loaded. Loads
 * client-node (some 400 ms and 80 MB): our own components build an `HttpTransport` from options instead. Throws when
 * the file cannot be read or names no cluster. Credentials are resolved once, now.
 */
export async function transportFromKubeconfig(
  source: string | KubeConfig,
  userAgent = 'kubets',
): Promise<HttpTransport> {
  return new HttpTransport(await optionsFromKubeconfig(source, userAgent));
}

/** The options of the transport that `transportFromKubeconfig` would make. */
export async function optionsFromKubeconfig(
  source: string | KubeConfig,
  userAgent = 'kubets',
): Promise<HttpTransportOptions> {
  const config = typeof source === 'string' ? await load(source) : source;
  const server = config.getCurrentCluster()?.server;
  if (!server) {
    throw new Error(
      `Cannot use the kubeconfig: context ${JSON.stringify(config.getCurrentContext())} names no cluster`,
    );
  }
  const resolved: RequestOptions = {};
  await config.applyToHTTPSOptions(resolved);
  const { ca, cert, key, rejectUnauthorized, servername, auth } = resolved;
  const basic: Record<string, string> = auth ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  return {
    server,
    userAgent,
    headers: { ...basic, ...textHeaders(resolved.headers) },
    ...pem('ca', ca),
    ...pem('cert', cert),
    ...pem('key', key),
    ...(rejectUnauthorized === false ? { insecureSkipTlsVerify: true } : {}),
    ...(servername ? { tlsServerName: servername } : {}),
  };
}

async function load(path: string): Promise<KubeConfig> {
  // The deep import of dist/config.js was measured: it is no cheaper in memory, and the package may move it.
  const { KubeConfig } = await loadClientNode();
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

function pem(name: 'ca' | 'cert' | 'key', value: unknown): Partial<HttpTransportOptions> {
  return typeof value === 'string' || Buffer.isBuffer(value) ? { [name]: value } : {};
}

function textHeaders(headers: RequestOptions['headers']): Record<string, string> {
  if (!headers || Array.isArray(headers)) return {};
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}
