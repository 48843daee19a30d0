import fs from 'node:fs';
import path from 'node:path';

/** The absolute path of the program `name` on PATH (and where Debian keeps those of root), or undefined. */
export function findTool(name, searchPath = process.env.PATH ?? '') {
  const folders = [...searchPath.split(path.delimiter), '/usr/local/bin', '/usr/bin', '/usr/sbin', '/usr/local/go/bin'];
  for (const folder of folders.filter(Boolean)) {
    const file = path.join(folder, name);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      // Not here: the next folder may have it.
    }
  }
  return undefined;
}
