import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { HostValue } from '../metadata-host.ts';
import { SerialMetadataHost } from './metadata-socket.ts';
import { rootFileSystem } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;
const UUID = 'c1f0d2aa-3a8e-4c11-9f27-5b1d8f0f8a01';

const STATIC = { network: '192.0.2.0/24', hostAddress: '192.0.2.2', guestAddress: '192.0.2.10' } as const;
const LEASED = { network: '10.0.2.0/24', hostAddress: '10.0.2.2' } as const;

const nics = (address: string) => [
  {
    interface: 'net0',
    mac: '52:54:0:67:61:0',
    primary: true,
    mtu: 1400,
    vlan_id: 3,
    nic_tag: 'external',
    ips: [`${address}/24`, '2001:db8::10/64'],
    gateways: ['192.0.2.2', '2001:db8::1'],
  },
  { interface: 'net1', mac: '52:54:00:67:61:01', ips: ['dhcp'], gateways: ['10.0.2.99'] },
];

describe('Debian 13 of a SmartOS host', () => {
  let key: KeyPair;
  let serial: SerialMetadataHost;
  const values = (changes: Record<string, HostValue> = {}): Record<string, HostValue> => ({
    'sdc:uuid': UUID,
    'sdc:hostname': 'web1',
    'sdc:dns_domain': 'corp.example',
    'sdc:nics': JSON.stringify(nics('192.0.2.10')),
    'sdc:resolvers': '["192.0.2.53"]',
    'sdc:routes': '[{"linklocal":false,"dst":"198.51.100.0/24","gateway":"192.0.2.254"}]',
    root_authorized_keys: key.publicKey,
    'user-script': 'echo "$BASH_VERSION" "$(hostname)" >> /root/runs\n',
    'user-data': 'x'.repeat(20_000),
    ...changes,
  });
  const { guest } = useGuest('smartos', {
    image: async () => toolkitImage({ rootfs: await rootFileSystem('trixie') }),
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      serial = await SerialMetadataHost.listen(join(folder, 'metadata.sock'), {
        values: values(),
        delayMilliseconds: 30,
      });
      return {
        secondSerial: serial.path,
        smbios: [
          'manufacturer=Joyent',
          'product=SmartDC HVM',
          'version=7.20260101T000000Z',
          `serial=${UUID}`,
          `uuid=${UUID}`,
        ],
        interfaces: [STATIC, LEASED],
      };
    },
    minutes: 20,
  });
  afterAll(() => serial.close());

  const status = async () => (await guest.run('gandi-guest status')).stdout;

  it('has names, addresses, resolvers, routes, keys and user-data of it', async () => {
    expect(await guest.output('hostname')).toBe('web1');
    const login = { user: 'root', keyFile: key.keyFile };
    expect((await guest.ssh(login, 'id -un')).stdout).toBe('root\n');
    const shown = await guest.output('ip -o address show dev eth0; ip -o link show dev eth0; ip route');
    expect(shown).toMatch(/192\.0\.2\.10\/24[\s\S]*2001:db8::10\/64[\s\S]*mtu 1400/);
    expect(shown).toMatch(/198\.51\.100\.0\/24 via 192\.0\.2\.254 dev eth0/);
    expect(shown).toMatch(/default via 192\.0\.2\.2 dev eth0/);
    expect(shown).not.toContain('10.0.2.99');
    await guest.waitFor('ip -4 -o address show dev eth1 | grep -q 10.0.2.15/24');
    expect(await guest.output('stat -c "%a %U %s" /var/db/mdata-user-data')).toBe('400 root 20000');
    await guest.waitFor('test -s /root/runs');
    expect(await guest.output('cat /root/runs')).toMatch(/^5\.\S+ web1$/);
    expect((await guest.run('gandi-guest verify')).exitCode).toBe(0);
  });

  it('was asked on a line that is locked and raw, without another program', async () => {
    expect(serial.host.seen).toContain('NEGOTIATE V2');
    expect(serial.host.seen.filter((line) => line.startsWith('V2 ')).length).toBeGreaterThan(9);
    expect(await guest.output('stty -a -F /dev/ttyS1')).toMatch(
      /speed 115200[\s\S]*-hupcl[\s\S]*-icrnl[\s\S]*-opost[\s\S]*-echo/,
    );
  });

  it('brings the programs that scripts for SmartOS call', async () => {
    expect(await guest.output('mdata-get sdc:uuid')).toBe(UUID);
    expect((await guest.run('mdata-get none')).exitCode).toBe(1);
    expect((await guest.run('mdata-get')).exitCode).toBe(3);
    await guest.output('mdata-put guest:state "well done"; seq 9 | mdata-put guest:log');
    expect(serial.host.behaviour.values).toMatchObject({
      'guest:state': 'well done',
      'guest:log': '1\n2\n3\n4\n5\n6\n7\n8\n9\n',
    });
    expect(await guest.output('mdata-list')).toContain('\nguest:state\n');
    await guest.output('mdata-delete guest:log; mdata-get guest:state');
    expect(serial.host.behaviour.values).not.toHaveProperty('guest:log');
    // Many at once: none gets an answer to another’s question.
    const many = 'for n in 1 2 3 4; do mdata-get sdc:uuid & mdata-get sdc:hostname & done; wait';
    const lines = (await guest.output(many)).split('\n').sort();
    expect(lines).toEqual([...Array(4).fill(UUID), ...Array(4).fill('web1')]);
  });

  it('waits for a lock that another program has', async () => {
    const lock = `perl -MFcntl=:DEFAULT,:seek -e 'sysopen(F, "/dev/ttyS1", O_RDWR|O_NOCTTY) or die; $l = pack("s s x4 q q l x4", F_WRLCK, SEEK_SET, 0, 0, 0); fcntl(F, F_SETLKW, $l) or die; print STDERR "locked\\n"; sleep 3'`;
    const { stdout } = await guest.run(
      `{ ${lock}; echo free >&2; } 2> /tmp/order & until grep -q locked /tmp/order; do sleep 0.1; done; mdata-get sdc:hostname; cat /tmp/order; wait`,
    );
    expect(stdout).toMatch(/web1\nlocked\nfree/);
  });

  it(
    'is asked at each boot: other values are taken, by V1 alone',
    async () => {
      const { 'user-data': _, ...without } = values({
        'sdc:hostname': 'web2',
        'sdc:nics': JSON.stringify(nics('192.0.2.11')),
      });
      serial.behave({ values: without, version: 1 });
      await guest.reboot();
      expect(await guest.waitForBoot()).toBe('running');
      expect(serial.host.seen).toContain('GET sdc:nics');
      expect(await guest.output('hostname; ip -4 -o address show dev eth0')).toMatch(
        /^web2\n.*192\.0\.2\.11\/24/,
      );
      expect((await guest.run('test -e /var/db/mdata-user-data')).exitCode).toBe(1);
    },
    5 * minutes,
  );

  it(
    'stays as it is where the host is silent, and boots on within the time that was given',
    async () => {
      serial.behave({ values: {}, isSilent: true });
      await guest.reboot();
      // The unit has failed, and says so.
      expect(await guest.waitForBoot()).toBe('degraded');
      expect(await status()).toMatch(/\/dev\/ttyS1: found a metadata host that does not answer/);
      expect(await guest.output('hostname; ip -4 -o address show dev eth0')).toMatch(
        /^web2\n.*192\.0\.2\.11\/24/,
      );
      const times = await guest.output(
        'systemctl show -P ExecMainStartTimestampMonotonic -P ExecMainExitTimestampMonotonic gandi-bootstrap',
      );
      const [start = 0, end = 0] = times.split('\n').map(Number);
      // Five of them are waited for, and five more to tell the host.
      expect((end - start) / 1e6).toBeLessThan(30);
      expect(new Set(serial.host.seen)).toEqual(new Set(['']));
    },
    5 * minutes,
  );

  it(
    'hears a host through its noise, and leaves as it is what that fails to give',
    async () => {
      serial.behave({
        values: values({ 'sdc:hostname': 'web3', 'sdc:nics': { failure: 'VM.js: boom' } }),
        isGarbling: true,
      });
      const { exitCode, stderr } = await guest.run('gandi-bootstrap');
      expect(exitCode).toBe(1);
      expect(stderr).toContain('VM.js: boom');
      expect(await guest.output('hostname; ip -4 -o address show dev eth0')).toMatch(
        /^web3\n.*192\.0\.2\.11\/24/,
      );
    },
    2 * minutes,
  );
});
