import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { openSync } = fs;

function restore(): void {
  fs.openSync = openSync;
  syncBuiltinESMExports();
}

/** How often each path of a guest is opened while something is done; paths are the guest's. */
export async function openedFiles(root: string, work: () => Promise<unknown>): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  fs.openSync = (...args: Parameters<typeof openSync>) => {
    const [path] = args;
    if (typeof path === 'string' && path.startsWith(`${root}/`)) {
      const own = path.slice(root.length);
      times.set(own, (times.get(own) ?? 0) + 1);
    }
    return openSync(...args);
  };
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    restore();
  }
  return times;
}
