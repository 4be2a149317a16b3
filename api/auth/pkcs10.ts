/** Certificate requests: PEM around PKCS#10 around DER, read as far as an API server has to. */
import { createPublicKey, verify } from 'node:crypto';

export interface CertificateRequest {
  commonName: string;
  organizations: string[];
  /** Whether the requester holds the key: the signature is the key's own. */
  isSigned: boolean;
}

interface Element {
  tag: number;
  /** With the header. */
  whole: Buffer;
  content: Buffer;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OBJECT_IDENTIFIER = 0x06;

const COMMON_NAME = '550403';
const ORGANIZATION = '55040a';

/** Digests of signature algorithms, by OID in hex; `null` where the algorithm has its own. */
const DIGESTS: Record<string, string | null> = {
  '2a864886f70d010105': 'sha1',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha1',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null,
};

/** Reads a request in PEM. Throws an Error in upstream's words for what is none. */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const block = /-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/.exec(pem);
  if (block?.[1] !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const [request] = elements(Buffer.from((block[2] ?? '').replace(/^[^\n:]+:.*$/gm, ''), 'base64'));
  const [info, algorithm, signature] = request?.tag === SEQUENCE ? elements(request.content) : [];
  if (!info || !algorithm || signature?.tag !== BIT_STRING) throw malformed();
  const [version, subject, publicKey] = elements(info.content);
  if (version?.tag !== INTEGER || subject?.tag !== SEQUENCE || publicKey?.tag !== SEQUENCE) throw malformed();
  return {
    commonName: attributesOf(subject, COMMON_NAME).at(-1) ?? '',
    organizations: attributesOf(subject, ORGANIZATION),
    isSigned: isSigned(info.whole, algorithm, publicKey.whole, signature.content.subarray(1)),
  };
}

/** The values of one kind of attribute in a distinguished name. */
function attributesOf(name: Element, oid: string): string[] {
  return elements(name.content).flatMap((set) => {
    if (set.tag !== SET) return [];
    return elements(set.content).flatMap((attribute) => {
      const [type, value] = elements(attribute.content);
      return type?.tag === OBJECT_IDENTIFIER && type.content.toString('hex') === oid && value
        ? [value.content.toString()]
        : [];
    });
  });
}

function isSigned(signed: Buffer, algorithm: Element, publicKey: Buffer, signature: Buffer): boolean {
  const [oid] = elements(algorithm.content);
  const digest = DIGESTS[oid?.content.toString('hex') ?? ''];
  if (digest === undefined) throw new Error('x509: cannot verify signature: algorithm unimplemented');
  try {
    return verify(digest, signed, createPublicKey({ key: publicKey, format: 'der', type: 'spki' }), signature);
  } catch (error) {
    throw new Error('x509: unknown public key algorithm', { cause: error });
  }
}

/** The elements that stand one after the other in `bytes`. Throws when they do not fill it exactly. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { start, length } = header(bytes, at);
    const end = start + length;
    if (end > bytes.length) throw malformed();
    found.push({ tag: bytes[at] ?? 0, whole: bytes.subarray(at, end), content: bytes.subarray(start, end) });
    at = end;
  }
  return found;
}

function header(bytes: Buffer, at: number): { start: number; length: number } {
  const first = bytes[at + 1];
  if (first === undefined) throw malformed();
  if (first < 0x80) return { start: at + 2, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4 || at + 2 + count > bytes.length) throw malformed();
  return { start: at + 2 + count, length: bytes.readUIntBE(at + 2, count) };
}

function malformed(): Error {
  return new Error('asn1: structure error: malformed certificate request');
}
