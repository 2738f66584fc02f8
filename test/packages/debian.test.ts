import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder } from '../guest/cache.ts';
import { copyRepository, debianPackage, project, quickPackage, version } from './build.ts';
import { lintian } from './lintian.ts';
import { ScratchRoot } from './scratch-root.ts';

const MEGABYTE = 1_000_000;

let folder: string;
let delivered: string;
/** The same, not compressed. */
let deb: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gandi-guest-debian-'));
  delivered = await debianPackage();
  deb = await quickPackage('deb', folder);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('the Debian package', () => {
  it('has nothing that lintian complains about', async () => {
    expect(await lintian(delivered, folder)).toBe('');
  });

  it.each(['bookworm', 'trixie'] as const)(
    'is installed by apt as it is delivered, on Debian %s',
    async (suite) => {
      const root = await ScratchRoot.create(suite);
      try {
        await root.installByApt(delivered);
        expect(await root.run('gandi-guest --version')).toBe(`gandi-guest ${await version()}`);
        expect(await root.run('dpkg --audit; dpkg --list gandi-guest | tail -n 1')).toMatch(
          /^ii {2}gandi-guest /,
        );
        expect(await root.outside('debsums --root="$ROOT" --all --silent gandi-guest')).toBe('');
      } finally {
        await root.remove();
      }
    },
  );

  it('has an executable that others, who package it anew, may strip', async () => {
    const stripped = join(folder, 'gandi');
    for (const name of ['gandi', 'gandi-host']) {
      await execa('strip', [join(project, 'dist', name), '-o', stripped]);
      const program = name === 'gandi' ? ['gandi-guest'] : [];
      const { stdout } = await execa(stripped, [...program, '--version']);
      expect(stdout).toMatch(new RegExp(`^gandi-(guest|host) ${await version()}$`));
    }
  });

  it('is small enough to download', async () => {
    expect((await stat(delivered)).size).toBeLessThanOrEqual(43 * MEGABYTE);
  });

  it('leaves the admin’s files to the admin', async () => {
    const { stdout } = await execa('dpkg-deb', ['--info', delivered, 'conffiles']);
    const { stdout: files } = await execa('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -t', delivered]);
    const inEtc = files
      .split('\n')
      .filter((name) => name.startsWith('./etc/') && !name.endsWith('/'))
      .map((name) => name.slice(1));
    expect(stdout.split('\n').sort()).toEqual(inEtc.sort());
    expect(inEtc).toContain('/etc/default/gandi');
    // gandi-mount writes the former, systemd's tools the latter.
    expect(inEtc.filter((name) => /auto\.master\.d|systemd/.test(name))).toEqual([]);
  });

  it('brings the licences of its runtime, and has Debian’s own texts by name', async () => {
    const { stdout } = await execa('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -t', delivered]);
    const place = './usr/share/doc/gandi-guest/';
    expect(stdout.split('\n')).toEqual(expect.arrayContaining([`${place}RUNTIME-LICENSES`]));
    for (const text of ['LGPL-2', 'LGPL-2.1', 'Apache-2.0']) expect(stdout).not.toContain(`${place}${text}`);
  });

  it('is the same to the byte when it is built elsewhere', async () => {
    const copy = join(folder, 'copy');
    await copyRepository(copy);
    // As a machine with other devices and settings, and without sfdisk.
    const hidden =
      'for d in /sys /run /etc/default /etc/systemd /sbin /usr/sbin; do mount -t tmpfs t $d; done';
    const another = ['--mount', 'sh', '-c', `${hidden}; exec "$@"`, 'sh'];
    const env = { HOME: folder, TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', GANDI_GUEST_CACHE: cacheFolder() };
    await execa('unshare', [...another, 'make', '--no-print-directory', 'build'], { cwd: copy, env });
    await mkdir(join(folder, 'elsewhere'));
    const second = await quickPackage('deb', join(folder, 'elsewhere'), {}, copy);
    // Whole, and what is in it beside what is delivered: compressing it once more takes a minute.
    await execa('cmp', [second, deb]);
    const hash = async (file: string) => {
      const parts = ['--fsys-tarfile', '--ctrl-tarfile'].map((part) => `dpkg-deb ${part} "$0" | sha256sum`);
      return (await execa('sh', ['-c', parts.join(';'), file])).stdout;
    };
    expect(await hash(second)).toBe(await hash(delivered));
  });

  it('has the time of the changelog, whatever the clock said when it was built', async () => {
    const list = 'dpkg-deb --fsys-tarfile "$0" | tar --list --verbose --full-time --utc';
    const { stdout } = await execa('sh', ['-c', list, delivered]);
    const times = stdout.split('\n').map((line) => line.trim().split(/\s+/).slice(3, 5).join(' '));
    const changelog = join(project, 'packaging/debian/changelog');
    const { stdout: date } = await execa('dpkg-parsechangelog', [
      `--file=${changelog}`,
      '--show-field=Timestamp',
    ]);
    const time = new Date(Number(date) * 1000).toISOString();
    expect([...new Set(times)]).toEqual([`${time.slice(0, 10)} ${time.slice(11, 19)}`]);
  });
});

