import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { main as program } from '../../../src/guest/program.ts';
import { captureOutput } from '../captured-output.ts';
import { MIB, makeImage, run, text, writeAt } from '../images.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();
/** The program on this machine, whose images it works on. */
const main = (args: readonly string[]) => program(args, simulatedSystem());
const EXAMPLE = readFileSync('docs/example-config.json', 'utf8');
const JSON_WITH_TWO_FAULTS = JSON.stringify({
  ...JSON.parse(EXAMPLE),
  vm_hostname: 'a b',
  nameservers: ['ns.example.org'],
});

const inFolder = (files: Record<string, string>) => {
  const { root } = temporaryRoot({ '/etc/os-release': 'ID=debian\n', ...files });
  return (name: string) => `${root}/${name}`;
};

describe('gandi-guest', () => {
  it('lists its commands', async () => {
    expect(await main(['--help'])).toBe(0);
    for (const command of ['status', 'doctor', 'verify', 'inspect', 'accept', 'validate', 'seed', 'seal'])
      expect(said.stdout).toContain(`  ${command}`);
  });

  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['seed', 'config'], "required option '-o, --output <disk>' not specified"],
    [['seed', 'config', '-o', 'disk', '--layout', 'ntfs'], 'Allowed choices are gpt, raw, xen'],
    [['seed', 'config', '-o', 'disk', '--size', '0'], 'Expected a whole number above 0'],
    [['status', '--timeout', 'soon'], 'Expected a whole number above 0'],
  ])('%j is wrong usage', async (args, expected) => {
    expect(await main(args)).toBe(2);
    expect(said.stderr).toContain(expected);
    expect(said.stderr).toContain('--help');
  });
});

describe('verify', () => {
  it.each([
    [[], 'no configuration of a host is known\n'],
    [['--json'], '{\n "rows": []\n}\n'],
  ])('says of a machine that no host configured that nothing is known: %j', async (options, text) => {
    expect(await main(['verify', ...options])).toBe(3);
    expect(said.stdout).toBe(text);
  });
});

describe('validate', () => {
  it('calls a good configuration valid', async () => {
    const at = inFolder({ '/config': EXAMPLE });
    expect(await main(['validate', at('config')])).toBe(0);
    expect(said.stdout).toBe(`${at('config')}: a valid configuration\n`);
  });

  it('names each field of a bad one', async () => {
    const at = inFolder({ '/config': JSON_WITH_TWO_FAULTS });
    expect(await main(['validate', at('config')])).toBe(1);
    expect(said.stdout.split('\n')).toEqual([
      expect.stringContaining('vm_hostname: found "a b", expected'),
      expect.stringContaining('nameservers[0]: found "ns.example.org", expected'),
      '',
    ]);
  });

  it('gives the same as JSON', async () => {
    const at = inFolder({ '/config': JSON_WITH_TWO_FAULTS });
    expect(await main(['validate', '--json', at('config')])).toBe(1);
    const { what, problems } = JSON.parse(said.stdout);
    expect(what).toBe('configuration');
    expect(problems.map(({ path }: { path: string }) => path)).toEqual(['vm_hostname', 'nameservers[0]']);
  });

  it('checks one file of a seed, by its name', async () => {
    const at = inFolder({
      '/network-config': 'version: 2\nethernets: {eth0: {mtu: x}}\n',
      '/nodename': 'web1\n',
    });
    expect(await main(['validate', at('network-config')])).toBe(1);
    expect(said.stdout).toContain(
      'network: network-config ethernets.eth0.mtu at line 2, column 20: found "x"',
    );
    said.stdout = '';
    expect(await main(['validate', at('nodename')])).toBe(0);
    expect(said.stdout).toBe(`${at('nodename')}: a valid nodename\n`);
  });

  it('says what file it cannot read', async () => {
    await expect(main(['validate', '/nowhere/config'])).rejects.toThrow('/nowhere/config');
  });
});

