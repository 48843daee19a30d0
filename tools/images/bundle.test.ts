import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { bundleService, bundledServices } from './bundle.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-bundle-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

describe('the image of a service', () => {
  it.each(bundledServices())(
    '%s runs away from the repository, from what was bundled',
    { timeout: 240_000 },
    async (place) => {
      const name = path.basename(place);
      const out = path.join(folder, name);
      await bundleService(name, out);
      const help = execFileSync(process.execPath, [path.join(out, 'main.mjs'), '--help'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(help).toMatch(/--\w/);
    },
  );

  it('is refused for what is no service', async () => {
    await expect(bundleService('no-such', folder)).rejects.toThrow('there is no service no-such: ');
  });
});

describe('docker-compose.yml', () => {
  const root = path.join(import.meta.dirname, '../..');
  const compose = parseDocument(fs.readFileSync(path.join(root, 'docker-compose.yml'), 'utf8')).toJS() as {
    services: Record<string, { build?: { dockerfile: string; args: { SERVICE: string } } }>;
  };

  it('builds services that exist', () => {
    const built = Object.values(compose.services).flatMap((service) => service.build ?? []);
    expect(built.length).toBeGreaterThan(0);
    for (const { dockerfile, args } of built) {
      expect(fs.existsSync(path.join(root, dockerfile))).toBe(true);
      expect(bundledServices().map((place) => path.basename(place))).toContain(args.SERVICE);
    }
  });
});
