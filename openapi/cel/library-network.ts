/** Kubernetes' functions on addresses, ranges and URLs. */
import type { Environment } from '@marcbachmann/cel-js';
import { Cidr, IpAddress } from './addresses.ts';

class IpNamespace {}

export function registerNetwork(environment: Environment): void {
  registerAddresses(environment);
  registerRanges(environment);
  registerUrls(environment);
}

function registerAddresses(environment: Environment): void {
  const read = (text: string) =>
    IpAddress.parse(text) ?? refuse(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  environment
    .registerType('net.IP', { ctor: IpAddress, fields: {} })
    .registerType('IpNamespace', { ctor: IpNamespace, fields: {} })
    .registerConstant('ip', 'IpNamespace', new IpNamespace())
    .registerFunction('ip(string): net.IP', read)
    .registerFunction('isIP(string): bool', (text: string) => IpAddress.parse(text) !== undefined)
    .registerFunction(
      'IpNamespace.isCanonical(string): bool',
      (_: IpNamespace, text: string) => read(text).toString() === text,
    )
    .registerFunction('string(net.IP): string', (ip: IpAddress) => ip.toString())
    .registerFunction('net.IP.family(): int', (ip: IpAddress) => BigInt(ip.family))
    .registerFunction('net.IP.isUnspecified(): bool', (ip: IpAddress) => ip.number === 0n)
    .registerFunction('net.IP.isLoopback(): bool', (ip: IpAddress) => ip.isIn('127.0.0.0/8') || ip.isIn('::1/128'))
    .registerFunction(
      'net.IP.isLinkLocalMulticast(): bool',
      (ip: IpAddress) => ip.isIn('224.0.0.0/24') || ip.isIn('ff02::/16'),
    )
    .registerFunction(
      'net.IP.isLinkLocalUnicast(): bool',
      (ip: IpAddress) => ip.isIn('169.254.0.0/16') || ip.isIn('fe80::/10'),
    )
    .registerFunction('net.IP.isGlobalUnicast(): bool', isGlobalUnicast)
    .registerOperator(
      'net.IP == net.IP',
      (a: IpAddress, b: IpAddress) => a.family === b.family && a.number === b.number,
    );
}

function isGlobalUnicast(ip: IpAddress): boolean {
  const others = [
    '0.0.0.0/32',
    '255.255.255.255/32',
    '127.0.0.0/8',
    '224.0.0.0/4',
    '169.254.0.0/16',
    '::/127',
    'ff00::/8',
    'fe80::/10',
  ];
  return !others.some((range) => ip.isIn(range));
}

function registerRanges(environment: Environment): void {
  const read = (text: string) =>
    Cidr.parse(text) ?? refuse(`CIDR ${JSON.stringify(text)} parse error during conversion from string`);
  const address = (text: string) =>
    IpAddress.parse(text) ?? refuse(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  environment
    .registerType('net.CIDR', { ctor: Cidr, fields: {} })
    .registerFunction('cidr(string): net.CIDR', read)
    .registerFunction('isCIDR(string): bool', (text: string) => Cidr.parse(text) !== undefined)
    .registerFunction('string(net.CIDR): string', (range: Cidr) => range.toString())
    .registerFunction('net.CIDR.containsIP(net.IP): bool', (range: Cidr, ip: IpAddress) => range.contains(ip))
    .registerFunction('net.CIDR.containsIP(string): bool', (range: Cidr, text: string) => range.contains(address(text)))
    .registerFunction('net.CIDR.containsCIDR(net.CIDR): bool', (range: Cidr, other: Cidr) => range.containsRange(other))
    .registerFunction('net.CIDR.containsCIDR(string): bool', (range: Cidr, text: string) =>
      range.containsRange(read(text)),
    )
    .registerFunction('net.CIDR.ip(): net.IP', (range: Cidr) => range.address)
    .registerFunction('net.CIDR.masked(): net.CIDR', (range: Cidr) => range.masked())
    .registerFunction('net.CIDR.prefixLength(): int', (range: Cidr) => BigInt(range.prefixLength))
    .registerOperator('net.CIDR == net.CIDR', (a: Cidr, b: Cidr) => a.toString() === b.toString());
}

/** A URL as Go splits it: what it says is not put in any canonical form. */
class GoUrl {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor(scheme: string, host: string, path: string, query: string) {
    this.scheme = scheme;
    this.host = host;
    this.path = path;
    this.query = query;
  }

  static parse(text: string): GoUrl | undefined {
    if (text === '' || /\p{Cc}|\s/u.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
    const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:[^/?#@]*@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?/.exec(text);
    const [, scheme = '', host = '', path = '', query = ''] = match ?? [];
    // As `url.ParseRequestURI`: absolute, or a path from the root.
    if (scheme === '' && !text.startsWith('/')) return undefined;
    if (!/^(\[[^\]]*\]|[^:[\]]*)(:\d*)?$/.test(host)) return undefined;
    return new GoUrl(scheme.toLowerCase(), host, path, query);
  }

  toString(): string {
    const authority = this.host === '' ? '' : `//${this.host}`;
    return `${this.scheme === '' ? '' : `${this.scheme}:`}${authority}${this.path}${this.query === '' ? '' : `?${this.query}`}`;
  }
}

function registerUrls(environment: Environment): void {
  environment
    .registerType('kubernetes.URL', { ctor: GoUrl, fields: {} })
    .registerFunction(
      'url(string): kubernetes.URL',
      (text: string) =>
        GoUrl.parse(text) ??
        refuse(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`),
    )
    .registerFunction('isURL(string): bool', (text: string) => GoUrl.parse(text) !== undefined)
    .registerFunction('kubernetes.URL.getScheme(): string', (url: GoUrl) => url.scheme)
    .registerFunction('kubernetes.URL.getHost(): string', (url: GoUrl) => url.host)
    .registerFunction('kubernetes.URL.getHostname(): string', (url: GoUrl) =>
      url.host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'),
    )
    .registerFunction('kubernetes.URL.getPort(): string', (url: GoUrl) => /:(\d*)$/.exec(url.host)?.[1] ?? '')
    .registerFunction('kubernetes.URL.getEscapedPath(): string', (url: GoUrl) => url.path)
    .registerFunction('kubernetes.URL.getQuery(): map<string, list<string>>', queryOf)
    .registerOperator('kubernetes.URL == kubernetes.URL', (a: GoUrl, b: GoUrl) => a.toString() === b.toString());
}

function queryOf(url: GoUrl): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(url.query)) values.set(name, [...(values.get(name) ?? []), value]);
  return values;
}

function refuse(message: string): never {
  throw new Error(message);
}