describe('seed', () => {
  it.each(['gpt', 'raw', 'xen'])(
    'makes a disk of layout %s in which the archive is found',
    async (layout) => {
      const at = inFolder({ '/config': EXAMPLE, '/script': '#!/bin/sh\n', '/init': 'print()\n' });
      const parts = ['--script', at('script'), '--init', at('init'), '--layout', layout, '--size', '8'];
      expect(await main(['seed', at('config'), '-o', at('disk'), ...parts]), said.stderr).toBe(0);
      expect(statSync(at('disk'))).toMatchObject({ size: 8 * MIB });
      // It holds a password hash.
      expect(statSync(at('disk')).mode & 0o777).toBe(0o600);
      said.stdout = '';
      expect(await main(['validate', at('disk')])).toBe(0);
      expect(said.stdout).toBe(`${at('disk')}: a valid archive\n`);
      said.stdout = '';
      expect(await main(['inspect', '--root', at(''), '--seed', at('disk')])).toBe(0);
      expect(said.stdout).toMatch(/archive\tscript \(10 bytes\), init \(8 bytes\), config \(\d+ bytes\)/);
      expect(said.stdout).toContain('host name\tweb1\tvm_hostname');
      expect(said.stdout).not.toContain(JSON.parse(EXAMPLE).vm_conf.password);
    },
  );

  it('does not overwrite a file', async () => {
    const at = inFolder({ '/config': EXAMPLE, '/disk': 'precious' });
    await expect(main(['seed', at('config'), '-o', at('disk')])).rejects.toThrow('EEXIST');
    expect(readFileSync(at('disk'), 'utf8')).toBe('precious');
  });

  it('makes none of a configuration with problems, unless told to', async () => {
    const at = inFolder({ '/config': JSON_WITH_TWO_FAULTS });
    expect(await main(['seed', at('config'), '-o', at('disk')])).toBe(1);
    expect(said.stderr).toContain('vm_hostname: found "a b"');
    expect(said.stderr).toContain('no seed disk was made; correct the configuration, or use --force');
    expect(existsSync(at('disk'))).toBe(false);
    expect(await main(['seed', at('config'), '-o', at('disk'), '--force', '--size', '8'])).toBe(0);
    said.stdout = '';
    expect(await main(['inspect', '--json', '--root', at(''), '--seed', at('disk')])).toBe(1);
    expect(JSON.parse(said.stdout)).toMatchObject({
      state: 'new',
      problems: [{ path: 'vm_hostname' }, { path: 'nameservers[0]' }],
    });
  });

  it.each([
    [
      'nocloud',
      { 'meta-data': 'local-hostname: web1\n', 'network-config': 'version: 2\n' },
      'meta-data local-hostname',
    ],
    [
      'configdrive',
      {
        'meta_data.json':
          '{"uuid":"i","hostname":"web1","files":[{"path":"/etc/motd","content_path":"/content/0000"}]}',
        'network_data.json': '{}',
        user_data: '#!/bin/sh\n',
        'content/0000': 'hello\n',
      },
      'meta_data.json hostname',
    ],
    ['cpio', { nodename: 'web1\n', 'firstboot.sh': '#!/bin/sh\n' }, 'nodename'],
  ])('makes a seed of %s of the files in a directory', async (format, files, field) => {
    const named = Object.entries({ ...files, README: 'not one of them' }).map(([name, text]) => [
      `/in/${name}`,
      text,
    ]);
    const at = inFolder(Object.fromEntries(named));
    expect(await main(['seed', at('in'), '-o', at('disk'), '--format', format]), said.stderr).toBe(0);
    expect(said.stdout).toContain(`seed of ${format}`);
    expect(said.stderr).toBe(`${at('in')}: left out, for ${format} has no such files: README\n`);
    expect(statSync(at('disk')).mode & 0o777).toBe(0o600);
    said.stdout = '';
    expect(await main(['validate', at('disk')])).toBe(0);
    expect(said.stdout).toBe(`${at('disk')}: a valid seed of ${format}\n`);
    said.stdout = '';
    expect(await main(['inspect', '--root', at(''), '--seed', at('disk')])).toBe(0);
    expect(said.stdout).toContain(`host name\tweb1\t${field}`);
  });

  it('makes no seed of files with problems, of none, or with parts of Gandi’s disk', async () => {
    const at = inFolder({ '/in/meta-data': 'local-hostname: a_b\n', '/none/other': '' });
    const seed = (from: string, ...more: string[]) =>
      main(['seed', at(from), '-o', at('disk'), '--format', 'nocloud', ...more]);
    expect(await seed('in')).toBe(1);
    expect(said.stderr).toContain('host-name: meta-data local-hostname: found "a_b"');
    expect(await seed('none')).toBe(1);
    expect(said.stderr).toContain(
      'has no file of nocloud: meta-data, user-data, network-config, vendor-data',
    );
    expect(await seed('in', '--size', '8')).toBe(2);
    expect(said.stderr).toContain('gandi-guest: --size goes with --format gandi alone');
    expect(await main(['seed', at('in'), '-o', at('disk')])).toBe(2);
    expect(said.stderr).toContain(
      `${at('in')} is a directory; say with --format whose seed it is: nocloud, configdrive, cpio; try`,
    );
    expect(existsSync(at('disk'))).toBe(false);
    expect(await seed('in', '--force')).toBe(0);
    said.stdout = '';
    expect(await main(['validate', at('disk')])).toBe(1);
    expect(said.stdout).toContain('meta-data local-hostname: found "a_b"');
  });

  it('makes no ConfigDrive without what every one has, and says what lacks beside it', async () => {
    const files = { uuid: 'i', files: [{ path: '/etc/motd', content_path: '/content/0000' }] };
    const at = inFolder({ '/in/meta_data.json': JSON.stringify(files), '/none/user_data': '#!/bin/sh\n' });
    const seed = (from: string) => main(['seed', at(from), '-o', at('disk'), '--format', 'configdrive']);
    expect(await seed('none')).toBe(1);
    expect(said.stderr).toContain('has no meta_data.json, without which');
    expect(await seed('in')).toBe(1);
    expect(said.stderr).toContain('files: meta_data.json files[0]: found no file content/0000');
    expect(existsSync(at('disk'))).toBe(false);
    // One file alone says nothing of what lies beside it.
    expect(await main(['validate', at('in/meta_data.json')])).toBe(0);
  });

  it('takes modules only under the name that says their release', async () => {
    const at = inFolder({ '/config': EXAMPLE, '/modules.tar.gz': '' });
    const args = ['seed', at('config'), '-o', at('disk'), '--modules', at('modules.tar.gz')];
    await expect(main(args)).rejects.toThrow('"modules.tar.gz" is no modules archive');
    expect(existsSync(at('disk'))).toBe(false);
  });
});

