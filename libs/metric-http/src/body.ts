import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Dispatcher } from 'undici';
import { ExchangeError } from './exchange-error.ts';

type Decode = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const decoders: Readonly<Record<string, Decode>> = {
  gzip: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  'x-gzip': promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  deflate: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate),
  br: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
};

const utf8 = new TextDecoder();

/** The body as text. Stops reading, and throws ExchangeError `too-large`, at the first byte beyond `maxBytes`, compressed or not. */
export async function readBody(response: Dispatcher.ResponseData, maxBytes: number, where: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop destroys the stream, and with it the connection.
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes, where);
    chunks.push(chunk);
  }
  const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  const encoding = [response.headers['content-encoding'] ?? ''].flat().join(',').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity' || bytes.length === 0) return utf8.decode(bytes);
  const decode = decoders[encoding];
  if (decode === undefined)
    throw new ExchangeError('invalid', where, `the answer is encoded as ${encoding}, which nobody asked for`);
  try {
    return utf8.decode(await decode(bytes, { maxOutputLength: maxBytes }));
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes, where);
    throw new ExchangeError('invalid', where, `the answer is not the ${encoding} it says it is`, cause);
  }
}

function tooLarge(maxBytes: number, where: string): ExchangeError {
  return new ExchangeError(
    'too-large',
    where,
    `the answer is larger than ${maxBytes} bytes; ask for less, or raise --max-answer-bytes of the plugin`,
  );
}
