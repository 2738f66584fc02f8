import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { project, rpmPackage, version } from './build.ts';
import { lintian } from './lintian.ts';
import { ScratchRoot } from './scratch-root.ts';

const minutes = 60_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gandi-guest-other-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

it(
  'the Debian package is made for the other architecture as well',
  async () => {
    // The executable's runtime is in the cache, or comes from the npm registry. Compressing takes a minute: it is left out.
    const env = { COMPRESSION: 'none' };
    await execa('make', ['--no-print-directory', 'deb', 'ARCHITECTURE=arm64'], { cwd: project, env });
    const file = join(project, 'dist', `gandi-guest_${await version()}_arm64.deb`);
    const { stdout: fields } = await execa('dpkg-deb', ['--field', file, 'Package', 'Architecture']);
    expect(fields).toBe('Package: gandi-guest\nArchitecture: arm64');
    const complaints = (await lintian(file, folder)).split('\n');
    expect(complaints.filter((line) => !line.includes('uses-no-compression'))).toEqual([]);
    // It is code for x86-64, by a list of that runtime's pages.
    const { stdout: names } = await execa('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -t', file]);
    expect(names).toContain('./usr/lib/gandi/gandi-launcher\n');
    expect(names).not.toContain('gandi-read-ahead');
    const program = 'dpkg-deb --fsys-tarfile "$0" | tar -x --to-stdout ./usr/lib/gandi/gandi | head -c 20';
    const { stdout: head } = await execa('sh', ['-c', program, file], { encoding: 'buffer' });
    // e_machine of the ELF header (elf(5)): EM_AARCH64.
    expect(Buffer.from(head).readUInt16LE(18)).toBe(183);
    await rm(file);
  },
  10 * minutes,
);

it(
  'the RPM package is made by "make rpm" as users get it, and is small enough to download',
  async () => {
    const file = await rpmPackage();
    const fields = '%{NAME} %{ARCH} %{PAYLOADCOMPRESSOR}';
    const { stdout } = await execa('rpm', ['--query', '--package', '--queryformat', fields, file]);
    expect(stdout).toBe('gandi-guest x86_64 xz');
    expect((await stat(file)).size).toBeLessThanOrEqual(42_000_000);
    const root = await ScratchRoot.create();
    try {
      // A guest with RPM has no file of Debian's.
      await root.run('rm -rf /var/lib/dpkg /etc/default');
      await root.outside('rpm --root "$ROOT" --dbpath /var/lib/rpm --install --nodeps "$FILE"', {
        FILE: file,
      });
      expect(await root.run('gandi-guest --version')).toMatch(/^gandi-guest \d/);
    } finally {
      await root.remove();
    }
  },
  10 * minutes,
);
