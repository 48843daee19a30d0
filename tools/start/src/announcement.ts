/** What a service prints, as one line of JSON, when it is ready (--announce). Addresses are URLs by name. */
export interface Announcement {
  readonly name: string;
  readonly pid: number;
  readonly addresses: Readonly<Record<string, string>>;
}

/** Reads a line as an announcement; undefined for any other line, such as a log entry. */
export function readAnnouncement(line: string): Announcement | undefined {
  if (!line.startsWith('{') || !line.includes('"addresses"')) return undefined;
  try {
    const { name, pid, addresses } = JSON.parse(line) as Partial<Announcement>;
    return typeof name === 'string' && typeof pid === 'number' && addresses ? { name, pid, addresses } : undefined;
  } catch {
    return undefined;
  }
}
