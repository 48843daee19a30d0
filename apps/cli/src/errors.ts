import { type KubeError, isKubeError } from '@sluice/kube';

/** Something that the command was asked for and cannot do. Its message is all that the person sees. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
}

/** The command was called in a way that it does not understand: its usage is shown below the message. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
}

/** A command that has printed what there is to say and only has to fail: exit status 1 without a further line. */
export class SilentFailure extends Error {
  override readonly name = 'SilentFailure';
}

/** Where the client of a run talks to, for its errors. */
export interface ServerAddress {
  readonly address: string;
  /** The kubeconfig that it comes from. */
  readonly source: string;
}

/** One line for a person: what went wrong, with which server, and what to do about it. Never a stack. */
export function describeError(error: unknown, server?: ServerAddress): string {
  if (!isKubeError(error)) return error instanceof Error ? error.message : String(error);
  const where = server === undefined ? 'the API server' : `${server.address} (from ${server.source})`;
  if (isUnknownKind(error)) {
    return `This kind is not known to ${where}: install the CRDs (charts/sluice/crds), or choose another cluster with --context.`;
  }
  const said = (error.serverMessage ?? error.message).trim();
  const hint = hintFor(error, where);
  return hint === undefined ? said : `${said.replace(/\.$/, '')}. ${hint}`;
}

/** What `sluice list` lists, as the server names it. */
const listed: ReadonlySet<string | undefined> = new Set(['rollouts', 'experiments']);

function hintFor(error: KubeError, where: string): string | undefined {
  switch (error.code) {
    case 'NotFound':
      return `Check the name and the namespace (-n)${listed.has(error.details?.kind) ? `, or look with \`sluice list ${error.details?.kind} -A\`` : ''}.`;
    case 'Forbidden':
      return 'Ask for that permission, or act as somebody who has it with --context or --as.';
    case 'Unauthorized':
      return `The credentials for ${where} are missing or expired: sign in again, or choose another --context.`;
    case 'Network':
      return `Is ${where} running and reachable? Choose another cluster with --kubeconfig or --context.`;
    case 'Timeout':
      return `There was no answer from ${where} in time: try again, or check the network to it.`;
    case 'Unavailable':
    case 'TooManyRequests':
      return `Try again shortly: ${where} is overloaded or restarting.`;
    case 'Conflict':
      return 'Somebody else changed it at the same time: run the command again.';
    default:
      return undefined;
  }
}

// The server names the object that it missed; for a kind that it does not serve it has nothing to name.
function isUnknownKind(error: KubeError): boolean {
  return error.code === 'NotFound' && error.details?.name === undefined;
}
