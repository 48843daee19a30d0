import fs from 'node:fs';
import path from 'node:path';
import { aptCommand, canInstall, installPackage } from '../../first-stage/apt.mjs';
import { findTool } from '../../first-stage/tools.mjs';
import { freePorts } from '../ports.ts';
import type { Session } from '../session.ts';
import { startStandIn } from './stand-in.ts';
import type { Target } from './stand-in.ts';

export interface PrometheusOptions {
  readonly targets: readonly Target[];
  /** Told in one line when Prometheus is installed, or why a stand-in answers. */
  readonly say: (line: string) => void;
  /** Installs Prometheus through apt where it is missing and that needs nobody's consent. Otherwise it has to be there. */
  readonly install: boolean;
}

export interface Metrics {
  /** Where queries are answered, for `provider.prometheus.address`. */
  readonly url: string;
  readonly kind: 'prometheus' | 'stand-in';
}

// Something that is measured each second has to be looked at as often.
const SCRAPE_EVERY_MS = 1_000;

/** A Prometheus that scrapes the targets, as a child of the session; where there is none, a stand-in that answers simple queries. */
export async function startPrometheus(session: Session, options: PrometheusOptions): Promise<Metrics> {
  const { targets, say } = options;
  const command = findTool('prometheus') ?? (options.install ? installed(say) : undefined);
  if (command !== undefined) return { url: await startChild(session, command, targets), kind: 'prometheus' };
  say(`Prometheus is not installed ("${aptCommand('prometheus')}" does it): a stand-in answers the queries`);
  const standIn = await startStandIn({ targets, everyMs: SCRAPE_EVERY_MS });
  session.atEnd(() => standIn.stop());
  return { url: standIn.url, kind: 'stand-in' };
}

function installed(say: (line: string) => void): string | undefined {
  if (!canInstall()) return undefined;
  say('installing Prometheus through apt (once) …');
  return installPackage('prometheus') ? findTool('prometheus') : undefined;
}

async function startChild(session: Session, command: string, targets: readonly Target[]): Promise<string> {
  const folder = path.join(session.temp, 'prometheus');
  fs.mkdirSync(folder, { recursive: true });
  const config = path.join(folder, 'prometheus.yaml');
  fs.writeFileSync(config, configOf(targets));
  for (let attempt = 1; ; attempt++) {
    const port = await freePorts();
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      '--storage.tsdb.retention.time=1h',
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    try {
      await session.children.start({
        name: 'prometheus',
        // It logs to standard error, and children are listened to on standard output.
        command: 'sh',
        args: ['-c', 'exec "$0" "$@" 2>&1', command, ...args],
        quiet: true,
        ready: (line) => (line.includes('Server is ready to receive web requests') ? true : undefined),
      });
      return `http://127.0.0.1:${port}`;
    } catch (error) {
      // Somebody took the port in between.
      if (attempt === 5 || !/address already in use/i.test((error as Error).message)) throw error;
    }
  }
}

/** JSON is YAML. */
function configOf(targets: readonly Target[]): string {
  const scrape_configs = targets.map(({ job, url }) => {
    const { host, pathname, protocol } = new URL(url);
    const scheme = protocol.replace(':', '');
    return { job_name: job, metrics_path: pathname, scheme, static_configs: [{ targets: [host] }] };
  });
  const every = `${SCRAPE_EVERY_MS / 1000}s`;
  return JSON.stringify({ global: { scrape_interval: every, scrape_timeout: every }, scrape_configs }, undefined, 2);
}
