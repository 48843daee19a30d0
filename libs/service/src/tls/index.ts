export { onlyCallers } from './callers.ts';
export type { AllowedCallers } from './callers.ts';
export { channelCredentials, channelTlsOptions, serverCredentials } from './credentials.ts';
export type { ClientTls, ServerTls } from './credentials.ts';
export type { TlsLogger } from './files.ts';
export { clientTlsOf, clientTlsOptions, serverTlsOf, serverTlsOptions, warnOfPlaintext } from './options.ts';
export type { TlsSettings } from './options.ts';
export { whyUnreachable } from './reason.ts';
