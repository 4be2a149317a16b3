/** Bodies in `application/vnd.kubernetes.protobuf`, as kubectl and client-go send them. */
import { decodeEnvelope, decodeTyped } from '../../openapi/protobuf-codec.ts';
import { ProtobufError } from '../../openapi/protobuf-reader.ts';
import { definitionOfKind, isProtobufGroup } from '../../openapi/protobuf-table.ts';
import { badRequest } from '../../openapi/status.ts';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** What the path stands for, where the envelope does not say: the kind, and the version it is expected in. */
export interface ProtobufDefaults {
  kind: string;
  apiVersion: string;
}

/** Options and the like are registered with every group and version, and clients name the one of their resource. */
const EVERYWHERE = 'io.k8s.apimachinery.';

/**
 * The value that the JSON form of the body would have. Of another kind than the path stands for only the kind and
 * version come back, for the caller to refuse. Throws upstream's errors, for custom resources always: they have no
 * messages. `preview` is the body as the errors show it.
 */
export function protobufValue(bytes: Buffer, defaults: ProtobufDefaults, preview: string): unknown {
  const envelope = refusing(
    () => decodeEnvelope(bytes),
    (detail) => `the object provided is unrecognized (must be of type ${defaults.kind}): ${detail} (${preview})`,
  );
  const kind = envelope.kind || defaults.kind;
  const apiVersion = envelope.apiVersion || defaults.apiVersion;
  const definition = definitionOfKind(apiVersion, kind);
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  const isOwn = definition !== undefined && kind === defaults.kind;
  if (!isOwn && !isProtobufGroup(groupOf(defaults.apiVersion))) {
    const what = `${kind} in version ${JSON.stringify(version)}`;
    throw badRequest(
      `${what} cannot be handled as a ${defaults.kind}: Object 'Kind' is missing in 'object has no kind field '`,
    );
  }
  if (!isOwn) return { kind, apiVersion };
  return refusing(
    () =>
      decodeTyped(definition, { apiVersion: definition.startsWith(EVERYWHERE) ? '' : apiVersion, kind }, envelope.raw),
    (detail) => `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${defaults.kind}: ${detail}`,
  );
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function refusing<T>(read: () => T, message: (detail: string) => string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtobufError) throw badRequest(message(error.message));
    throw error;
  }
}
