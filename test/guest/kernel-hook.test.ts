import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GuestTree } from './guest-tree.ts';
import { rootFileSystem, type Suite } from './rootfs.ts';

const minutes = 60_000;

const SETTINGS = '/etc/default/gandi';

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Debian's own kernels: packed by LZ4 in one release, by zstd in the next. */
const releases: readonly { suite: Suite; unpack: string; magic: Buffer }[] = [
  { suite: 'bookworm', unpack: 'lz4', magic: Buffer.from([0x02, 0x21, 0x4c, 0x18]) },
  { suite: 'trixie', unpack: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
];

describe.each(releases)('a newly installed kernel of Debian $suite', ({ suite, unpack, magic }) => {
  let tree: GuestTree;
  /** The kernel's release, and its image in the guest. */
  let release: string;
  let image: string;
  let packed: Buffer;

  beforeAll(async () => {
    tree = await GuestTree.make(
      await rootFileSystem(suite, ['lz4', 'netplan.io', 'network-manager', 'zstd']),
    );
    const name = readdirSync(tree.path('/boot')).find((each) => each.startsWith('vmlinuz-')) ?? '';
    release = name.slice('vmlinuz-'.length);
    image = `/boot/${name}`;
    packed = readFileSync(tree.path(image));
  }, 20 * minutes);

  afterAll(() => tree?.remove());

  beforeEach(() => {
    tree.put(image, packed, 0o640);
    tree.put(SETTINGS, 'CONFIG_DECOMPRESS_KERNEL=1\n');
  });

  const kernel = () => readFileSync(tree.path(image));

  /** As the kernel's package calls the programs of that directory. */
  const install = () => tree.run(`/etc/kernel/postinst.d/gandi-decompress ${release} ${image}`);

  const unpacked = () => ({ exitCode: 0, stdout: `${image}: unpacked for the Xen boot loader` });

  /** Hash of so many bytes that the unpacker alone makes of what lies behind the first magic number. */
  async function hashOfContent(bytes: number): Promise<string> {
    tree.put('/packed', packed.subarray(packed.indexOf(magic)));
    const { stdout } = await tree.run(`${unpack} -dc < /packed 2> /dev/null | head -c ${bytes} | sha256sum`);
    return stdout.slice(0, 64);
  }

  it(`is unpacked from ${unpack} to the very kernel that it is, with the mode that it had`, async () => {
    expect(await install()).toMatchObject(unpacked());
    const content = kernel();
    expect(content.subarray(0, 4).toString('latin1')).toBe('\u007fELF');
    expect(content.length).toBeGreaterThan(2 * packed.length);
    expect(hashOf(content)).toBe(await hashOfContent(content.length));
    expect(statSync(tree.path(image)).mode & 0o777).toBe(0o640);
    expect(await install()).toMatchObject({ exitCode: 0, stdout: `${image}: nothing to unpack` });
    expect(content.equals(kernel())).toBe(true);
  });

  it('stays as it is by default, except under Xen PV', async () => {
    tree.put(SETTINGS, '');
    expect(await install()).toMatchObject({ exitCode: 0, stdout: '' });
    expect(packed.equals(kernel())).toBe(true);
    tree.put('/sys/hypervisor/guest_type', 'PV\n');
    expect(await install()).toMatchObject(unpacked());
    rmSync(tree.path('/sys/hypervisor'), { recursive: true });
  });

  it('is unpacked by kernel-install too, which other distributions have', async () => {
    const plugin = '/usr/lib/kernel/install.d/91-gandi-decompress.install';
    expect(await tree.run(`${plugin} add ${release} /boot/entry ${image}`)).toMatchObject(unpacked());
  });

  const damaged = (bytes: Buffer) =>
    bytes.fill(0xa5, bytes.indexOf(magic) + 100_000, bytes.indexOf(magic) + 300_000);
  const cutOff = (bytes: Buffer) => bytes.subarray(0, packed.length / 2);

  it.each([
    ['damaged', damaged, 'stays compressed'],
    ['cut off', cutOff, 'nothing to unpack'],
  ])('that is %s stays as it is, and the package is installed all the same', async (_, change, told) => {
    const before = change(Buffer.from(packed));
    tree.put(image, before);
    const { exitCode, stdout, stderr } = await install();
    expect(exitCode).toBe(0);
    expect(`${stdout}\n${stderr}`.replaceAll(': ', ' ')).toContain(`${image} ${told}`);
    expect(before.equals(kernel())).toBe(true);
    expect(readdirSync(tree.path('/var/tmp'))).toEqual([]);
  });

  it(`stays as it is where ${unpack} is not installed`, async () => {
    const program = tree.path(`/usr/bin/${unpack}`);
    renameSync(program, `${program}.away`);
    const { exitCode, stderr } = await install();
    renameSync(`${program}.away`, program);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`${unpack} is not installed`);
    expect(packed.equals(kernel())).toBe(true);
  });
});