describe('in a Debian that is set up', () => {
  let root: ScratchRoot;

  beforeEach(async () => {
    root = await ScratchRoot.create();
  });
  afterEach(async () => {
    await root.remove();
  });

  const enabled = "find /etc/systemd/system -name 'gandi-*' -printf '%P -> %l\\n' | sort";
  const links = [
    'multi-user.target.wants/gandi-config.service -> /lib/systemd/system/gandi-config.service',
    'multi-user.target.wants/gandi-metadata.service -> /lib/systemd/system/gandi-metadata.service',
    'multi-user.target.wants/gandi-mount.service -> /lib/systemd/system/gandi-mount.service',
    'multi-user.target.wants/gandi-postboot-background.service -> /lib/systemd/system/gandi-postboot-background.service',
    'multi-user.target.wants/gandi-postboot.service -> /lib/systemd/system/gandi-postboot.service',
    'multi-user.target.wants/gandi-ready.service -> /lib/systemd/system/gandi-ready.service',
    'sysinit.target.wants/gandi-bootstrap.service -> /lib/systemd/system/gandi-bootstrap.service',
  ].join('\n');

  it('is installed, removed, purged and installed again without a trace', async () => {
    const before = await root.snapshot();
    await root.install(deb);
    expect(await root.outside('debsums --root="$ROOT" --all --silent gandi-guest')).toBe('');
    expect(await root.run(enabled)).toBe(links);
    expect(await root.run('gandi-guest --version')).toMatch(/^gandi-guest \d/);

    // As after some boots.
    await root.run(`mkdir -p /gandi /var/lib/gandi/backup /run/gandi
      echo '{}' > /gandi/config; echo mine > /gandi/notes; echo x > /gandi/6.1.0-modules.tar.gz
      echo '{}' > /var/lib/gandi/applied.json; echo '{}' > /var/log/gandi.log; touch /var/log/gandi.log.1.gz
      echo x > /var/log/gandi-postboot.log
      echo CONFIG_MOTD=0 >> /etc/default/gandi; systemctl disable gandi-mount.service 2>&1`);
    await root.run('dpkg --remove gandi-guest');
    expect(await root.run('tail -n 1 /etc/default/gandi; cat /gandi/config')).toBe('CONFIG_MOTD=0\n{}');

    // The admin's word outlives the removal.
    await root.install(deb);
    expect(await root.run('tail -n 1 /etc/default/gandi')).toBe('CONFIG_MOTD=0');
    expect(await root.run(enabled)).not.toContain('gandi-mount');

    await root.run('dpkg --purge gandi-guest');
    expect(await root.read('/gandi/notes')).toBe('mine');
    await root.run('rm -r /gandi');
    expect(await root.snapshot()).toEqual(before);

    await root.install(deb);
    expect(await root.run(enabled)).toBe(links);
    expect(await root.outside('debsums --root="$ROOT" --all --silent gandi-guest')).toBe('');
  });

  it('keeps what the admin turned off when it is installed again', async () => {
    await root.install(deb);
    await root.run('systemctl disable gandi-postboot.service 2>&1; systemctl mask gandi-config.service 2>&1');
    await root.install(deb);
    expect(await root.run('systemctl is-enabled gandi-postboot gandi-config gandi-mount || true')).toBe(
      'disabled\nmasked\nenabled',
    );
  });

  it('goes into an image from outside, with scripts that never enter it', async () => {
    const before = await root.snapshot();
    // dpkg looks owners up outside; a builder of images has the same ones there.
    const sameGroups =
      'mount --bind "$ROOT/etc/passwd" /etc/passwd; mount --bind "$ROOT/etc/group" /etc/group';
    const dpkg = `${sameGroups}; dpkg --root="$ROOT" --force-script-chrootless`;
    await root.outside(`${dpkg} --install "$DEB"`, { DEB: deb });
    expect(await root.run(enabled)).toBe(links);
    await root.run(
      "mkdir /gandi /var/lib/gandi; echo '{}' | tee /gandi/config > /var/lib/gandi/applied.json",
    );
    await root.outside(`${dpkg} --purge gandi-guest`);
    expect(await root.snapshot()).toEqual(before);
  });
});
