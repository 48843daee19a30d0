// The answer to a watch: lines that go out together, slowly or not at all when a fault says so, and timers that end with it.
import type { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { StatusError } from '../storage/status-error.ts';
import { watchLine } from './encode.ts';
import type { WatchFault } from './faults.ts';

// A reader this far behind is cut off, as the API server does: it lists again and is up to date.
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

export interface StreamSettings {
  readonly clock: Clock;
  /** The fault that holds for this watch now. */
  fault(): WatchFault | undefined;
}

export interface WatchStream {
  send(line: Buffer): void;
  /** Says why, and ends in good order. */
  fail(error: StatusError): void;
  /** `true`: in good order; otherwise as if the connection had broken. Nothing happens when it has ended already. */
  end(graceful?: boolean): void;
  after(ms: number, fn: () => void): void;
  every(ms: number, fn: () => void): void;
}

/** Sends the head of the answer at once. `ended` is called once, however the stream ends. */
export function openStream(response: ServerResponse, { clock, fault }: StreamSettings, ended: () => void): WatchStream {
  let over = false;
  let queue: Buffer[] = [];
  let flushing = false;
  const timers = new Set<{ cancel(): void }>();

  // Writes of one turn of the loop go out as one packet: a burst of events costs one system call for each watcher.
  function flush(): void {
    flushing = false;
    if (over || queue.length === 0) return;
    const batch = queue;
    queue = [];
    response.cork();
    for (const line of batch) response.write(line);
    response.uncork();
    if (response.writableLength > MAX_BUFFERED_BYTES) stream.end();
  }

  function enqueue(line: Buffer): void {
    if (over) return;
    queue.push(line);
    if (flushing) return;
    flushing = true;
    setImmediate(flush);
  }

  const stream: WatchStream = {
    send(line) {
      const { watch, delayMs = 1000 } = fault() ?? {};
      if (watch === 'silent') return;
      if (watch === 'slow') return stream.after(delayMs, () => enqueue(line));
      enqueue(line);
      if (watch === 'drop') stream.end();
    },
    fail(error) {
      enqueue(watchLine('ERROR', JSON.stringify(error.toStatus())));
      stream.end(true);
    },
    end(graceful = false) {
      if (over) return;
      flush();
      over = true;
      for (const timer of timers) timer.cancel();
      if (graceful) response.end();
      // What was written before still arrives, and then the connection is gone.
      else if (response.socket) response.socket.destroySoon();
      else response.destroy();
      ended();
    },
    after(ms, fn) {
      const timer = clock.setTimeout(() => {
        timers.delete(timer);
        if (!over) fn();
      }, ms);
      timers.add(timer);
    },
    every(ms, fn) {
      stream.after(ms, () => {
        fn();
        stream.every(ms, fn);
      });
    },
  };
  response.on('close', () => stream.end());
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  return stream;
}
