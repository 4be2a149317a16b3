/**
 * The iptables rules for a set of service ports, as kube-proxy's iptables mode writes them. Pure: the same input gives
 * the same text.
 *
 *     KUBE-SERVICES ──▶ KUBE-SVC-… (cluster IP) ────────────▶ KUBE-SEP-… (DNAT to one endpoint)
 *          │       └──▶ KUBE-EXT-… (external IP, node port) ──▶ KUBE-SVC-… or KUBE-SVL-… (endpoints of this node)
 *          └──▶ KUBE-NODEPORTS ──▶ KUBE-EXT-…
 *
 * Traffic whose answer must come back this way is marked in KUBE-MARK-MASQ and gets this node's address in
 * KUBE-POSTROUTING. Services that have nobody to answer are refused in the filter table.
 */
import {
  EXTERNAL_SERVICES,
  endpointChain,
  FIREWALL,
  FORWARD,
  MARK_MASQ,
  NODE_PORTS,
  POSTROUTING,
  PROXY_FIREWALL,
  SERVICES,
  STATIC_CHAINS,
  serviceChain,
} from './chains.ts';
import type { Endpoint, ServicePort } from './service-ports.ts';

export interface RuleSettings {
  /** Gives all traffic to cluster IPs this node's address, so that answers come back through it. */
  masqueradeAll: boolean;
  /** The pods' network: traffic from elsewhere to a cluster IP is masqueraded. */
  clusterCidr?: string;
  /** Answer node ports on 127.0.0.1, which needs the sysctl route_localnet and a firewall for what it opens. */
  localhostNodePorts: boolean;
}

export interface Table {
  chains: readonly string[];
  rules: readonly string[];
}

export interface ProxyRules {
  filter: Table;
  nat: Table;
}

/** One bit, so that it can live beside other people's marks. */
const MARK = '0x4000';

/** Rules while they are being collected, in the order in which they are written. */
class Writer {
  readonly filterServices: string[] = [];
  readonly filterExternal: string[] = [];
  readonly filterFirewall: string[] = [];
  readonly natServices: string[] = [];
  readonly natNodePorts: string[] = [];
  readonly natOther: string[] = [];
  readonly chains = new Set<string>();
}

/** All rules for all service ports. */
export function buildRules(ports: readonly ServicePort[], settings: RuleSettings): ProxyRules {
  const out = new Writer();
  for (const port of ports) writeServicePort(out, port, settings);
  const filterRules = [
    ...out.filterServices,
    ...out.filterExternal,
    ...(settings.localhostNodePorts ? [LOCALNET_RULE] : []),
    ...FORWARD_RULES,
    ...out.filterFirewall,
  ];
  const natRules = [...out.natNodePorts, ...out.natServices, NODE_PORTS_RULE, ...MASQUERADE_RULES, ...out.natOther];
  return {
    filter: { chains: STATIC_CHAINS.filter, rules: filterRules },
    nat: { chains: [...STATIC_CHAINS.nat, ...[...out.chains].sort()], rules: natRules },
  };
}

const LOCALNET_RULE =
  `-A ${FIREWALL} -m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 ` +
  '-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP';

