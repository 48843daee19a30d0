// A router as a process of its own: node memory-plugin.ts PORT VERSION
import { servePlugin } from '@sluice/plugin-sdk';

const [port = '0', version = '1'] = process.argv.slice(2);
const plugin = await servePlugin(
  {
    name: 'memory',
    version,
    router: {
      apply: async ({ weight }) => ({ inSync: true, canaryWeight: weight }),
      observe: async ({ weight }) => ({ inSync: true, canaryWeight: weight }),
      release: async () => undefined,
    },
  },
  { port: Number(port) },
);
process.once('SIGTERM', () => void plugin.stop().then(() => process.exit(0)));
console.log(plugin.address);
