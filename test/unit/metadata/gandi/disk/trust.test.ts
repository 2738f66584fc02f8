import { describe, expect, it } from 'vitest';
import type { RememberedDisk } from '../../../../../src/metadata/gandi/disk/host-disk.ts';
import { text } from '../../../images.ts';
import type { FakeDisk } from '../../../sysfs.ts';
import { ARCHIVE, find, MARK, partition, SIZE, scsi, swap, XFS, xen } from '../swap-machine.ts';

const virtio = (name: string, index: number, more: Partial<FakeDisk> = {}): FakeDisk => ({
  name,
  number: `254:${index * 16}`,
  size: SIZE,
  attached: { virtio: index },
  ...more,
});
const disks = [scsi('sda', 0), scsi('sdb', 1)];
const CONFIGURED = { firstBoot: false };
const told = (problems: { path: string; found: string; expected: string }[]) =>
  problems.map(({ path, found }) => `${path}: ${found}`);
const IN_SWAP = (node: string) =>
  `${node}: an archive in a swap area, at byte 524288, where any process can write`;

describe('an archive in a swap area', () => {
  const uuid = '01010101-0101-0101-0101-010101010101';
  const withUuid = () => {
    const area = swap('swap');
    area[0]?.fill(1, 1036, 1052);
    return area;
  };

  it.each([
    ['ordinary', swap()],
    ['of another label', swap('other')],
    ['of version 2, which excluded nothing', swap('swap')],
    ['that excludes another page', swap('swap', [127, 129])],
    ['that counts in pages of 64 KiB and excludes the 128th', swap('swap', [128], 65536)],
    ['of the other order of bytes', swap('swap', [], 4096, false)],
  ])('is not believed in a configured guest where the area is one %s', (_, area) => {
    const found = find({
      disks,
      root: '8:0',
      content: { '/dev/sdb': { ...area, ...ARCHIVE } },
      knowledge: CONFIGURED,
    });
    expect(found.summary).toEqual(['/dev/sdb swap']);
    expect(told(found.problems)).toEqual([IN_SWAP('/dev/sdb')]);
  });

  it.each([
    ['the page of 4 KiB', swap('swap', [128])],
    ['the page of 64 KiB', swap('other', [8], 65536)],
    ['the page in the other order of bytes', swap('swap', [128], 4096, false)],
  ])('is believed where the header excludes %s', (_, area) => {
    const found = find({
      disks,
      root: '8:0',
      content: { '/dev/sdb': { ...area, ...ARCHIVE } },
      knowledge: CONFIGURED,
    });
    expect(found.summary).toEqual(['/dev/sdb swap /dev/sdb']);
    expect(found.problems).toEqual([]);
  });

  it('is believed at the first boot of a guest where label or place proves the disk, and no other', () => {
    const content = { '/dev/sdb': { ...swap('swap'), ...ARCHIVE } };
    expect(find({ disks, root: '8:0', content }).summary).toEqual(['/dev/sdb swap /dev/sdb']);
    const elsewhere = [virtio('vda', 0), virtio('vdb', 1)];
    const other = find({
      disks: elsewhere,
      root: '254:0',
      content: { '/dev/vdb': { ...swap('swap'), ...ARCHIVE } },
    });
    expect(other.summary).toEqual(['/dev/vdb swap']);
    expect(told(other.problems)).toEqual([IN_SWAP('/dev/vdb')]);
  });

  it('is not believed at the first boot with the packages where the area was in use before', () => {
    const content = { '/dev/sdb': { ...withUuid(), ...ARCHIVE } };
    const found = find({ disks, root: '8:0', content, knowledge: { earlierSwaps: new Set([uuid]) } });
    expect(found.summary).toEqual(['/dev/sdb swap']);
    expect(found.problems).toHaveLength(1);
  });

  it('is not believed for its label alone in a configured guest', () => {
    const content = { '/dev/vdb': { ...swap('swap', [128]), ...ARCHIVE } };
    const machine = { disks: [scsi('sda', 0), virtio('vdb', 1)], root: '8:0', content };
    const found = find({ ...machine, knowledge: CONFIGURED });
    expect(found.summary).toEqual(['/dev/vdb swap']);
    expect(found.problems[0]?.expected).toContain('"gandi-guest accept /dev/vdb"');
    expect(find({ ...machine, knowledge: { firstBoot: true } }).summary).toEqual(['/dev/vdb swap /dev/vdb']);
  });

  it('never makes a disk the host’s', () => {
    for (const knowledge of [CONFIGURED, {}]) {
      const machine = [virtio('vda', 0), virtio('vdb', 1)];
      const found = find({
        disks: machine,
        root: '254:0',
        content: { '/dev/vdb': { ...swap(), ...ARCHIVE } },
        knowledge,
      });
      expect(found.summary).toEqual([]);
      expect(told(found.problems)).toEqual([IN_SWAP('/dev/vdb')]);
      expect(found.problems[0]?.expected).toContain('"gandi-guest accept /dev/vdb"');
    }
  });

  it('does not hide the one in the gap before its partition', () => {
    const table = scsi('sdb', 1, { partitions: [partition('sdb1', 1, 'gandiswap')] });
    const content = { '/dev/sdb': ARCHIVE, '/dev/sdb1': { ...swap('swap'), ...ARCHIVE } };
    const found = find({ disks: [scsi('sda', 0), table], root: '8:0', content, knowledge: CONFIGURED });
    expect(found.summary).toEqual(['/dev/sdb1 swap /dev/sdb']);
    expect(told(found.problems)).toEqual([IN_SWAP('/dev/sdb1')]);
  });

  // mkswap(8) leaves a partition table where it is, for it may be boot code.
  it.each([
    ['in the gap before its partition', { '/dev/sdb': { ...swap(), ...ARCHIVE } }],
    ['in its partition', { '/dev/sdb': swap(), '/dev/sdb1': { ...swap('swap', [128]), ...ARCHIVE } }],
    ['in its blank partition', { '/dev/sdb': swap('swap', [128]), '/dev/sdb1': ARCHIVE }],
  ])('is nobody’s word where the whole disk is one, %s', (_, content) => {
    const table = scsi('sdb', 1, { partitions: [partition('sdb1', 1, 'gandiswap')] });
    for (const knowledge of [CONFIGURED, {}]) {
      const found = find({ disks: [scsi('sda', 0), table], root: '8:0', content, knowledge });
      expect(found.summary).toEqual(['/dev/sdb1 foreign']);
      expect(found.first?.swap.content).toMatch(/^swap area.* on its whole disk$/);
      expect(told(found.problems)).toEqual([
        expect.stringMatching(
          /^\/dev\/sdb1: an archive at byte 524288, beside swap area.* on its whole disk$/,
        ),
      ]);
    }
  });

  it('is nobody’s word where udev knows something of the whole disk', () => {
    const table = scsi('sdb', 1, { partitions: [partition('sdb1', 1, 'gandiswap')] });
    const machine = { disks: [scsi('sda', 0), table], root: '8:0', content: { '/dev/sdb': ARCHIVE } };
    const udev = (lines: string) => ({ '8:16': `E:ID_PART_TABLE_TYPE=gpt\n${lines}` });
    expect(find({ ...machine, udev: udev('') }).summary).toEqual(['/dev/sdb1 archive /dev/sdb']);
    expect(find({ ...machine, udev: udev('E:ID_FS_TYPE=befs\n') }).summary).toEqual(['/dev/sdb1 foreign']);
  });

  it('is no more than its mark of an erasure', () => {
    const at = (area: ReturnType<typeof swap>) =>
      find({ disks, root: '8:0', content: { '/dev/sdb': { ...area, ...MARK } }, knowledge: CONFIGURED }).first
        ?.swap;
    expect(at(swap('swap'))?.pendingErase).toBeUndefined();
    expect(at(swap('swap', [128]))?.pendingErase).toBeDefined();
  });
});

