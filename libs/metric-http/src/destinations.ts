import net from 'node:net';
import { ipv4sInside } from './embedded-ipv4.ts';

/** Where nothing is sent to, unless it is allowed by name: what clouds answer with the credentials of a machine to whoever asks from it. */
export const deniedByDefault: readonly string[] = [
  '169.254.0.0/16',
  'fe80::/10',
  // The metadata services that have addresses of their own: AWS, Google, Alibaba, Azure, Oracle.
  'fd00:ec2::254',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  // By name as well, for when a proxy resolves it.
  'metadata.google.internal',
];

/** Addresses (`10.0.0.1`), networks (`10.0.0.0/8`) and host names (`vault.example.com`, `*.internal`). */
export interface DestinationRules {
  readonly deny?: readonly string[];
  /** Wins over `deny` and over what is denied by default. */
  readonly allow?: readonly string[];
}

export interface Destinations {
  /** Why this host, as a URL has it, is refused; undefined when its addresses decide. */
  refusalOfHost(hostname: string): string | undefined;
  /** Why this address is refused. `hostname` is what it was resolved from. */
  refusalOfAddress(address: string, hostname?: string): string | undefined;
}

/** Throws an Error with a sentence when a rule is neither an address, a network nor a host name. */
export function createDestinations(rules: DestinationRules = {}): Destinations {
  const denied = createRuleSet([...deniedByDefault, ...(rules.deny ?? [])]);
  const allowed = createRuleSet(rules.allow ?? []);

  function refusalOfAddress(address: string, hostname?: string): string | undefined {
    if (hostname !== undefined && allowed.hasName(hostname)) return undefined;
    const forms = formsOf(address);
    const rule = forms.map((form) => denied.ruleOf(form)).find((found) => found !== undefined);
    if (rule === undefined || forms.some((form) => allowed.ruleOf(form) !== undefined)) return undefined;
    const from = hostname === undefined || hostname === address ? '' : `${hostname} is `;
    return `${from}${address}, which is a denied destination (${rule}); --allow of the plugin makes exceptions`;
  }

  return {
    refusalOfAddress,
    refusalOfHost(hostname) {
      const bare = bareHost(hostname);
      if (net.isIP(bare) !== 0) return refusalOfAddress(bare);
      if (!denied.hasName(bare) || allowed.hasName(bare)) return undefined;
      return `${bare} is a denied destination; --allow of the plugin makes exceptions`;
    },
  };
}

/** `[::1]` → `::1`, `Example.com.` → `example.com`. */
export function bareHost(hostname: string): string {
  return hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
}

/** All the addresses that are meant by one: those inside an IPv6 address, and this machine for "no address". */
function formsOf(address: string): readonly string[] {
  const bare = address.replace(/%.*$/, '');
  const inside = net.isIPv6(bare) ? ipv4sInside(bare) : [];
  const all = [bare, ...inside];
  const unspecified = all.some((each) => each === '0.0.0.0' || each === '::');
  return unspecified ? [...all, '127.0.0.1', '::1'] : all;
}

interface RuleSet {
  /** The rule that an address falls under. */
  ruleOf(address: string): string | undefined;
  hasName(hostname: string): boolean;
}

function createRuleSet(rules: readonly string[]): RuleSet {
  const networks: { readonly rule: string; readonly list: net.BlockList }[] = [];
  const names = new Set<string>();
  const suffixes: string[] = [];
  for (const rule of rules) {
    const list = networkOf(rule);
    if (list !== undefined) networks.push({ rule, list });
    else if (/^\*\.[a-z0-9._-]+$/i.test(rule)) suffixes.push(bareHost(rule.slice(1)));
    else if (/^[a-z0-9_](?:[a-z0-9._-]*)$/i.test(rule) && !/^[\d.]+$/.test(rule)) names.add(bareHost(rule));
    else throw new Error(`"${rule}" is neither an address, a network such as 10.0.0.0/8, nor a host name`);
  }
  return {
    ruleOf(address) {
      const family = net.isIPv6(address) ? 'ipv6' : 'ipv4';
      return networks.find(({ list }) => list.check(address, family))?.rule;
    },
    hasName(hostname) {
      const bare = bareHost(hostname);
      return names.has(bare) || suffixes.some((suffix) => bare.endsWith(suffix));
    },
  };
}

function networkOf(rule: string): net.BlockList | undefined {
  const [address = '', prefix, ...more] = rule.split('/');
  const version = net.isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (prefix !== undefined && (!/^\d+$/.test(prefix) || length > bits))
    throw new Error(`"${rule}" is no network: write a prefix length from 0 to ${bits}`);
  const list = new net.BlockList();
  list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  return list;
}
