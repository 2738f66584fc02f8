import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { run } from '../../images.ts';
import { isoImage } from '../../machine/formats/volumes/volumes.ts';
import { nocloudVolume, seededGuest } from '../seeded-guest.ts';

const COMMAND_LINE = '/proc/cmdline';
const SERIAL = '/sys/class/dmi/id/product_serial';
const SEED = '/var/lib/cloud/seed/nocloud/';

it.each([
  ['the kernel command line', { [COMMAND_LINE]: 'quiet ds=nocloud;h=web1.example.org;i=iid-1\n' }],
  ['DMI (product_serial)', { [SERIAL]: 'ds=nocloud;h=web1.example.org;i=iid-1\n' }],
])('words alone give an instance, a name, and DHCP on all: %s', async (origin, entries) => {
  expect(await seededGuest(entries).look()).toMatchObject({
    state: 'new',
    origin,
    instanceId: 'iid-1',
    parsed: {
      config: { hostName: 'web1', fqdn: 'web1.example.org', dhcpOnAll: true },
      problems: [],
    },
  });
});

it('the kernel command line counts before DMI', async () => {
  const guest = seededGuest({
    [SERIAL]: 'ds=nocloud;h=dmi;i=iid-dmi\n',
    [COMMAND_LINE]: 'ds=nocloud;h=boot\n',
  });
  expect(await guest.look()).toMatchObject({
    instanceId: 'iid-dmi',
    parsed: { config: { hostName: 'boot' } },
  });
});

it('the bare word promises a volume, and says nothing itself', async () => {
  expect(await seededGuest({ [COMMAND_LINE]: 'ds=nocloud\n' }).look()).toMatchObject({ state: 'none' });
});

it.each([
  ['a word for the network', { [COMMAND_LINE]: 'quiet ds=nocloud-net;s=https://198.51.100.1/ ro\n' }],
  ['a word for the network in DMI', { [SERIAL]: 'ds=nocloud-net\n' }],
  ['a directory in the network', { [COMMAND_LINE]: 'ds=nocloud;s=https://198.51.100.1/\n' }],
])('%s is refused by a line that says what to do instead', async (_, entries) => {
  const { state, parsed } = await seededGuest(entries).look();
  expect(state).toBe('none');
  expect(parsed.problems).toEqual([
    expect.objectContaining({
      group: 'source',
      expected: expect.stringContaining('seeds from the network are not done'),
    }),
  ]);
  // Nothing else configures the guest.
  expect(parsed.problems[0]).not.toHaveProperty('isWarning');
});

it('a volume counts beside a word for the network, which is a warning', async () => {
  const guest = seededGuest({ [COMMAND_LINE]: 'ds=nocloud-net;s=https://198.51.100.1/\n' });
  guest.attach('sr0', 0, nocloudVolume('web1'));
  expect(await guest.look()).toMatchObject({
    state: 'new',
    parsed: {
      config: { hostName: 'web1' },
      problems: [{ found: 'ds=nocloud-net, a seed from the network', isWarning: true }],
    },
  });
});

it('a volume without meta-data is none, which is told', async () => {
  const guest = seededGuest({});
  const image = isoImage({ 'user-data': '#!/bin/sh\n' }, '-volid', 'cidata', '-rational-rock');
  const path = guest.attach('sr0', 0, image);
  const { state, parsed } = await guest.look();
  expect(state).toBe('none');
  expect(parsed.problems).toMatchObject([{ path, found: 'a volume without meta-data' }]);
  await expect(guest.look(['all'], path)).rejects.toThrow(
    'a NoCloud volume without meta-data, which is none',
  );
});

it('of a seed in the network there is a line, and the rest counts', async () => {
  const guest = seededGuest({ [COMMAND_LINE]: 'ds=nocloud;s=http://192.0.2.1/;h=web1\n' });
  expect(await guest.look()).toMatchObject({
    parsed: {
      config: { hostName: 'web1' },
      problems: [
        {
          found: 'seedfrom="http://192.0.2.1/"',
          expected: expect.stringContaining('seeds from the network are not done'),
        },
      ],
    },
  });
});

