import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemCommands } from '../../../../src/machine/commands/commands.ts';
import { hearHost } from '../../../../src/metadata/same-answers.ts';
import { hostPlace } from '../../../../src/metadata/smartos/place.ts';
import { type HostBehaviour, MetadataHost } from '../../../metadata-host.ts';
import { makeFiles } from '../../context.ts';
import { nocloudVolume, seededGuest } from '../seeded-guest.ts';

const SOCKET = '/native/.zonecontrol/metadata.sock';
const ZONE = { '/proc/sys/kernel/version': 'BrandZ virtual linux\n' };
const VALUES = { 'sdc:uuid': 'c1f0d2aa', hostname: 'web1', 'sdc:nics': '[]', 'user-script': 'true\n' };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** An LX zone whose host listens. */
async function zone(behaviour: HostBehaviour) {
  const guest = seededGuest(ZONE);
  const host = new MetadataHost({ ...behaviour, values: { ...behaviour.values } });
  const path = join(guest.files.root, SOCKET);
  mkdirSync(dirname(path), { recursive: true });
  const server = createServer((socket) => host.serve(socket));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { guest, host, server };
}

describe('a guest of SmartOS', () => {
  const dmi = (vendor: string, product: string) => ({
    '/sys/class/dmi/id/sys_vendor': `${vendor}\n`,
    '/sys/class/dmi/id/product_name': `${product}\n`,
  });

  it.each([
    ['a virtual machine', dmi('Joyent', 'SmartDC HVM'), '/dev/ttyS1'],
    ['another product of theirs', dmi('Joyent', 'SmartOS HVM'), undefined],
    ['another maker', dmi('QEMU', 'SmartDC HVM'), undefined],
    ['an LX zone', { ...ZONE, [SOCKET]: '' }, SOCKET],
    ['a zone without the socket', ZONE, undefined],
    [
      'a socket elsewhere',
      { [SOCKET]: '', '/proc/sys/kernel/version': '#1 SMP BrandZ virtual linux' },
      undefined,
    ],
    ['nothing of it', {}, undefined],
  ])('is recognised by what its host alone can say: %s', (_, files, name) => {
    expect(hostPlace(makeFiles(files))?.name).toBe(name);
  });
});