describe('inspect', () => {
  it('finds nothing in an image that was never configured', async () => {
    const at = inFolder({});
    expect(await main(['inspect', '--root', at('')])).toBe(3);
    expect(said.stdout).toContain('configuration\tnone was found\n');
    expect(said.stdout).toContain('swap disk\tnone was found\n');
  });

  it('shows what an earlier boot stored, and what is refused of it', async () => {
    const at = inFolder({ '/gandi/config': JSON_WITH_TWO_FAULTS });
    expect(await main(['inspect', '--root', at('')])).toBe(1);
    expect(said.stdout).toContain('configuration\tkept: /gandi/config\n');
    expect(said.stdout).toContain('refused host-name: vm_hostname: found "a b"');
  });

  it('shows what the source calls this guest', async () => {
    const at = inFolder({ '/in/meta-data': 'instance-id: iid-1\n' });
    await main(['seed', at('in'), '-o', at('disk'), '--format', 'nocloud']);
    const inspect = ['inspect', '--root', at(''), '--seed', at('disk')];
    await main(inspect);
    expect(said.stdout).toContain('instance id\tiid-1\n');
    said.stdout = '';
    await main([...inspect, '--json']);
    expect(JSON.parse(said.stdout)).toMatchObject({ instanceId: 'iid-1' });
  });

  it('says where an archive was looked for in a disk that has none', async () => {
    const disk = makeImage(4 * MIB);
    await expect(main(['inspect', '--root', inFolder({})(''), '--seed', disk])).rejects.toThrow(
      `${disk} holds no archive of a host (tried byte 0, byte 524288)`,
    );
  });

  it('says what is wrong with an archive that was cut off', async () => {
    const at = inFolder({ '/config': EXAMPLE });
    await main(['seed', at('config'), '-o', at('disk'), '--layout', 'raw', '--size', '8']);
    // The configuration's own header, the last one.
    writeAt(at('disk'), 524_288 + 512, text('\0'.repeat(512)));
    expect(await main(['inspect', '--root', at(''), '--seed', at('disk')])).toBe(1);
    expect(said.stdout).toMatch(/refused archive: /);
    said.stdout = '';
    expect(await main(['validate', at('disk')])).toBe(1);
    expect(said.stdout).toMatch(/disk: archive: /);
  });
});

