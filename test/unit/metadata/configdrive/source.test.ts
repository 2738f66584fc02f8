import { expect, it } from 'vitest';
import { configdrive } from '../../../../src/metadata/configdrive/source.ts';
import { fatImage, isoImage } from '../../machine/formats/volumes/volumes.ts';
import { nocloudVolume, seededGuest } from '../seeded-guest.ts';

const filesOf = (name: string, more: Record<string, string> = {}) => ({
  'openstack/latest/meta_data.json': JSON.stringify({ uuid: name, hostname: name }),
  ...more,
});
const drive = (name: string, more: Record<string, string> = {}) =>
  isoImage(filesOf(name, more), '-volid', 'config-2', '-rational-rock');

it('a drive configures a guest, which stays as it is when it is ejected', async () => {
  const guest = seededGuest();
  const node = guest.attach('sr0', 0, drive('web1'), { label: 'config-2' });
  expect(await guest.boot()).toMatchObject({
    state: 'new',
    source: 'configdrive',
    origin: `${node} (ConfigDrive)`,
    instanceId: 'web1',
    parsed: { config: { hostName: 'web1', dhcpOnAll: true }, problems: [] },
  });
  expect(await guest.boot()).toMatchObject({ state: 'kept' });
  guest.detach(node);
  expect(await guest.boot()).toMatchObject({
    state: 'kept',
    instanceId: 'web1',
    parsed: { config: { hostName: 'web1' }, problems: [] },
  });
});

it('another text at the same place is new, and the files that it names are stamps', async () => {
  const guest = seededGuest();
  const content = (text: string) => ({
    'openstack/latest/meta_data.json': JSON.stringify({
      uuid: 'i',
      files: [{ path: '/etc/motd', content_path: '/content/0000' }],
    }),
    'openstack/content/0000': text,
  });
  guest.attach('sr0', 0, drive('', content('one')));
  const { stamps = [] } = await guest.boot();
  const at = drive('', content('one')).lastIndexOf('one\0');
  expect(at).toBeGreaterThan(0);
  expect(stamps.some(({ offset, length }) => offset <= at && at + 3 <= offset + length)).toBe(true);
  guest.attach('sr0', 0, drive('', content('two')));
  expect(await guest.boot()).toMatchObject({ state: 'new' });
});

it('a NoCloud volume is asked before it, and it is told', async () => {
  const guest = seededGuest();
  guest.attach('sr0', 0, drive('drive'), { label: 'config-2' });
  guest.attach('sr1', 1, nocloudVolume('nocloud'));
  expect(await guest.boot()).toMatchObject({ source: 'nocloud' });
  const { parsed } = await guest.boot();
  expect(parsed.problems.map(({ found }) => found)).toEqual(['a configuration of configdrive']);
});

it('a drive that cannot be used leaves what was there', async () => {
  const guest = seededGuest();
  guest.attach('sr0', 0, drive('web1'));
  await guest.boot();
  guest.attach('sr0', 0, drive('', { 'openstack/latest/meta_data.json': '{"uuid":' }));
  expect(await guest.boot()).toMatchObject({ state: 'broken', parsed: { config: { hostName: 'web1' } } });
  guest.attach('sr0', 0, drive('web2').subarray(0, 19 * 2048));
  expect(await guest.boot()).toMatchObject({ state: 'broken', parsed: { config: { hostName: 'web1' } } });
});

it('two drives that differ are refused, the same twice is one', async () => {
  const guest = seededGuest();
  guest.attach('sr0', 0, drive('one'));
  guest.attach('sr1', 1, drive('two'));
  const { state, parsed } = await guest.look();
  expect(state).toBe('broken');
  expect(parsed.problems[0]?.expected).toMatch(/^one ConfigDrive; /);
  guest.attach('sr1', 1, drive('one'));
  expect(await guest.look()).toMatchObject({ state: 'new', instanceId: 'one' });
});

it.each(['/var/lib/cloud/seed/config_drive/', '/config-drive/'])(
  'a directory of the image: %s',
  async (path) => {
    const guest = seededGuest({
      [`${path}openstack/latest/meta_data.json`]: '{"uuid":"i","hostname":"web1"}',
    });
    expect(await guest.boot()).toMatchObject({ state: 'new', origin: path, instanceId: 'i' });
  },
);

it('IBM’s volumes on Xen are none, and elsewhere any number is one', async () => {
  const guest = seededGuest();
  guest.attach('sdf', 0, fatImage('FAT16', filesOf('ibm'), '-n', 'config-2', '-i', '9796932e'));
  const other = fatImage('FAT16', filesOf('web1'), '-n', 'config-2', '-i', '12345678');
  expect(await guest.look()).toMatchObject({ state: 'new', instanceId: 'ibm' });
  expect(await guest.look(['all'], undefined, 'xen')).toMatchObject({ state: 'none' });
  guest.attach('sdf', 0, other);
  expect(await guest.look(['all'], undefined, 'xen')).toMatchObject({ instanceId: 'web1' });
});

it('shows itself by its label alone', () => {
  const guest = seededGuest();
  expect(configdrive.isSeen?.(guest)).toBe(false);
  guest.attach('sr0', 0, drive('web1'), { label: 'config-2' });
  expect(configdrive.isSeen?.(guest)).toBe(true);
});