describe('content alone', () => {
  const UNKNOWN = { 32768: text('somebody’s superblock') };

  it.each([
    ['of Gandi’s vendor', [scsi('sda', 0), scsi('sdb', 1), scsi('sdc', 2)], '8:0', '/dev/sdc'],
    ['of Xen', [xen('xvda', 0), xen('xvdb', 16)], '202:0', '/dev/xvdb'],
  ])('speaks on disks %s', (_, machine, root, node) => {
    expect(find({ disks: machine, root, content: { [node]: ARCHIVE } }).first?.archive?.device.node).toBe(
      node,
    );
    const unknown = find({ disks: machine, root, content: { [node]: { ...UNKNOWN, ...ARCHIVE } } });
    expect(unknown.candidates.filter(({ archive }) => archive !== undefined)).toEqual([]);
  });

  it('does not speak on other disks, and what is refused is told with the command that accepts it', () => {
    const found = find({
      disks: [virtio('vda', 0), virtio('vdb', 1)],
      root: '254:0',
      content: { '/dev/vdb': ARCHIVE },
    });
    expect(found.summary).toEqual([]);
    expect(told(found.problems)).toEqual([
      '/dev/vdb: an archive on a disk that nothing else says is the host’s',
    ]);
    expect(found.problems[0]?.expected).toContain('"gandi-guest accept /dev/vdb"');
  });

  it.each([
    ['UDF', { 32768: text('\0BEA01\x01'), 34816: text('\0NSR03\x01') }, {}, 'UDF file system'],
    [
      'what udev alone knows',
      {},
      { '8:16': 'E:ID_FS_TYPE=zonefs\nE:ID_FS_USAGE=filesystem\n' },
      /zonefs \(by udev\)/,
    ],
    [
      'what udev finds ambivalent',
      {},
      { '8:16': 'E:ID_FS_AMBIVALENT=filesystem:a:1 filesystem:b:1\n' },
      /several kinds/,
    ],
    [
      'a partition table that udev alone knows',
      {},
      { '8:16': 'E:ID_PART_TABLE_TYPE=sun\n' },
      /partition table sun/,
    ],
    ['what nobody knows', UNKNOWN, {}, 'unrecognised data'],
  ])('does not make %s the host’s, even where its disk is expected', (_, head, udev, content) => {
    const found = find({ disks, root: '8:0', content: { '/dev/sdb': { ...head, ...ARCHIVE } }, udev });
    expect(found.summary).toEqual(['/dev/sdb foreign']);
    expect(found.first?.swap.content).toMatch(content);
  });

  it('is not hidden by the table that udev says a partition has, which is its disk’s', () => {
    const table = scsi('sdb', 1, { partitions: [partition('sdb1', 1, 'gandiswap')] });
    const udev = { '8:17': 'E:ID_PART_TABLE_TYPE=gpt\nE:ID_PART_ENTRY_NAME=gandiswap\n' };
    const content = { '/dev/sdb1': ARCHIVE };
    const found = find({ disks: [scsi('sda', 0), table], root: '8:0', content, udev });
    expect(found.summary).toEqual(['/dev/sdb1 archive /dev/sdb1']);
  });

  it('is not hidden by what udev says of swap, or by a header that was cut off while it was written', () => {
    const udev = { '8:16': 'E:ID_FS_TYPE=swap\nE:ID_FS_USAGE=other\n' };
    const header = swap('swap', [128]);
    header[0]?.fill(0, 1024, 1536);
    for (const area of [swap('swap', [128]), header]) {
      const content = { '/dev/sdb': { ...area, ...ARCHIVE } };
      const found = find({ disks, root: '8:0', content, udev, knowledge: CONFIGURED });
      expect(found.first?.archive?.device.node).toBe('/dev/sdb');
    }
  });
});