const HEALTHY = {
  '/usr/lib/systemd/system/gandi-bootstrap.service': '',
  '/etc/systemd/system/sysinit.target.wants/gandi-bootstrap.service': '',
  '/etc/network/interfaces': 'auto lo\niface lo inet loopback\n',
  '/usr/sbin/ifup': '',
  '/sbin/ifup': '',
  '/boot/vmlinuz-6.1.0-13-amd64': '',
  '/boot/config-6.1.0-13-amd64': 'CONFIG_XEN=y\nCONFIG_XEN_BLKDEV_FRONTEND=m\nCONFIG_XEN_NETDEV_FRONTEND=m\n',
  '/boot/grub/grub.cfg': 'linux /vmlinuz root=UUID=x\n',
};

describe('doctor', () => {
  it('tells each problem with what to do', async () => {
    const at = inFolder({ '/etc/default/gandi': 'CONFIG_CRN=0\n' });
    expect(await main(['doctor', '--root', at('')])).toBe(1);
    expect(said.stdout).toContain('warning /etc/default/gandi line 1: ');
    expect(said.stdout).toMatch(/^problem .*\n {8}to do: /m);
  });

  it('tells the same as JSON', async () => {
    const at = inFolder({ '/etc/default/gandi': 'CONFIG_CRN=0\n' });
    expect(await main(['doctor', '--json', '--root', at('')])).toBe(1);
    const { findings } = JSON.parse(said.stdout);
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'warning', subject: '/etc/default/gandi line 1' }),
    );
  });

  it('finds a guest ready for Xen', async () => {
    expect(await main(['doctor', '--xen', '--root', inFolder(HEALTHY)('')]), said.stdout).toBe(0);
    expect(said.stdout).toBe('ready to move to Xen\n');
  });

  it('doctor sets nothing right but with --xen, and says so', async () => {
    expect(await main(['doctor', '--fix', '--root', temporaryRoot({}).root])).toBe(2);
    expect(said.stderr).toBe("gandi-guest: --fix goes with --xen; try 'gandi-guest doctor --help'\n");
    expect(said.stdout).toBe('');
  });

  it('sets right what it can for Xen, and leaves the rest', async () => {
    const { '/boot/grub/grub.cfg': _, ...withoutLoader } = HEALTHY;
    const files = {
      ...withoutLoader,
      '/etc/fstab': '/dev/sda1 / ext4 defaults 0 1\n',
      '/dev/disk/by-uuid/0000-1111': '',
    };
    const root = temporaryRoot(files);
    run('ln', ['-sf', '../../sda1', `${root.root}/dev/disk/by-uuid/0000-1111`]);
    expect(await main(['doctor', '--xen', '--fix', '--root', root.root])).toBe(1);
    expect(root.readText('/etc/fstab')).toBe('UUID=0000-1111 / ext4 defaults 0 1\n');
    expect(said.stdout).toContain('done: write /etc/fstab');
    expect(said.stdout).toContain('problem boot loader: ');
    expect(said.stdout).not.toContain('problem /etc/fstab');
  });

  it('says what it could not set right', async () => {
    const root = temporaryRoot({ ...HEALTHY, '/etc/fstab': '/dev/sda1 / ext4 defaults 0 1\n', '/dev/x': '' });
    run('mkdir', ['-p', `${root.root}/dev/disk/by-uuid`]);
    run('ln', ['-sf', '../../sda1', `${root.root}/dev/disk/by-uuid/0000-1111`]);
    // All names that the new file could have until it is whole are taken.
    const taken = ['', ...Array.from({ length: 99 }, (_, index) => `-${index + 1}`)];
    run('mkdir', ['-p', ...taken.map((number) => `${root.root}/etc/.fstab.gandi-new${number}`)]);
    expect(await main(['doctor', '--xen', '--fix', '--root', root.root])).toBe(1);
    expect(said.stdout).toContain('failed: /etc/fstab: ');
    expect(root.readText('/etc/fstab')).toBe('/dev/sda1 / ext4 defaults 0 1\n');
  });
});

describe('decompress-kernel', () => {
  it('leaves a kernel alone where neither Xen PV nor a setting asks for it', async () => {
    const at = inFolder({ '/vmlinuz': 'MZ kernel' });
    expect(await main(['decompress-kernel', at('vmlinuz')])).toBe(0);
    expect(readFileSync(at('vmlinuz'), 'utf8')).toBe('MZ kernel');
  });
});

describe('status', () => {
  it('waits no longer than it may', async () => {
    const { root } = temporaryRoot({ '/usr/lib/systemd/system/gandi-bootstrap.service': '' });
    expect(await main(['status', '--wait', '--timeout', '1', '--root', root])).toBe(3);
    expect(said.stdout).toContain('not-run');
  });
});
