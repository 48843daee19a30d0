import { missingSecretKeyMessage, secretArguments } from '@sluice/engine';
import type { SecretObservation } from '@sluice/engine';
import { isKubeError, resources } from '@sluice/kube';
import type { KubeClient, KubeLogger, RawObject } from '@sluice/kube';
import type { AnalysisRun } from '@sluice/model';

/** The values of a run's Secrets, by name of the argument, and what is to be known about them. */
export interface SecretValues {
  readonly observations: Readonly<Record<string, SecretObservation>>;
  readonly values: Readonly<Record<string, string>>;
}

/** The only place where Secrets are read. Values live here for seconds, and leave only inside a Task. */
export interface Secrets {
  /** What is known now; a promise where the API server has to be asked. Undefined: the run uses none. */
  of(run: AnalysisRun): SecretValues | Promise<SecretValues> | undefined;
  /** Reads them anew the next time. */
  forget(run: AnalysisRun): void;
}

export interface SecretsOptions {
  readonly client: Pick<KubeClient, 'get'>;
  readonly logger: KubeLogger;
  /** How long a Secret that was read counts as it was read: 2 s. */
  readonly keepMs?: number;
}

type Read =
  | { readonly kind: 'read'; readonly data: Readonly<Record<string, string>> }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'unknown' };

interface Kept {
  readonly at: number;
  readonly read: Read;
}

const maxKept = 2_000;

export function createSecrets({ client, logger, keepMs = 2_000 }: SecretsOptions): Secrets {
  const kept = new Map<string, Kept>();
  const reading = new Map<string, Promise<Read>>();

  async function ask(namespace: string, name: string): Promise<Read> {
    try {
      const secret = await client.get<RawObject>(resources.secrets, { namespace, name }, { timeoutMs: 5_000 });
      const data = (secret['data'] ?? {}) as Readonly<Record<string, string>>;
      return { kind: 'read', data };
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return { kind: 'missing', message: `secrets "${name}" not found` };
      if (isKubeError(error, 'Forbidden')) return { kind: 'missing', message: error.message };
      logger.warn({ namespace, name, error: String(error) }, 'a Secret cannot be read: what needs it waits');
      return { kind: 'unknown' };
    }
  }

  function read(namespace: string, name: string): Read | Promise<Read> {
    const key = `${namespace}/${name}`;
    const before = kept.get(key);
    if (before !== undefined && performance.now() - before.at < keepMs) return before.read;
    const running = reading.get(key);
    if (running !== undefined) return running;
    const started = ask(namespace, name).then((result) => {
      reading.delete(key);
      kept.delete(key);
      kept.set(key, { at: performance.now(), read: result });
      for (const oldest of kept.keys()) {
        if (kept.size <= maxKept) break;
        kept.delete(oldest);
      }
      return result;
    });
    reading.set(key, started);
    return started;
  }

  return {
    of(run) {
      const wanted = secretArguments(run);
      if (wanted.length === 0) return undefined;
      const { namespace = '' } = run.metadata;
      const reads = wanted.map(({ secret }) => read(namespace, secret));
      const all = (results: readonly Read[]): SecretValues => gathered(wanted, results);
      return reads.some((one) => one instanceof Promise) ? Promise.all(reads).then(all) : all(reads as readonly Read[]);
    },
    forget(run) {
      for (const { secret } of secretArguments(run)) kept.delete(`${run.metadata.namespace ?? ''}/${secret}`);
    },
  };
}

function gathered(wanted: ReturnType<typeof secretArguments>, results: readonly Read[]): SecretValues {
  const observations: Record<string, SecretObservation> = {};
  const values: Record<string, string> = {};
  wanted.forEach(({ argument, secret, key }, index) => {
    const result = results[index] ?? { kind: 'unknown' };
    if (result.kind !== 'read') return void (observations[argument] = result);
    const encoded = Object.hasOwn(result.data, key) ? result.data[key] : undefined;
    if (encoded === undefined)
      return void (observations[argument] = { kind: 'missing', message: missingSecretKeyMessage(secret, key) });
    observations[argument] = { kind: 'present' };
    values[argument] = Buffer.from(encoded, 'base64').toString('utf8');
  });
  return { observations, values };
}
