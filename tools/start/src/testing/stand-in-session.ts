import fs from 'node:fs';
import path from 'node:path';
import { services, startServices } from '../services.ts';
import type { Service } from '../services.ts';
import { runSession } from '../session.ts';

// What start.ts does with --services-only, over stand-ins: one JSON line when all are ready, then it stays until it is told to end.
const script = path.join(import.meta.dirname, 'stand-in-service.ts');
const standIn = (name: string, ...flags: string[]): Service => ({ name, script, args: () => [name, ...flags] });
const broken = process.argv.includes('--broken');
const names = [...services.map((service) => service.name), 'second'];

await runSession('stderr', async (session) => {
  fs.writeFileSync(path.join(session.temp, 'left-behind'), 'x');
  const surroundings = { kubeconfig: '/none', redisUrl: 'redis://127.0.0.1:1', systemNamespace: 'none' };
  const list = [...names.map((name) => standIn(name)), ...(broken ? [standIn('broken', '--fail')] : [])];
  const ready = await startServices(session, surroundings, list, []);
  console.log(JSON.stringify({ ready: true, temp: session.temp, services: ready }));
  return new Promise(() => setInterval(() => {}, 1000));
});
