/**
 * The cluster's own certificates: one CA, and what it signs for the API server, the kubelet and the administrator.
 * Kept in a folder of mode 0700, keys of mode 0600; made again when they are about to expire or names are missing.
 */
import { generateKeyPairSync, type webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { codeOf } from '../base/errors.ts';
import type { Random } from '../base/random.ts';

export interface KeyPair {
  /** PEM. */
  cert: Buffer;
  key: Buffer;
}

export interface Pki {
  ca: KeyPair;
  /** What the API server shows its clients. */
  apiserver: KeyPair;
  /** What the API server shows kubelets. */
  apiserverKubeletClient: KeyPair;
  /** What the kubelet shows the API server. */
  kubelet: KeyPair;
  /** Signs the tokens of service accounts: a private key in PEM. */
  serviceAccountKey: Buffer;
}

interface Subject {
  commonName: string;
  organisation?: string;
  /** Names and addresses it is served under. */
  hosts: readonly string[];
  use: 'server' | 'client';
}

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
const LEAF_DAYS = 365;
/** A certificate with less than this left is made again. */
const RENEW_DAYS = 30;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** The certificates of a cluster reached under `hosts`. With a folder they are kept there, else only in memory. */
export async function loadPki(options: {
  folder?: string;
  hosts: readonly string[];
  nodeHosts: readonly string[];
  clock: Clock;
  random: Random;
}): Promise<Pki> {
  const { folder, hosts, nodeHosts, clock } = options;
  if (folder) await mkdir(folder, { recursive: true, mode: 0o700 });
  const issuer = new Issuer(clock, options.random);
  const ca = await keep(folder, 'ca', clock, [], () => issuer.selfSigned('kubets-ca'));
  const leaf = (name: string, subject: Subject) =>
    keep(folder, name, clock, subject.hosts, () => issuer.sign(ca, subject), ca);
  const [apiserver, apiserverKubeletClient, kubelet, serviceAccountKey] = await Promise.all([
    leaf('apiserver', { commonName: 'kube-apiserver', hosts, use: 'server' }),
    leaf('apiserver-kubelet-client', {
      commonName: 'kube-apiserver-kubelet-client',
      organisation: 'kubeadm:cluster-admins',
      hosts: [],
      use: 'client',
    }),
    leaf('kubelet', { commonName: 'system:node', organisation: 'system:nodes', hosts: nodeHosts, use: 'server' }),
    keepServiceAccountKey(folder),
  ]);
  return { ca, apiserver, apiserverKubeletClient, kubelet, serviceAccountKey };
}

/** Kept as long as the folder is: what it signed must be known after a restart. */
async function keepServiceAccountKey(folder: string | undefined): Promise<Buffer> {
  const make = () =>
    Buffer.from(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }));
  if (!folder) return make();
  const path = join(folder, 'sa.key');
  const found = await unlessAbsent(() => readFile(path), `read the key of service accounts ${path}`);
  if (found) return found;
  const key = make();
  await writeFile(path, key, { mode: 0o600 });
  return key;
}

async function keep(
  folder: string | undefined,
  name: string,
  clock: Clock,
  hosts: readonly string[],
  make: () => Promise<KeyPair>,
  issuer?: KeyPair,
): Promise<KeyPair> {
  if (!folder) return make();
  const found = await read(folder, name);
  if (found && isUsable(found, hosts, clock.now(), issuer)) return found;
  const pair = await make();
  await writeFile(join(folder, `${name}.key`), pair.key, { mode: 0o600 });
  await writeFile(join(folder, `${name}.crt`), pair.cert, { mode: 0o600 });
  return pair;
}

function read(folder: string, name: string): Promise<KeyPair | undefined> {
  return unlessAbsent(async () => {
    const [cert, key] = await Promise.all([
      readFile(join(folder, `${name}.crt`)),
      readFile(join(folder, `${name}.key`)),
    ]);
    return { cert, key };
  }, `read certificate ${name} in ${folder}`);
}

async function unlessAbsent<T>(look: () => Promise<T>, doing: string): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Error(doing, { cause: error });
  }
}

function isUsable(pair: KeyPair, hosts: readonly string[], now: number, issuer?: KeyPair): boolean {
  const cert = new X509Certificate(pair.cert);
  if (Date.parse(cert.validTo) < now + RENEW_DAYS * DAY_MS) return false;
  if (issuer && !cert.verify(new X509Certificate(issuer.cert).publicKey)) return false;
  return hosts.every((host) => (isAddress(host) ? cert.checkIP(host) : cert.checkHost(host)) !== undefined);
}

function isAddress(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}

/** Makes certificates; loads the library only when there is one to make. */
class Issuer {
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  async selfSigned(commonName: string): Promise<KeyPair> {
    const x509 = await loadX509();
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(this.#random),
      name: `CN=${commonName}`,
      ...this.#validity(CA_DAYS),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { cert: Buffer.from(cert.toString('pem')), key: await exportKey(keys.privateKey) };
  }

  async sign(ca: KeyPair, subject: Subject): Promise<KeyPair> {
    const x509 = await loadX509();
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const caCert = new x509.X509Certificate(ca.cert.toString());
    const purpose = subject.use === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
    const names = subject.hosts.map((host) => ({
      type: isAddress(host) ? ('ip' as const) : ('dns' as const),
      value: host,
    }));
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber: serial(this.#random),
      subject: [{ CN: [subject.commonName] }, ...(subject.organisation ? [{ O: [subject.organisation] }] : [])],
      issuer: caCert.subject,
      ...this.#validity(LEAF_DAYS),
      publicKey: keys.publicKey,
      signingKey: await importKey(ca.key),
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension([purpose]),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
        await x509.AuthorityKeyIdentifierExtension.create(caCert),
      ],
    });
    return { cert: Buffer.from(cert.toString('pem')), key: await exportKey(keys.privateKey) };
  }

  /** A few minutes back, for clients whose clock is behind. */
  #validity(days: number): { notBefore: Date; notAfter: Date } {
    const now = this.#clock.now();
    return { notBefore: new Date(now - 300_000), notAfter: new Date(now + days * DAY_MS) };
  }
}

async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** Positive, as DER wants the first bit 0. */
function serial(random: Random): string {
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<Buffer> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return Buffer.from(`-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`);
}

async function importKey(pem: Buffer): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.toString().replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}
