import type { Option } from '@sluice/service';
import { configuredPlugin } from './endpoint.ts';
import type { ConfiguredPlugin } from './endpoint.ts';

/** The option of a service that calls plugins: those at fixed addresses, `TYPE:NAME=ADDRESS;…`. */
export function pluginList(describe: string): Option<readonly ConfiguredPlugin[]> {
  return {
    describe,
    placeholder: 'TYPE:NAME=ADDRESS;…',
    fallback: [],
    parse: (text) =>
      text
        .split(';')
        .filter((part) => part.trim() !== '')
        .map((part) => configuredPlugin(part.trim())),
  };
}
