/** Which icon stands for a status, and in which colour it is shown. */
export type Colour = 'green' | 'red' | 'yellow' | 'bright-blue' | 'none';

export const KIND_ICONS = {
  Rollout: '⟳',
  Revision: '#',
  ReplicaSet: '⧉',
  Pod: '□',
  Experiment: 'Σ',
  AnalysisRun: 'α',
  Job: '⊞',
} as const;

export const OK = '✔';
export const BAD = '✖';
export const PROGRESSING = '◌';
export const WAITING = '◷';
export const PAUSED = '॥';
export const WARNING = '⚠';
export const UNKNOWN = '?';
export const NEUTRAL = '•';

export function rolloutIcon(status: string): string {
  switch (status) {
    case 'Healthy':
      return OK;
    case 'Degraded':
      return BAD;
    case 'Progressing':
      return PROGRESSING;
    case 'Paused':
      return PAUSED;
    case 'InvalidSpec':
      return WARNING;
    default:
      return UNKNOWN;
  }
}

export function replicaSetIcon(status: string): string {
  switch (status) {
    case 'Healthy':
      return OK;
    case 'ReplicaFailure':
      return BAD;
    case 'Progressing':
      return PROGRESSING;
    case 'ScaledDown':
      return NEUTRAL;
    default:
      return UNKNOWN;
  }
}

/** The phase of an AnalysisRun, a measurement or an Experiment. */
export function analysisIcon(phase: string): string {
  switch (phase) {
    case 'Successful':
      return OK;
    case 'Failed':
      return BAD;
    case 'Running':
      return PROGRESSING;
    case 'Pending':
      return WAITING;
    case 'Error':
      return WARNING;
    default:
      return UNKNOWN;
  }
}

const COLOURS: Record<string, Colour> = {
  [OK]: 'green',
  [BAD]: 'red',
  [WARNING]: 'red',
  [UNKNOWN]: 'yellow',
  [WAITING]: 'yellow',
  [PROGRESSING]: 'bright-blue',
};

export function iconColour(icon: string): Colour {
  return COLOURS[icon] ?? 'none';
}

const TAG_COLOURS: Record<string, Colour> = {
  stable: 'green',
  active: 'green',
  canary: 'yellow',
  preview: 'bright-blue',
  ping: 'bright-blue',
  pong: 'bright-blue',
};

export function tagColour(tag: string): Colour {
  return TAG_COLOURS[tag] ?? 'none';
}

const ANSI: Record<Exclude<Colour, 'none'>, string> = {
  green: '\x1b[32m',
  red: '\x1b[31m',
  yellow: '\x1b[33m',
  'bright-blue': '\x1b[94m',
};

/** Puts colour around text, or leaves it as it is. */
export type Paint = (text: string, colour: Colour) => string;

export const plain: Paint = (text) => text;
export const ansi: Paint = (text, colour) =>
  colour === 'none' || text === '' ? text : `${ANSI[colour]}${text}\x1b[0m`;
