import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from './failure.mjs';

export const usage = `npm start [-- OPTIONS]

  Without options: starts a cluster in memory, Redis and the services on free loopback ports, deploys an example,
  changes its image and shows it moving until it is Healthy, beside what clients that send requests meanwhile get.
  Then everything stays up until Ctrl-C.

  --scenario NAME      the example to play: a folder of examples/ (default: canary-nginx). One that measures gets a Prometheus:
                       root on Debian installs it through apt once; without one, a stand-in answers its queries
  --kubeconfig FILE    run the services against that cluster instead of one in memory; nothing is applied there
                       unless --install-crds or --scenario asks for it
  --install-crds       with --kubeconfig: apply charts/sluice/crds first
  --namespace NAME     where the example goes (default: default)
  --services-only      start just the services (and Redis, unless REDIS_URL is set), print one line of JSON when all
                       are ready, and stop them on SIGTERM; needs --kubeconfig or KUBECONFIG
  --exit               stop everything as soon as the example has ended
  --help               this text

  REDIS_URL            use that Redis instead of starting one
`;

/** Reads the arguments of npm start. Throws a Failure that names the wrong one. */
export function startOptions(args) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        scenario: { type: 'string' },
        kubeconfig: { type: 'string' },
        namespace: { type: 'string' },
        'install-crds': { type: 'boolean', default: false },
        'services-only': { type: 'boolean', default: false },
        exit: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new Failure(`${error.message.split('. ')[0]} (npm start -- --help lists the options)`);
  }
  const options = {
    scenario: values.scenario,
    kubeconfig: kubeconfigOf(values),
    namespace: values.namespace,
    installCrds: values['install-crds'],
    servicesOnly: values['services-only'],
    exit: values.exit,
    help: values.help,
  };
  if (options.servicesOnly && !options.kubeconfig && !options.help)
    throw new Failure('--services-only needs a cluster: name one with --kubeconfig FILE or KUBECONFIG');
  if (options.servicesOnly && options.scenario)
    throw new Failure('--services-only and --scenario exclude each other: leave one out');
  return options;
}

// npm runs scripts in the root of the repository and says in INIT_CWD where it was called.
function kubeconfigOf(values) {
  const named =
    values.kubeconfig ?? (values['services-only'] && process.env.KUBECONFIG ? process.env.KUBECONFIG : undefined);
  if (named === undefined) return undefined;
  const places = [process.cwd(), process.env.INIT_CWD].filter(Boolean).map((folder) => path.resolve(folder, named));
  const file = places.find((place) => fs.existsSync(place));
  if (!file) throw new Failure(`the kubeconfig ${named} does not exist`);
  return file;
}
