/** Frames of a watch, as far as they came before it was left. */
import { messageOf } from '../../base/errors.ts';
import { decodeEnvelope, decodeProtobuf, decodeTyped } from '../../openapi/protobuf-codec.ts';

const WATCH_EVENT = 'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent';
const TYPES = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'];

/** What is wrong with the whole frames at the beginning of a stream; the last may be cut off. */
export function judgeFrames(contentType: string, stream: Buffer): string | undefined {
  try {
    if (contentType.startsWith('application/json')) return judgeLines(stream.toString('utf8'));
    if (contentType.startsWith('application/vnd.kubernetes.protobuf')) return judgeMessages(stream);
    return `a watch in ${contentType || 'no type'}`;
  } catch (error) {
    return `a frame that cannot be read: ${messageOf(error)}`;
  }
}

function judgeLines(text: string): string | undefined {
  for (const line of text.split('\n').slice(0, -1)) {
    const { type, object } = JSON.parse(line) as { type?: unknown; object?: unknown };
    const wrong = judgeEvent(type, object);
    if (wrong) return wrong;
  }
  return undefined;
}

/** Each frame has its length before it, in four bytes. */
function judgeMessages(stream: Buffer): string | undefined {
  let at = 0;
  while (at + 4 <= stream.length) {
    const end = at + 4 + stream.readUInt32BE(at);
    if (end > stream.length) return undefined;
    const wrong = judgeMessage(stream.subarray(at + 4, end));
    if (wrong) return wrong;
    at = end;
  }
  return undefined;
}

function judgeMessage(frame: Buffer): string | undefined {
  // A frame is an event in no envelope of its own, around an object in one.
  const bare = !frame.subarray(0, 4).equals(Buffer.from('k8s\0'));
  const event = bare
    ? decodeTyped(WATCH_EVENT, { apiVersion: '', kind: '' }, frame)
    : decodeEnvelope(frame).kind === 'WatchEvent' && decodeProtobuf(frame).value;
  const { type, object } = (event || {}) as { type?: unknown; object?: unknown };
  return judgeEvent(type, object);
}

function judgeEvent(type: unknown, object: unknown): string | undefined {
  if (typeof type !== 'string' || !TYPES.includes(type)) return `an event of type ${String(type)}`;
  if (typeof object !== 'object' || object === null) return `a ${type} without object`;
  const { kind, apiVersion } = object as { kind?: unknown; apiVersion?: unknown };
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    return `a ${type} of an object without kind or apiVersion`;
  return (type === 'ERROR') === (kind === 'Status') ? undefined : `a ${type} of a ${kind}`;
}
