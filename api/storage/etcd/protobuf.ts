/** Values as a real server writes them unless it is told `--storage-media-type=application/json`. */

import type { KubeObject } from '../../../openapi/object.ts';
import { decodeProtobuf } from '../../../openapi/protobuf-codec.ts';
import { ProtobufError } from '../../../openapi/protobuf-reader.ts';
import { encodeStored } from '../stored.ts';

const MAGIC = Buffer.from('k8s\0');

/** JSON of an object in protobuf; anything else, and a kind or version that 1.36 does not have, as it is. */
export function jsonOfProtobuf(value: Buffer): Buffer {
  if (!value.subarray(0, MAGIC.length).equals(MAGIC)) return value;
  try {
    return encodeStored(decodeProtobuf(value).value as KubeObject);
  } catch (error) {
    // Whoever reads it says that it cannot be read, and what its key is.
    if (error instanceof ProtobufError) return value;
    throw error;
  }
}