describe('with a remembered disk', () => {
  const OWN = { ...swap('swap', [128]) };
  const gpt = (name: string, target: number, more: Partial<FakeDisk> = {}) =>
    scsi(name, target, { partitions: [partition(`${name}1`, 1, 'gandiswap')], ...more });
  const identityOf = (node: string, machine: Parameters<typeof find>[0]): RememberedDisk => {
    const candidate = find(machine).candidates.find(({ swap: { node: own } }) => own === node);
    if (candidate === undefined) throw new Error(`${node} is no candidate`);
    return candidate.identity;
  };
  const known = (remembered: RememberedDisk) => ({ firstBoot: false, remembered });
  const remembered = identityOf('/dev/sdb', { disks, root: '8:0', content: { '/dev/sdb': OWN } });

  it.each([
    ['behind it', gpt('sdc', 2)],
    ['of another bus', virtio('vdb', 1, { partitions: [partition('vdb1', 1, 'gandiswap')] })],
    ['before it', gpt('sdc', 0)],
  ])('another one named gandiswap, %s, is told and not used', (_, second) => {
    const node = `/dev/${second.name}1`;
    const root = scsi('sda', 5);
    for (const machine of [
      [root, scsi('sdb', 1), second],
      [root, second, scsi('sdb', 1)],
    ]) {
      const content = { '/dev/sdb': OWN, [node]: ARCHIVE };
      const found = find({ disks: machine, root: '8:0', content, knowledge: known(remembered) });
      expect(found.summary).toEqual(['/dev/sdb swap']);
      expect(told(found.problems)).toEqual([
        `${node}: another disk that claims to be the host’s (partition label gandiswap)`,
      ]);
      expect(found.problems[0]?.expected).toContain(`"gandi-guest accept ${node}"`);
    }
  });

  describe('memory of a user in its swap area', () => {
    const uuid = '01010101-0101-0101-0101-010101010101';
    const area = swap('swap', [128]);
    area[0]?.fill(1, 1036, 1052);
    const own = { ...remembered, swapUuid: uuid };
    const magics: [string, Record<number, Uint8Array>][] = [
      ['btrfs', { 65600: text('_BHRfS_M') }],
      ['ISO 9660', { 32769: text('CD001') }],
      ['UDF', { 32768: text('\0BEA01\x01'), 34816: text('\0NSR03\x01') }],
      ['a partition table', { 4096: text('EFI PART') }],
    ];

    it.each(magics)('that looks like %s does not keep the host from being heard', (_, magic) => {
      const content = { '/dev/sdb': { ...area, ...magic, ...ARCHIVE } };
      const udev = { '8:16': 'E:ID_FS_AMBIVALENT=filesystem:btrfs other:swap\n' };
      const found = find({ disks, root: '8:0', content, udev, knowledge: known(own) });
      expect(found.summary).toEqual(['/dev/sdb swap /dev/sdb']);
      expect(found.problems).toEqual([]);
    });

    it('is somebody’s data in an area that was not used before, and the archive beside it is told', () => {
      const udf = { 32768: text('\0BEA01\x01'), 34816: text('\0NSR03\x01') };
      const content = { '/dev/sdb': { ...swap('swap', [128]), ...udf, ...ARCHIVE } };
      const found = find({ disks, root: '8:0', content, knowledge: known(remembered) });
      expect(found.summary).toEqual(['/dev/sdb foreign']);
      expect(told(found.problems)[0]).toMatch(/^\/dev\/sdb: an archive at byte 524288, beside UDF/);
    });
  });

  it('what was on the host’s own disk before does not matter, but for what is known', () => {
    const old = { 5000: text('a page of old'), ...ARCHIVE };
    const inPlace = find({ disks, root: '8:0', content: { '/dev/sdb': old }, knowledge: known(remembered) });
    expect(inPlace.summary).toEqual(['/dev/sdb archive /dev/sdb']);
    const labelled = { disks: [scsi('sda', 0), gpt('sdb', 1)], root: '8:0', content: { '/dev/sdb1': old } };
    expect(find(labelled).summary).toEqual(['/dev/sdb1 archive /dev/sdb1']);
    const onXen = { disks: [xen('xvda', 0), xen('xvdz', 6400)], root: '202:0', hypervisor: 'xen' as const };
    expect(find({ ...onXen, content: { '/dev/xvdz': old } }).summary).toEqual([
      '/dev/xvdz archive /dev/xvdz',
    ]);
  });

  it('copied identifiers elsewhere wait for the disk that may still come to the place', () => {
    const copy = virtio('vdb', 1, { partitions: [partition('vdb1', 1, 'gandiswap')] });
    const uuid = '01010101-0101-0101-0101-010101010101';
    const area = swap('swap', [128]);
    area[0]?.fill(1, 1036, 1052);
    const content = { '/dev/vdb1': { ...area, ...ARCHIVE } };
    const own = { ...remembered, swapUuid: uuid };
    const found = find({ disks: [scsi('sda', 0), copy], root: '8:0', content, knowledge: known(own) });
    expect(found.first?.certain).toBe(false);
  });

  it('the host may give it another content in its place', () => {
    const found = find({
      disks,
      root: '8:0',
      content: { '/dev/sdb': ARCHIVE },
      knowledge: known(remembered),
    });
    expect(found.summary).toEqual(['/dev/sdb archive /dev/sdb']);
    expect(found.first?.certain).toBe(true);
  });

  it('it is known by its identifiers at another place, but what is in its place counts for more', () => {
    const marked = () => {
      const area = swap('swap', [128]);
      area[0]?.fill(7, 1036, 1052);
      return area;
    };
    const before = identityOf('/dev/sdb', { disks, root: '8:0', content: { '/dev/sdb': marked() } });
    const moved = [virtio('vda', 0), virtio('vdb', 1)];
    const alone = find({
      disks: moved,
      root: '254:0',
      content: { '/dev/vdb': { ...marked(), ...ARCHIVE } },
      knowledge: known(before),
    });
    expect(alone.summary).toEqual(['/dev/vdb swap /dev/vdb']);
    const both = find({
      disks: [...disks, virtio('vdb', 1)],
      root: '8:0',
      content: { '/dev/sdb': swap('swap', [128]), '/dev/vdb': { ...marked(), ...ARCHIVE } },
      knowledge: known(before),
    });
    expect(both.summary).toEqual(['/dev/sdb swap']);
    expect(both.problems.map(({ path }) => path)).toEqual(['/dev/vdb']);
    // Of two that have its identifiers one is a copy.
    const copies = { '/dev/vdb': { ...marked(), ...ARCHIVE }, '/dev/vdc': { ...marked(), ...ARCHIVE } };
    const twice = find({
      disks: [...moved, virtio('vdc', 2)],
      root: '254:0',
      content: copies,
      knowledge: known(before),
    });
    expect(twice.summary).toEqual([]);
    expect(twice.problems.map(({ path }) => path)).toEqual(['/dev/vdb', '/dev/vdc']);
  });

  it('once it is gone another one is taken where only the host can put it', () => {
    const gone = known({ place: '/sys/devices/pci0000:00/0000:00:09.0/virtio/scsi/0:1:0' });
    const labelled = find({
      disks: [scsi('sda', 0), gpt('sdb', 1)],
      root: '8:0',
      content: { '/dev/sdb1': ARCHIVE },
      knowledge: gone,
    });
    expect(labelled.summary).toEqual(['/dev/sdb1 archive /dev/sdb1']);
    const onXen = find({
      disks: [xen('xvda', 0), xen('xvdz', 6400)],
      root: '202:0',
      hypervisor: 'xen',
      content: { '/dev/xvdz': ARCHIVE },
      knowledge: gone,
    });
    expect(onXen.summary).toEqual(['/dev/xvdz archive /dev/xvdz']);
    const elsewhere = find({
      disks: [virtio('vda', 0), virtio('vdb', 1, { partitions: [partition('vdb1', 1, 'gandiswap')] })],
      root: '254:0',
      content: { '/dev/vdb1': ARCHIVE },
      knowledge: gone,
    });
    expect(elsewhere.summary).toEqual([]);
    expect(elsewhere.problems).toHaveLength(1);
  });

  it('somebody’s data in its place does not keep the host’s new one away', () => {
    const content = { '/dev/sdb': XFS, '/dev/sdc1': ARCHIVE };
    const found = find({
      disks: [...disks, gpt('sdc', 2)],
      root: '8:0',
      content,
      knowledge: known(remembered),
    });
    expect(found.first?.swap.node).toBe('/dev/sdc1');
  });

  it('a disk that was accepted needs nothing else to speak for it', () => {
    const machine = { disks: [virtio('vda', 0), virtio('vdb', 1)], root: '254:0' };
    const place = '/sys/devices/pci0000:00/0000:00:04.0/virtio';
    const content = { '/dev/vdb': ARCHIVE };
    const paths = find({ ...machine, content: { '/dev/vdb': swap('swap') } }).candidates[0]?.identity.place;
    const found = find({ ...machine, content, knowledge: known({ place: paths ?? place }) });
    expect(found.summary).toEqual(['/dev/vdb archive /dev/vdb']);
    expect(found.problems).toEqual([]);
  });
});