describe('the metadata host of a zone', () => {
  it.each([1, 2] as const)(
    'configures the guest, by V%d, and says the same at the next boot',
    async (version) => {
      const { guest, host } = await zone({ values: VALUES, version });
      const first = await guest.boot();
      expect(first).toMatchObject({
        state: 'new',
        source: 'smartos',
        instanceId: 'c1f0d2aa',
        parsed: { config: { hostName: 'web1', interfaces: [] }, problems: [] },
      });
      expect(await guest.boot()).toMatchObject({ state: 'kept', place: { name: SOCKET } });
      host.behaviour.values.hostname = 'web2';
      expect(await guest.boot()).toMatchObject({ state: 'new', parsed: { config: { hostName: 'web2' } } });
    },
  );

  it('is named in a line about user-data that nobody can read', async () => {
    const values = { ...VALUES, 'cloud-init:user-data': '#cloud-config\nusers: [\n' };
    const { guest } = await zone({ values });
    const { parsed } = await guest.boot();
    expect(parsed.problems.map(({ path }) => path)).toEqual([
      expect.stringMatching(/^\/native\/\.zonecontrol\/metadata\.sock: user-data/),
    ]);
  });

  /** What the program asks alone where all else is as it was. */
  const hear = (guest: Awaited<ReturnType<typeof zone>>['guest']) =>
    hearHost({ open: () => ({ files: guest.files }), commands: systemCommands });

  it('says the same where every answer is, and is not asked again where one is not', async () => {
    const { guest, host } = await zone({ values: VALUES });
    expect(await hear(guest)).toBeUndefined();
    await guest.boot();
    expect(await hear(guest)).toMatchObject({ source: 'smartos', isSame: true });
    host.behaviour.values['sdc:resolvers'] = '["192.0.2.53"]';
    const heard = await hear(guest);
    expect(heard).toMatchObject({ isSame: false, finding: { state: 'present' } });
    const asked = host.seen.length;
    expect(await guest.look(undefined, undefined, undefined, 0, heard)).toMatchObject({
      state: 'new',
      parsed: { config: { resolvers: ['192.0.2.53'] } },
    });
    expect(host.seen.length).toBe(asked);
  });

  it.each<[string, HostBehaviour]>([
    ['has a key less', { values: { 'sdc:uuid': 'c1f0d2aa', 'sdc:nics': '[]', 'user-script': 'true\n' } }],
    ['fails at one', { values: { ...VALUES, 'sdc:nics': { failure: 'boom' } } }],
    ['is another’s', { values: { ...VALUES, 'sdc:uuid': 'c1f0d2ab' } }],
    ['stopped to answer', { values: {}, isSilent: true }],
  ])(
    'does not say the same where it %s',
    async (_, behaviour) => {
      const { guest, host } = await zone({ values: VALUES });
      await guest.boot();
      host.behaviour = behaviour;
      expect(await hear(guest)).toMatchObject({ isSame: false });
    },
    20_000,
  );

  it('is asked for those keys of the customer’s that there are, and for no other', async () => {
    const { guest, host } = await zone({ values: VALUES, version: 1 });
    await guest.boot();
    const asked = host.seen.filter((line) => line.startsWith('GET '));
    expect(asked).toEqual(
      ['sdc:uuid', 'sdc:hostname', 'sdc:dns_domain', 'sdc:nics', 'sdc:resolvers', 'sdc:routes']
        .concat('sdc:vendor-data', 'sdc:operator-script', 'hostname', 'user-script')
        .map((key) => `GET ${key}`),
    );
  });

  it('leaves what it said before in effect where it is silent, gone or hung up, and says so', async () => {
    const { guest, host, server } = await zone({ values: VALUES });
    await guest.boot();
    host.behaviour = { values: {}, isSilent: true };
    const before = performance.now();
    const silent = await guest.boot();
    const seconds = (performance.now() - before) / 1000;
    expect(seconds).toBeGreaterThan(4.5);
    expect(seconds).toBeLessThan(6);
    expect(silent).toMatchObject({
      state: 'unreachable',
      parsed: { config: { hostName: 'web1' }, problems: [{ group: 'source', path: SOCKET }] },
    });
    server.close();
    // Who listened is gone, what it listened at as well.
    expect(await guest.boot()).toMatchObject({ state: 'kept', parsed: { config: { hostName: 'web1' } } });
  }, 20_000);

  it('is not silent because of one failure, nor because of noise', async () => {
    const { guest, host } = await zone({ values: VALUES });
    await guest.boot();
    host.behaviour = {
      values: { ...VALUES, hostname: 'web2', 'sdc:nics': { failure: 'boom' } },
      isGarbling: true,
    };
    const { state, parsed } = await guest.boot();
    expect(state).toBe('new');
    expect(parsed).toMatchObject({ config: { hostName: 'web2' }, refused: ['network'] });
  });

  it('is the source that the guest stays with: a volume beside it is told, and not believed', async () => {
    const { guest } = await zone({ values: VALUES });
    guest.attach('sr0', 1, nocloudVolume('evil'), { label: 'cidata' });
    for (const state of ['new', 'kept']) {
      const host = await guest.boot();
      expect(host).toMatchObject({ state, source: 'smartos', parsed: { config: { hostName: 'web1' } } });
    }
  });

  it('is not asked where the admin names another source', async () => {
    const { guest, host } = await zone({ values: VALUES });
    expect(await guest.boot(['nocloud'])).toMatchObject({ state: 'none' });
    expect(host.seen).toEqual([]);
  });
});
