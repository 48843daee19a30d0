import net from 'node:net';

/**
 * The first of `count` neighbouring loopback ports that nobody uses right now. Nothing is reserved: whoever takes one between
 * this answer and its use wins, so a caller that can try again should.
 */
export async function freePorts(count = 1): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = await free(0);
    if (first === undefined || first + count > 65_535) continue;
    const rest = await Promise.all(Array.from({ length: count - 1 }, (_, i) => free(first + 1 + i)));
    if (rest.every((port) => port !== undefined)) return first;
  }
  throw new Error(`no ${count} neighbouring loopback ports are free`);
}

function free(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address() as net.AddressInfo;
      server.close(() => resolve(address.port));
    });
  });
}
