import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sample } from '../measure.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** What `make deb` and `make rpm` leave for this machine's architecture, as the Makefile names them. */
export function packageFiles(version: string, architecture = process.arch): Record<'deb' | 'rpm', string> {
  const [debian, rpm] = architecture === 'arm64' ? ['arm64', 'aarch64'] : ['amd64', 'x86_64'];
  return {
    deb: `dist/gandi-guest_${version}_${debian}.deb`,
    rpm: `dist/gandi-guest-${version}-1.${rpm}.rpm`,
  };
}

/** What a guest downloads; `make bench` makes both before. One that is not there has no figure. */
export async function packageSizes(): Promise<Sample[]> {
  const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
  const files = Object.entries(packageFiles(version)).map(([kind, file]) => [kind, join(project, file)]);
  const made = files.filter(([, file = '']) => existsSync(file));
  return Promise.all(
    made.map(async ([kind, file = '']): Promise<Sample> => {
      const { size } = await stat(file);
      return { id: `size-${kind}`, title: `package, .${kind}`, value: size, unit: 'MB' };
    }),
  );
}