const FORWARD_RULES = [
  `-A ${FORWARD} -m conntrack --ctstate INVALID -j DROP`,
  `-A ${FORWARD} -m comment --comment "kubernetes forwarding rules" -m mark --mark ${MARK}/${MARK} -j ACCEPT`,
  `-A ${FORWARD} -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
];

const NODE_PORTS_RULE =
  `-A ${SERVICES} -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" ` +
  `-m addrtype --dst-type LOCAL -j ${NODE_PORTS}`;

const MASQUERADE_RULES = [
  `-A ${MARK_MASQ} -j MARK --or-mark ${MARK}`,
  `-A ${POSTROUTING} -m mark ! --mark ${MARK}/${MARK} -j RETURN`,
  // Taken off again, so that a packet that comes by twice is not masqueraded twice.
  `-A ${POSTROUTING} -j MARK --xor-mark ${MARK}`,
  `-A ${POSTROUTING} -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully`,
];

/** What follows from a service port's policies and endpoints. */
interface Plan {
  port: ServicePort;
  cluster: readonly Endpoint[];
  local: readonly Endpoint[];
  svc: string;
  svl: string;
  ext: string;
  internalChain: string;
  externalChain: string;
  hasInternal: boolean;
  hasExternal: boolean;
  /** Whether anybody outside the cluster can address it. */
  external: boolean;
}

function planOf(port: ServicePort): Plan {
  const { name, protocol, endpoints } = port;
  const svc = serviceChain('SVC', name, protocol);
  const svl = serviceChain('SVL', name, protocol);
  const local = endpoints.filter((endpoint) => endpoint.local);
  return {
    port,
    cluster: endpoints,
    local,
    svc,
    svl,
    ext: serviceChain('EXT', name, protocol),
    internalChain: port.internalLocal ? svl : svc,
    externalChain: port.externalLocal ? svl : svc,
    hasInternal: (port.internalLocal ? local : endpoints).length > 0,
    hasExternal: (port.externalLocal ? local : endpoints).length > 0,
    external: port.nodePort > 0 || port.externalIPs.length > 0 || port.loadBalancerIPs.length > 0,
  };
}

function writeServicePort(out: Writer, port: ServicePort, settings: RuleSettings): void {
  const plan = planOf(port);
  captureClusterIP(out, plan);
  captureExternalIPs(out, plan);
  captureLoadBalancer(out, plan);
  captureNodePort(out, plan);
  if (plan.cluster.length === 0) return;
  writePolicyChains(out, plan, settings);
  if (plan.external) writeExternalChain(out, plan, settings);
  for (const endpoint of usedEndpoints(plan)) writeEndpointChain(out, port, endpoint);
}

function portMatch({ protocol }: ServicePort, destination: string | undefined, port: number): string {
  return `-m ${protocol} -p ${protocol}${destination === undefined ? '' : ` -d ${destination}`} --dport ${port}`;
}

function comment(text: string): string {
  return `-m comment --comment "${text}"`;
}

/** Nobody at all is refused at once; nobody here, though elsewhere, is silence, as another node may be meant. */
function refusal({ port, cluster }: Plan): { note: string; target: string } {
  return cluster.length === 0
    ? { note: comment(`${port.name} has no endpoints`), target: 'REJECT' }
    : { note: comment(`${port.name} has no local endpoints`), target: 'DROP' };
}

function captureClusterIP(out: Writer, plan: Plan): void {
  const { port } = plan;
  const match = portMatch(port, port.clusterIP, port.port);
  if (plan.hasInternal) {
    out.natServices.push(`-A ${SERVICES} ${comment(`${port.name} cluster IP`)} ${match} -j ${plan.internalChain}`);
  } else {
    const { note, target } = refusal(plan);
    out.filterServices.push(`-A ${SERVICES} ${note} ${match} -j ${target}`);
  }
}

function captureExternalIPs(out: Writer, plan: Plan): void {
  const { port } = plan;
  for (const ip of port.externalIPs) {
    const match = portMatch(port, ip, port.port);
    if (plan.cluster.length > 0) {
      out.natServices.push(`-A ${SERVICES} ${comment(`${port.name} external IP`)} ${match} -j ${plan.ext}`);
    }
    refuseExternal(out, plan, match);
  }
}

function captureLoadBalancer(out: Writer, plan: Plan): void {
  const { port } = plan;
  const fw = serviceChain('FW', port.name, port.protocol);
  const guarded = port.sourceRanges.length > 0;
  for (const ip of port.loadBalancerIPs) {
    const match = portMatch(port, ip, port.port);
    if (plan.cluster.length > 0) {
      const note = comment(`${port.name} loadbalancer IP`);
      out.natServices.push(`-A ${SERVICES} ${note} ${match} -j ${guarded ? fw : plan.ext}`);
    }
    if (guarded) {
      const note = comment(`${port.name} traffic not accepted by ${fw}`);
      out.filterFirewall.push(`-A ${PROXY_FIREWALL} ${note} ${match} -j DROP`);
    }
    refuseExternal(out, plan, match);
  }
  if (!guarded || port.loadBalancerIPs.length === 0 || plan.cluster.length === 0) return;
  out.chains.add(fw);
  for (const range of port.sourceRanges) {
    out.natOther.push(`-A ${fw} ${comment(`${port.name} loadbalancer IP`)} -s ${range} -j ${plan.ext}`);
  }
  out.natOther.push(`-A ${fw} ${comment(`other traffic to ${port.name} will be dropped by ${PROXY_FIREWALL}`)}`);
}

function captureNodePort(out: Writer, plan: Plan): void {
  const { port } = plan;
  if (port.nodePort === 0) return;
  const match = portMatch(port, undefined, port.nodePort);
  if (plan.cluster.length > 0) {
    out.natNodePorts.push(`-A ${NODE_PORTS} -m comment --comment ${port.name} ${match} -j ${plan.ext}`);
  }
  refuseExternal(out, plan, `-m addrtype --dst-type LOCAL ${match}`);
}

function refuseExternal(out: Writer, plan: Plan, match: string): void {
  if (plan.hasExternal) return;
  const { note, target } = refusal(plan);
  out.filterExternal.push(`-A ${EXTERNAL_SERVICES} ${note} ${match} -j ${target}`);
}

function writePolicyChains(out: Writer, plan: Plan, settings: RuleSettings): void {
  const { port } = plan;
  const masquerade: string[] = [];
  if (plan.hasInternal) {
    const match = `${comment(`${port.name} cluster IP`)} ${portMatch(port, port.clusterIP, port.port)}`;
    const from = settings.masqueradeAll ? '' : settings.clusterCidr ? ` ! -s ${settings.clusterCidr}` : undefined;
    if (from !== undefined) masquerade.push(`-A ${plan.internalChain} ${match}${from} -j ${MARK_MASQ}`);
  }
  const toCluster = usesClusterChain(plan) ? [[plan.svc, plan.cluster] as const] : [];
  const toLocal = usesLocalChain(plan) ? [[plan.svl, plan.local] as const] : [];
  for (const [chain, endpoints] of [...toCluster, ...toLocal]) {
    out.chains.add(chain);
    if (chain === plan.internalChain) out.natOther.push(...masquerade);
    writeBalancing(out, port, chain, endpoints);
  }
}

/** Pods and the node itself use all endpoints of an external address whatever the policy. */
function usesClusterChain({ port, external }: Plan): boolean {
  return !port.internalLocal || external;
}

function usesLocalChain({ port, external, local }: Plan): boolean {
  return local.length > 0 && (port.internalLocal || (port.externalLocal && external));
}

function usedEndpoints(plan: Plan): readonly Endpoint[] {
  return usesClusterChain(plan) ? plan.cluster : plan.local;
}

function writeExternalChain(out: Writer, plan: Plan, settings: RuleSettings): void {
  const { ext, svc } = plan;
  const destinations = `${plan.port.name} external destinations`;
  out.chains.add(ext);
  if (plan.port.externalLocal) {
    if (settings.clusterCidr) {
      out.natOther.push(`-A ${ext} ${comment(`pod traffic for ${destinations}`)} -s ${settings.clusterCidr} -j ${svc}`);
    }
    const local = '-m addrtype --src-type LOCAL';
    out.natOther.push(`-A ${ext} ${comment(`masquerade LOCAL traffic for ${destinations}`)} ${local} -j ${MARK_MASQ}`);
    out.natOther.push(`-A ${ext} ${comment(`route LOCAL traffic for ${destinations}`)} ${local} -j ${svc}`);
  } else {
    out.natOther.push(`-A ${ext} ${comment(`masquerade traffic for ${destinations}`)} -j ${MARK_MASQ}`);
  }
  if (plan.hasExternal) out.natOther.push(`-A ${ext} -j ${plan.externalChain}`);
}

/** Each of n endpoints gets 1/n: the first with 1/n, the second with 1/(n-1) of the rest, the last the remainder. */
function writeBalancing(out: Writer, port: ServicePort, chain: string, endpoints: readonly Endpoint[]): void {
  const sepOf = ({ ip, port: number }: Endpoint) => endpointChain(port.name, port.protocol, `${ip}:${number}`);
  const noteOf = ({ ip, port: number }: Endpoint) => comment(`${port.name} -> ${ip}:${number}`);
  if (port.affinitySeconds !== undefined) {
    for (const endpoint of endpoints) {
      const sep = sepOf(endpoint);
      const recent = `-m recent --name ${sep} --rcheck --seconds ${port.affinitySeconds} --reap`;
      out.natOther.push(`-A ${chain} ${noteOf(endpoint)} ${recent} -j ${sep}`);
    }
  }
  endpoints.forEach((endpoint, i) => {
    const left = endpoints.length - i;
    const chance = left === 1 ? '' : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`;
    out.natOther.push(`-A ${chain} ${noteOf(endpoint)}${chance} -j ${sepOf(endpoint)}`);
  });
}

function writeEndpointChain(out: Writer, port: ServicePort, { ip, port: number }: Endpoint): void {
  const { name, protocol } = port;
  const sep = endpointChain(name, protocol, `${ip}:${number}`);
  const note = `-m comment --comment ${name}`;
  const recent = port.affinitySeconds === undefined ? '' : ` -m recent --name ${sep} --set`;
  out.chains.add(sep);
  // A pod that reaches itself must see another's address, or it would answer itself directly.
  out.natOther.push(`-A ${sep} ${note} -s ${ip} -j ${MARK_MASQ}`);
  out.natOther.push(
    `-A ${sep} ${note}${recent} -m ${protocol} -p ${protocol} -j DNAT --to-destination ${ip}:${number}`,
  );
}
