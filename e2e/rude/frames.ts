/** HTTP/2 written by hand: what no decent client library would send. */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

const TYPES = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, windowUpdate: 8, continuation: 9 } as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
const CANCEL = 8;
const INITIAL_WINDOW_SIZE = 4;

/** One frame. */
export function frame(type: keyof typeof TYPES, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = TYPES[type];
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** SETTINGS, with the window that new streams begin with where one is given. */
export function settings(initialWindow?: number): Buffer {
  if (initialWindow === undefined) return frame('settings', 0, 0, Buffer.alloc(0));
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(INITIAL_WINDOW_SIZE, 0);
  payload.writeUInt32BE(initialWindow, 2);
  return frame('settings', 0, 0, payload);
}

export function ping(): Buffer {
  return frame('ping', 0, 0, Buffer.alloc(8, 1));
}

export function reset(stream: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(CANCEL);
  return frame('reset', 0, stream, payload);
}

/** Header lines of a request in HPACK, none of them remembered by the other end. */
export function headerBlock(method: 'GET' | 'POST', path: string, headers: Record<string, string>): Buffer {
  const parts = [Buffer.from([method === 'GET' ? 0x82 : 0x83, 0x87, 0x04]), text(path)];
  for (const [name, value] of Object.entries({ ':authority': 'rude', ...headers }))
    parts.push(Buffer.from([0]), text(name), text(value));
  return Buffer.concat(parts);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(bytes.length, 7), bytes]);
}

/** HPACK's integers with a prefix of so many bits. */
function integer(value: number, prefix: number): Buffer {
  const full = 2 ** prefix - 1;
  if (value < full) return Buffer.from([value]);
  const bytes = [full];
  let rest = value - full;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}
