import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { attachmentOf } from '../../../src/machine/devices/attachment.ts';
import { listBlockDevices } from '../../../src/machine/devices/block-devices.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { loadHostConfiguration } from '../../../src/metadata/choose.ts';
import type { GuestConfig } from '../../../src/metadata/guest-config.ts';
import { makeNoCloudSeed } from '../../../src/metadata/nocloud/seed.ts';
import { makeSysfs } from '../sysfs.ts';
import { temporaryRoot } from '../temporary-root.ts';

let disks: string;

beforeAll(() => {
  // The kernel's name of a disk may hold a slash: so these files can have names of devices.
  disks = mkdtempSync('/dev/shm/gandi-guest-');
});

afterAll(() => rmSync(disks, { recursive: true }));

const LIVE = {
  '/proc/swaps': 'headings\n',
  '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n',
  '/proc/cmdline': 'quiet\n',
};

function put({ root }: Files, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Has a disk appear in a guest. */
function attach(files: Files, name: string, target: number, bytes: Uint8Array): string {
  const path = join(disks, name);
  writeFileSync(path, bytes);
  const disk = {
    name: `shm!${basename(disks)}!${name}`,
    number: `8:${target * 16}`,
    size: bytes.length,
    attached: { scsi: `2:0:${target}:0` },
  };
  for (const [entry, content] of Object.entries(makeSysfs([disk]))) {
    mkdirSync(dirname(join(files.root, entry)), { recursive: true });
    if (typeof content === 'string') writeFileSync(join(files.root, entry), content);
    else if ('link' in content) symlinkSync(content.link, join(files.root, entry));
  }
  return path;
}

const seed = (hostName: string) =>
  makeNoCloudSeed({ 'meta-data': Buffer.from(`instance-id: iid-1\nlocal-hostname: ${hostName}\n`) });

const STATIC: GuestConfig = {
  hostName: 'web1',
  interfaces: [
    { id: 'eth0', name: 'eth0', addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24 }] },
  ],
};

/** What an earlier boot learned. */
function remember(files: Files, source: string, attachment: string, config: unknown = STATIC): void {
  const stored = {
    layout: 1,
    source,
    attachment,
    origin: source,
    config,
    refused: [],
    problems: [],
    origins: [],
  };
  put(files, '/var/lib/gandi/source.json', JSON.stringify(stored));
}

const look = (files: Files, sources = ['all']) =>
  loadHostConfiguration({
    files,
    commands: systemCommands,
    live: true,
    hypervisor: 'kvm',
    sources,
    waitSeconds: 0,
  });

const attachmentIn = (files: Files, node: string) =>
  listBlockDevices(files)
    .filter((device) => device.node === node)
    .map(attachmentOf)[0] ?? '';

describe('a guest whose volume is gone', () => {
  it.each([
    ['the kernel command line', '/proc/cmdline', 'quiet ds=nocloud;h=other;i=2\n'],
    ['DMI', '/sys/class/dmi/id/product_serial', 'ds=nocloud;i=2\n'],
    ['a directory of the image', '/var/lib/cloud/seed/nocloud/meta-data', 'local-hostname: other\n'],
  ])('keeps what it said, whatever is left in %s', async (_, path, text) => {
    const files = temporaryRoot({ ...LIVE, '/var/lib/cloud/seed/nocloud/user-data': '' });
    remember(files, 'nocloud', '/sys/devices/pci/scsi/0:1:0');
    put(files, path, text);
    const host = await look(files);
    expect(host).toMatchObject({ state: 'kept', parsed: { config: STATIC, problems: [] } });
  });

  it.each([
    ['the kernel command line', { '/proc/cmdline': 'quiet ds=nocloud;h=other;i=2\n' }],
    [
      '/var/lib/cloud/seed/nocloud/',
      {
        '/var/lib/cloud/seed/nocloud/meta-data': 'local-hostname: other\n',
        '/var/lib/cloud/seed/nocloud/user-data': '',
      },
    ],
  ])('still hears %s where that is what configured it', async (place, entries) => {
    const files = temporaryRoot({ ...LIVE, ...entries });
    remember(files, 'nocloud', place);
    expect(await look(files)).toMatchObject({ state: 'new', parsed: { config: { hostName: 'other' } } });
  });
});

describe('a source that CONFIG_SOURCES leaves out', () => {
  it.each([[['gandi']], [['none']], [['cpio', 'gandi']]])(
    'counts no more, though it was remembered: %j',
    async (sources) => {
      const files = temporaryRoot(LIVE);
      remember(files, 'nocloud', attachmentIn(files, attach(files, 'sda', 0, seed('web2'))));
      const host = await look(files, sources);
      expect(host).toMatchObject({ state: 'none', origin: expect.stringContaining('nocloud') });
      expect(host.parsed.config).toEqual({});
    },
  );

  it('counts while it is named', async () => {
    const files = temporaryRoot(LIVE);
    remember(files, 'nocloud', '/sys/devices/pci/scsi/0:1:0');
    expect(await look(files, ['nocloud'])).toMatchObject({ state: 'kept', parsed: { config: STATIC } });
  });

  it('says nothing for an unpacked image either', async () => {
    const files = temporaryRoot({ '/gandi/config': '{"vm_hostname":"earlier"}' });
    const image = {
      files,
      commands: systemCommands,
      live: false,
      hypervisor: 'kvm',
      waitSeconds: 0,
    } as const;
    expect(await loadHostConfiguration({ ...image, sources: ['nocloud'] })).toMatchObject({ state: 'none' });
    expect(await loadHostConfiguration({ ...image, sources: ['gandi'] })).toMatchObject({ state: 'kept' });
  });
});
