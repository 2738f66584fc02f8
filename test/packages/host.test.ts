import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { project, quickPackage, version } from './build.ts';
import { lintian } from './lintian.ts';
import { ScratchRoot } from './scratch-root.ts';

const UNIT = 'gandi-host-order.service';

const FILES = [
  '/usr/bin/gandi-host',
  '/usr/lib/systemd/system/gandi-host-golden-update.service',
  '/usr/lib/systemd/system/gandi-host-golden-update.timer',
  '/usr/lib/systemd/system/gandi-host-order.service',
  '/usr/share/bash-completion/completions/gandi-host',
  '/usr/share/doc/gandi-host/RUNTIME-LICENSES',
  '/usr/share/doc/gandi-host/THIRD-PARTY-LICENSES',
  '/usr/share/fish/vendor_completions.d/gandi-host.fish',
];

let folder: string;
let root: ScratchRoot;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gandi-host-packages-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  root = await ScratchRoot.create();
});
afterEach(async () => {
  await root.remove();
});

const isEnabled = () => root.run(`systemctl is-enabled ${UNIT} || true`);

describe('the Debian package of gandi-host', () => {
  let deb: string;
  beforeAll(async () => {
    deb = await quickPackage('deb', folder, {}, project, 'gandi-host');
  });

  it('has nothing that lintian complains about, and all its files', async () => {
    // This one is not compressed, which saves a minute.
    const said = (await lintian(deb, folder))
      .split('\n')
      .filter((line) => !line.includes('uses-no-compression'));
    expect(said.join('\n')).toBe('');
    const { stdout } = await execa('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -t', deb]);
    const files = stdout.split('\n').filter((name) => !name.endsWith('/'));
    const manual = ['/usr/share/man/man8/gandi-host.8.gz', '/usr/share/zsh/vendor-completions/_gandi-host'];
    expect(files.map((name) => name.slice(1))).toEqual(expect.arrayContaining([...FILES, ...manual]));
    // A guest carries none of it, and a host nothing of the guest's.
    expect(files.filter((name) => /gandi-(guest|bootstrap|mount)/.test(name))).toEqual([]);
  });

  it('is installed, updated and removed without a trace, and its unit stays as the admin has it', async () => {
    const before = await root.snapshot();
    await root.install(deb, ['--force-depends']);
    expect(await root.run('gandi-host --version')).toBe(`gandi-host ${await version()}`);
    expect(await isEnabled()).toBe('enabled');
    await root.run(`systemctl disable ${UNIT} 2>&1`);
    await root.install(deb, ['--force-depends']);
    expect(await isEnabled()).toBe('disabled');
    await root.run('dpkg --purge gandi-host');
    const ignored = /^\.\/var\/(lib\/systemd|log)/;
    const left = (await root.snapshot()).filter((line) => !ignored.test(line));
    expect(left).toEqual(before.filter((line) => !ignored.test(line)));
  });
});

describe('the RPM package of gandi-host', () => {
  it('is installed, updated and erased, and its unit stays as the admin has it', async () => {
    const first = await quickPackage('rpm', folder, {}, project, 'gandi-host');
    const second = await quickPackage('rpm', folder, { RELEASE: '2' }, project, 'gandi-host');
    await root.run('rm -rf /var/lib/dpkg');
    const rpm = (options: string, file = '') =>
      root.outside(`rpm --root "$ROOT" --dbpath /var/lib/rpm ${options} $FILE`, { FILE: file });
    await rpm('--install --nodeps', first);
    expect(await rpm('--verify --nodeps gandi-host')).toBe('');
    expect(await root.existing([...FILES, '/usr/share/zsh/site-functions/_gandi-host'])).toHaveLength(
      FILES.length + 1,
    );
    expect(await isEnabled()).toBe('enabled');
    await root.run(`systemctl disable ${UNIT} 2>&1`);
    await rpm('--upgrade --nodeps', second);
    expect(await isEnabled()).toBe('disabled');
    await rpm('--erase --nodeps gandi-host');
    expect(await root.existing([...FILES, '/usr/share/doc/gandi-host'])).toEqual([]);
  });
});
