// IPv6 addresses that lead to an IPv4 address, by the machine itself or by a gateway on the way.

/** Addresses of IPv4 that an address of IPv6 carries: mapped, compatible, translated (SIIT), NAT64, 6to4, Teredo, ISATAP. */
export function ipv4sInside(address: string): readonly string[] {
  const groups = groupsOf(address);
  if (groups === undefined) return [];
  const found: string[] = [];
  const at = (index: number, flip = 0): void => {
    found.push(dotted((groups[index] ?? 0) ^ flip, (groups[index + 1] ?? 0) ^ flip));
  };
  const starts = (...first: readonly number[]): boolean => first.every((group, index) => groups[index] === group);

  const last = ((groups[6] ?? 0) << 16) | (groups[7] ?? 0);
  if (starts(0, 0, 0, 0, 0, 0xffff)) at(6);
  // `::` and `::1` are no addresses of IPv4.
  else if (starts(0, 0, 0, 0, 0, 0) && last !== 0 && last !== 1) at(6);
  else if (starts(0, 0, 0, 0, 0xffff, 0)) at(6);
  else if (starts(0x64, 0xff9b)) at(6);
  else if (starts(0x2002)) at(1);
  else if (starts(0x2001, 0)) {
    at(2);
    at(6, 0xffff);
  }
  if (groups[5] === 0x5efe && (groups[4] === 0 || groups[4] === 0x200)) at(6);
  return found;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight groups of an address without zone. */
function groupsOf(address: string): readonly number[] | undefined {
  const host = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (host === undefined) return undefined;
  const [left = '', right] = host.split('::');
  const parsed = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const head = parsed(left);
  if (right === undefined) return head;
  const tail = parsed(right);
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}
