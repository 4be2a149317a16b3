/**
 * Which UDP flows the kernel must forget. TCP ends by itself when its endpoint goes; a UDP flow is sent to the old
 * endpoint for as long as the client keeps talking.
 */
import type { ServicePort } from './service-ports.ts';

/** Arguments to `conntrack -D`, for what changed between two states. */
export function staleFlows(before: readonly ServicePort[], after: readonly ServicePort[]): string[][] {
  const now = new Map(after.map((port) => [keyOf(port), port]));
  const then = new Map(before.map((port) => [keyOf(port), port]));
  const out: string[][] = [];
  for (const port of before) {
    if (port.protocol !== 'udp') continue;
    const left = new Set(now.get(keyOf(port))?.endpoints.map(({ ip, port }) => `${ip}:${port}`));
    for (const { ip, port: number } of port.endpoints) {
      if (!left.has(`${ip}:${number}`)) out.push(...flowsOf(port).map((flow) => [...flow, '--dst-nat', ip]));
    }
  }
  for (const port of after) {
    if (port.protocol !== 'udp' || port.endpoints.length === 0) continue;
    // A client that spoke to the service while it had no endpoints has a flow that leads nowhere.
    if ((then.get(keyOf(port))?.endpoints.length ?? 0) === 0) out.push(...flowsOf(port));
  }
  return out;
}

function keyOf({ name, protocol }: ServicePort): string {
  return `${name}/${protocol}`;
}

function flowsOf({ clusterIP, externalIPs, loadBalancerIPs, nodePort }: ServicePort): string[][] {
  const addresses = [clusterIP, ...externalIPs, ...loadBalancerIPs];
  const flows = addresses.map((address) => ['-p', 'udp', '--orig-dst', address]);
  if (nodePort > 0) flows.push(['-p', 'udp', '--dport', String(nodePort)]);
  return flows;
}
