/** IPv4 networks: where pods get their addresses. */

export interface Cidr {
  /** The network's first address as a number. */
  base: number;
  /** How many addresses it has, the network's own and the broadcast address included. */
  size: number;
}

/** Throws when `text` is not like 10.244.0.0/24 or too small for a gateway and a pod. */
export function parseCidr(text: string): Cidr {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match?.slice(1).map(Number) ?? [];
  if (!match || Math.max(a, b, c, d) > 255 || bits > 30) {
    throw new Error(`Cannot use ${text} as a pod CIDR: it must be an IPv4 network such as 10.244.0.0/24`);
  }
  const size = 2 ** (32 - bits);
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return { base: address - (address % size), size };
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** The first usable address of a CIDR: the bridge's own, and so the node's in the eyes of its pods. */
export function gatewayOf(podCidr: string): string {
  return formatAddress(parseCidr(podCidr).base + 1);
}
