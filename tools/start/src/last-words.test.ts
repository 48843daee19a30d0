import { expect, it } from 'vitest';
import { lastWords } from './last-words.ts';

it('takes the message of an uncaught error out of its stack', () => {
  const printed = `node:events:487
      throw er; // Unhandled 'error' event
      ^

Error: listen EADDRINUSE: address already in use 127.0.0.1:80
    at Server.setupListenHandle [as _listen2] (node:net:1940:16)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1919:8) {
  code: 'EADDRINUSE',
}

Node.js v24.21.0`;
  expect(lastWords(printed.split('\n'))).toBe('Error: listen EADDRINUSE: address already in use 127.0.0.1:80');
});

it('takes the message and its cause out of a log line', () => {
  const line = JSON.stringify({ level: 60, msg: 'no lease', err: { message: 'connection refused', stack: 'x' } });
  expect(lastWords(['something', line])).toBe('no lease: connection refused');
});

it('takes the last line of anything else', () => {
  expect(lastWords(['one', 'two', ''])).toBe('two');
  expect(lastWords([])).toBe('');
});
