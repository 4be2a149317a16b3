/** Reading and signing certificates. The library is loaded when there is a request to look at, not before. */
import { createPrivateKey, type webcrypto, X509Certificate } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { RequestedCertificate } from './requests.ts';

export interface SignerKeys {
  /** The authority's certificate and private key, in PEM. */
  cert: string;
  key: string;
  /** How long certificates live: a year, upstream's `--cluster-signing-duration`. A request may ask for less. */
  durationMs?: number;
}

const YEAR_MS = 365 * 86_400_000;
/** For clients whose clock is behind. */
const BACKDATE_MS = 300_000;
/** Certificates that live less than this get all the time they asked for. */
const SHORT_MS = 8 * 3_600_000;
const DURATION_MIN_MS = 600_000;

const KEY_USAGES: Record<string, number> = {
  signing: 1,
  'digital signature': 1,
  'content commitment': 2,
  'key encipherment': 4,
  'data encipherment': 8,
  'key agreement': 16,
  'cert sign': 32,
  'crl sign': 64,
  'encipher only': 128,
  'decipher only': 256,
};

/** Object identifiers, in the order in which Go writes them. */
const EXTENDED_USAGES: Record<string, string> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** PEM in base64, as the API carries it. Throws in upstream's words for what is no request. */
async function requestOf(base64: string) {
  const { Pkcs10CertificateRequest } = await loadX509();
  const pem = Buffer.from(base64, 'base64').toString();
  const block = /-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/.exec(pem);
  if (block?.[1] !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST');
  return new Pkcs10CertificateRequest(block[0]);
}

/** What a request, PEM in base64, asks for. Rejects when it cannot be read. */
export async function readRequest(base64: string): Promise<RequestedCertificate> {
  const { SubjectAlternativeNameExtension } = await loadX509();
  const request = await requestOf(base64);
  const names = [...request.extensions].flatMap((extension) =>
    extension instanceof SubjectAlternativeNameExtension ? extension.names.items : [],
  );
  const of = (type: string) => names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    commonName: request.subjectName.getField('CN').at(-1) ?? '',
    organizations: request.subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emailAddresses: of('email'),
    uris: of('url'),
  };
}

/** When a certificate, PEM in base64, ends; `undefined` when it cannot be read. */
export function expiryOf(base64: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(Buffer.from(base64, 'base64')).validTo);
  } catch (error) {
    // What is no certificate never ends.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

export interface SignOptions {
  /** The request, PEM in base64. */
  request: string;
  usages: readonly string[];
  expirationSeconds?: number;
}

/**
 * Signs a request: subject, key and alternative names are the requester's, everything else is ours. Resolves with the
 * certificate, PEM in base64. Rejects when the authority has expired or the request is not signed by its own key.
 */
export async function signRequest(
  authority: SignerKeys,
  { request, usages, expirationSeconds }: SignOptions,
  { clock, random }: { clock: Clock; random: Random },
): Promise<string> {
  const x509 = await loadX509();
  const asked = await requestOf(request);
  if (!(await asked.verify())) throw new Error('unable to verify certificate request signature');
  const issuer = new x509.X509Certificate(authority.cert);
  const lifetimeMs = durationOf(expirationSeconds, authority.durationMs ?? YEAR_MS);
  const { key, algorithm } = await importKey(authority.key);
  const names = asked.extensions.find((extension) => extension instanceof x509.SubjectAlternativeNameExtension);
  const identifier = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  const purposes = extendedUsages(usages);
  const flags = keyUsages(usages);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialOf(random),
    subject: asked.subjectName,
    issuer: issuer.subjectName,
    ...validity(clock.now(), lifetimeMs, issuer.notAfter.getTime()),
    publicKey: asked.publicKey,
    signingKey: key,
    signingAlgorithm: algorithm,
    extensions: [
      ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
      ...(purposes.length > 0 ? [new x509.ExtendedKeyUsageExtension(purposes)] : []),
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(identifier ? [new x509.AuthorityKeyIdentifierExtension(identifier.keyId)] : []),
      ...(names ? [names] : []),
    ],
  });
  return Buffer.from(`${certificate.toString('pem')}\n`).toString('base64');
}

/** From when to when a certificate is good. Throws when its authority is not. Milliseconds since the epoch. */
export function validity(nowMs: number, lifetimeMs: number, issuerEndsMs: number): { notBefore: Date; notAfter: Date } {
  const ends = new Date(issuerEndsMs).toISOString();
  const notBefore = nowMs - BACKDATE_MS;
  if (notBefore >= issuerEndsMs) throw new Error(`the signer has expired: NotAfter=${ends}`);
  if (nowMs >= issuerEndsMs) {
    throw new Error(`refusing to sign a certificate that expired in the past: NotAfter=${ends}`);
  }
  const notAfter = nowMs + lifetimeMs - (lifetimeMs < SHORT_MS ? 0 : BACKDATE_MS);
  return { notBefore: new Date(notBefore), notAfter: new Date(Math.min(notAfter, issuerEndsMs)) };
}

/** As long as asked for, between ten minutes and what is allowed. */
export function durationOf(expirationSeconds: number | undefined, maxMs: number): number {
  if (expirationSeconds === undefined || expirationSeconds * 1000 > maxMs) return maxMs;
  return Math.max(expirationSeconds * 1000, DURATION_MIN_MS);
}

function keyUsages(usages: readonly string[]): number {
  return usages.reduce((flags, usage) => flags | (KEY_USAGES[usage] ?? 0), 0);
}

function extendedUsages(usages: readonly string[]): string[] {
  const unknown = usages.filter((usage) => !(usage in KEY_USAGES) && !(usage in EXTENDED_USAGES));
  if (unknown.length > 0) throw new Error(`unrecognized usage values: ${JSON.stringify(unknown)}`);
  const wanted = Object.entries(EXTENDED_USAGES).filter(([usage]) => usages.includes(usage));
  return [...new Set(wanted.map(([, oid]) => oid))];
}

/** Positive, as DER wants the first bit 0. */
function serialOf(random: Random): string {
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

const CURVES: Record<string, { namedCurve: string; hash: string }> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

/** A private key in PEM, of whatever kind an authority may have. */
async function importKey(
  pem: string,
): Promise<{ key: webcrypto.CryptoKey; algorithm: { name: string; hash: string } }> {
  const key = createPrivateKey(pem);
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType !== 'rsa' && !curve) {
    throw new Error(`keys of type ${key.asymmetricKeyType} cannot sign certificates here`);
  }
  const algorithm = curve ? { name: 'ECDSA', ...curve } : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return { key: await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']), algorithm };
}
