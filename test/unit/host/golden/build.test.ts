import { describe, expect, it } from 'vitest';
import { FakeHost, WORK } from '../fake-host.ts';

const TREE = `${WORK}/tree`;
const BOOT = { [`${TREE}/boot/vmlinuz-6.1`]: '', [`${TREE}/boot/initrd.img-6.1`]: '' };
const APART = 'setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child';

/** The programs that were run, without virsh's commands and what only looks. */
const programs = (host: FakeHost) =>
  host.effects().filter((line) => /^(?:cp|ln|mke2fs|qemu-img|rm|setpriv|truncate|\/)/.test(line));

describe('a golden image that is built', () => {
  it('of nothing has the toolkit, what was asked for and a seal, and boots by its own kernel', async () => {
    const host = new FakeHost({ ...BOOT, '/root/setup.sh': 'echo hello\n', '/root/toolkit.deb': '' });
    const scripts: unknown[] = [];
    host.programs.setpriv = (argv, { input }) => {
      if (argv.at(-1) === '-s') scripts.push(input);
      return {};
    };
    host.programs[`${WORK}/gandi-guest`] = () => ({});
    const { status, stderr } = await host.gandiHost(
      ...['golden', 'create', 'web', '--toolkit', '/root/toolkit.deb', '--script', '/root/setup.sh'],
      ...['--packages', 'nginx,vim', '--remove-packages', 'sudo', '--suite', 'trixie', '--size', '2G'],
    );
    expect(stderr).not.toContain('gandi-host: web: failed');
    expect(status).toBe(0);
    const ran = programs(host);
    const at = (part: string) => ran.findIndex((line) => line.includes(part));
    const order = ['mmdebstrap', 'dpkg --install', 'chroot', 'seal --root', 'etc/machine-id', 'mke2fs'];
    const places = order.map(at);
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    const bootstrap = ran[at('mmdebstrap')] ?? '';
    expect(bootstrap).toContain(APART);
    expect(bootstrap).toContain(` trixie ${TREE} http://deb.debian.org/debian`);
    const [, packages = ''] = /--include=(\S+)/.exec(bootstrap) ?? [];
    expect(packages.split(',')).toEqual(expect.arrayContaining(['nginx', 'vim', 'systemd']));
    expect(packages.split(',')).not.toContain('sudo');
    expect(scripts).toEqual(['echo hello\n']);
    expect(ran[at('mke2fs')]).toContain(`-L root -d ${TREE} ${WORK}/disk.raw ${2 * 1024 ** 2}k`);
    // The toolkit's own record of the seal is not thrown away by what is done without a toolkit.
    expect(ran.filter((line) => line.startsWith('rm -rf')).join(' ')).not.toContain('var/lib/gandi');
    expect(host.storage.names()).toEqual(['web.v1.initrd', 'web.v1.kernel', 'web.v1.qcow2']);
    const [definition = ''] = host.xml.values();
    expect(definition).toContain('/web.v1.kernel</kernel>');
  });

  it('of a tree is a copy of it, and the tree is not touched', async () => {
    const host = new FakeHost({ ...BOOT, '/srv/tree/etc/os-release': '' });
    const { status } = await host.gandiHost(
      ...['golden', 'create', 'web', '--from', '/srv/tree', '--packages', 'vim', '--remove-packages', 'nano'],
    );
    expect(status).toBe(0);
    const ran = programs(host);
    expect(ran.slice(0, 4)).toEqual([
      `cp -a --reflink=auto /srv/tree ${TREE}`,
      `${APART} chroot ${TREE} apt-get --yes update`,
      `${APART} chroot ${TREE} apt-get --yes install --no-install-recommends vim`,
      `${APART} chroot ${TREE} apt-get --yes purge nano`,
    ]);
    expect(ran.slice(1).join('\n')).not.toContain('/srv/tree');
    // No toolkit that would have sealed it: what tells one guest from another goes all the same.
    expect(ran.find((line) => line.startsWith('rm -rf'))).toContain(`${TREE}/var/lib/gandi`);
  });

  it('takes a toolkit that is a tree as it is', async () => {
    const host = new FakeHost({
      ...BOOT,
      '/etc/gandi/host.conf': 'toolkit = /opt/toolkit/\n',
      '/opt/toolkit/x': '',
    });
    host.programs[`${WORK}/gandi-guest`] = () => ({});
    expect((await host.gandiHost('golden', 'create', 'web')).status).toBe(0);
    expect(programs(host)).toContain(`cp -a /opt/toolkit/. ${TREE}/`);
  });

  it('needs one kernel, for nobody can tell which of two is to boot; nothing of it stays', async () => {
    const host = new FakeHost({ ...BOOT, [`${TREE}/boot/vmlinuz-6.2`]: '', '/srv/tree/etc/os-release': '' });
    const { status, stderr } = await host.gandiHost('golden', 'create', 'web', '--from', '/srv/tree');
    expect(status).toBe(1);
    expect(stderr).toContain('the image has 2 files /boot/vmlinuz-*, expected one');
    expect(host.libvirt.domains).toEqual([]);
    expect(host.storage.names()).toEqual([]);
  });

  it('shows all of its commands in a dry run', async () => {
    const host = new FakeHost({ '/root/toolkit.deb': '' });
    const { stdout, status } = await host.gandiHost(
      ...['--dry-run', 'golden', 'create', 'web', '--toolkit', '/root/toolkit.deb'],
    );
    expect(status).toBe(0);
    for (const shown of ['mmdebstrap', 'mke2fs', 'web.v1.kernel', 'boot/vmlinuz-VERSION'])
      expect(stdout).toContain(shown);
    expect(programs(host)).toEqual([]);
  });
});