it('a directory of the image is a seed', async () => {
  const guest = seededGuest({
    [`${SEED}meta-data`]: 'instance-id: iid-1\nlocal-hostname: web1\n',
    [`${SEED}user-data`]: '',
  });
  expect(await guest.boot()).toMatchObject({
    state: 'new',
    origin: SEED,
    instanceId: 'iid-1',
    parsed: { config: { hostName: 'web1' } },
  });
  expect(await guest.boot()).toMatchObject({ state: 'kept' });
});

it('a directory that is named counts before it; one without both files is none', async () => {
  const guest = seededGuest({
    [COMMAND_LINE]: 'ds=nocloud;s=/opt/seed\n',
    '/opt/seed/meta-data': 'local-hostname: named\n',
    '/opt/seed/user-data': '',
    [`${SEED}meta-data`]: 'local-hostname: image\n',
    [`${SEED}user-data`]: '',
  });
  expect(await guest.look()).toMatchObject({
    origin: '/opt/seed/',
    parsed: { config: { hostName: 'named' } },
  });
  rmSync(guest.files.locate('/opt/seed/user-data'));
  expect(await guest.look()).toMatchObject({ origin: SEED, parsed: { config: { hostName: 'image' } } });
});

it('a volume counts before words and directory; words say what it does not', async () => {
  const guest = seededGuest({
    [COMMAND_LINE]: 'ds=nocloud;h=words;i=iid-words\n',
    [`${SEED}meta-data`]: 'local-hostname: image\n',
    [`${SEED}user-data`]: '',
  });
  guest.attach('sr0', 0, nocloudVolume('', 'instance-id: iid-1\n'));
  const expected = { instanceId: 'iid-1', parsed: { config: { hostName: 'words' } } };
  expect(await guest.look()).toMatchObject(expected);
  guest.attach('sr0', 0, nocloudVolume('', 'local-hostname: volume\n'));
  expect(await guest.look()).toMatchObject({ parsed: { config: { hostName: 'volume' } } });
  // Only of an empty file the words say which instance it is.
  guest.attach('sr0', 0, nocloudVolume('', ''));
  expect(await guest.look()).toMatchObject({
    instanceId: 'iid-words',
    parsed: { config: { hostName: 'words' } },
  });
});

it('a name that the volume has and that is refused is not taken from the words', async () => {
  const guest = seededGuest({ [COMMAND_LINE]: 'ds=nocloud;h=words\n' });
  guest.attach('sr0', 0, nocloudVolume('', 'instance-id: i\nlocal-hostname: -x-\n'));
  const { parsed } = await guest.look();
  expect(parsed.config.hostName).toBeUndefined();
  expect(parsed.refused).toContain('host-name');
});

it('what a volume gave stays when it is ejected, words or not', async () => {
  const guest = seededGuest({ [COMMAND_LINE]: 'ds=nocloud;h=words;i=iid-words\n' });
  const node = guest.attach('sr0', 0, nocloudVolume('web1'));
  await guest.boot();
  guest.detach(node);
  expect(await guest.boot()).toMatchObject({
    state: 'kept',
    parsed: { config: { hostName: 'web1' }, problems: [] },
  });
});

it('words of the host are taken once Gandi’s disk is gone', async () => {
  const guest = seededGuest({
    '/gandi/config': '{"vm_hostname":"gandi"}',
    [SERIAL]: 'ds=nocloud;h=web1;i=iid-1\n',
  });
  expect(await guest.boot()).toMatchObject({ state: 'new', parsed: { config: { hostName: 'web1' } } });
});

it('a drive that does not answer is not gone: nothing takes its place, and a line says so', async () => {
  const guest = seededGuest();
  const node = guest.attach('sr0', 0, nocloudVolume('web1'));
  await guest.boot();
  guest.attach('sr1', 5, nocloudVolume('evil'));
  rmSync(node);
  run('mkfifo', [node]);
  const host = await guest.boot();
  expect(host).toMatchObject({ state: 'unreachable', parsed: { config: { hostName: 'web1' } } });
  expect(host.parsed.problems.map(({ path }) => path)).toContain(node);
}, 30_000);
