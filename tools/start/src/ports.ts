import net from 'node:net';

// Below the range that systems take the near ends of outgoing connections from: one of those would be in the way a moment later.
const FIRST = 18_000;
const LAST = 32_000;

/**
 * The first of `count` neighbouring loopback ports that nobody uses right now. Nothing is reserved: whoever takes one between
 * this answer and its use wins, so a caller that can try again should.
 */
export async function freePorts(count = 1): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count));
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} neighbouring loopback ports are free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
