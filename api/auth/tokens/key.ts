/** The key that signs service account tokens, and what others need to check them. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

export interface SigningKey {
  private: KeyObject;
  public: KeyObject;
  /** As in the header of tokens: upstream's, a digest of the public key. */
  id: string;
  /** JWS name. */
  algorithm: string;
}

const CURVES: Record<string, string> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/** Reads a private key in PEM, RSA or of an elliptic curve. Throws for others. */
export function signingKey(pem: Buffer | string): SigningKey {
  return describe(createPrivateKey(pem));
}

/** A new one, which nobody keeps: tokens signed with it are worth nothing after a restart. */
export function ephemeralKey(): SigningKey {
  return describe(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

function describe(key: KeyObject): SigningKey {
  const publicKey = createPublicKey(key);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(der).digest('base64url');
  return { private: key, public: publicKey, id, algorithm: algorithmOf(key) };
}

function algorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const algorithm = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (!algorithm)
    throw new Error(`sign service account tokens: a key of type ${key.asymmetricKeyType} is not supported`);
  return algorithm;
}
