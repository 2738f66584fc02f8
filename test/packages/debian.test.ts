import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { debianPackage, project, quickPackage } from './build.ts';
import { ScratchRoot } from './scratch-root.ts';

const MEGABYTE = 1_000_000;

let folder: string;
let delivered: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gandi-guest-debian-'));
  delivered = await debianPackage();
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('the Debian package', () => {
  it('has nothing that lintian complains about', async () => {
    // It leaves files in its temporary directory.
    const env = { TMPDIR: folder };
    const { all } = await execa('lintian', ['--allow-root', '--fail-on=none', delivered], { all: true, env });
    expect(all).toBe('');
  });

  it('is small enough to download', async () => {
    expect((await stat(delivered)).size).toBeLessThanOrEqual(42 * MEGABYTE);
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

  it('is the same to the byte when it is built elsewhere', async () => {
    const copy = join(folder, 'copy');
    // All that is in the repository, with changes that are not committed yet.
    const list = 'git ls-files -z --cached --others --exclude-standard -- . ":!node_modules"';
    await execa('sh', ['-c', `mkdir "$0" && ${list} | xargs -0 cp --parents --target-directory="$0"`, copy], {
      cwd: project,
    });
    await symlink(join(project, 'node_modules'), join(copy, 'node_modules'));
    await execa('make', ['--no-print-directory', 'build'], { cwd: copy });
    const second = await quickPackage('deb', folder, {}, copy);
    const hash = async (file: string) => {
      const parts = ['--fsys-tarfile', '--ctrl-tarfile'].map((part) => `dpkg-deb ${part} "$0" | sha256sum`);
      return (await execa('sh', ['-c', parts.join(';'), file])).stdout;
    };
    expect(await hash(second)).toBe(await hash(delivered));
  });
});

describe('in a Debian that is set up', () => {
  let root: ScratchRoot;
  let deb: string;

  beforeAll(async () => {
    deb = await quickPackage('deb', folder);
  });
  beforeEach(async () => {
    root = await ScratchRoot.create();
  });
  afterEach(async () => {
    await root.remove();
  });

  const enabled = "find /etc/systemd/system -name 'gandi-*' -printf '%P -> %l\\n' | sort";
  const links = [
    'multi-user.target.wants/gandi-config.service -> /lib/systemd/system/gandi-config.service',
    'multi-user.target.wants/gandi-mount.service -> /lib/systemd/system/gandi-mount.service',
    'multi-user.target.wants/gandi-postboot-background.service -> /lib/systemd/system/gandi-postboot-background.service',
    'multi-user.target.wants/gandi-postboot.service -> /lib/systemd/system/gandi-postboot.service',
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
