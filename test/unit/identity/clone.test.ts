import { chmodSync, existsSync, readlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { instance } from '../../../src/identity/instance.ts';
import type { CommandResult } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { readSettings } from '../../../src/machine/settings/settings.ts';
import type { HostConfiguration } from '../../../src/metadata/guest-config.ts';
import { ownConfiguration } from '../../../src/plan/own-configuration.ts';
import { runProgram } from '../../../src/plan/run-program.ts';
import { digestOf } from '../../../src/state/applied.ts';
import type { Report } from '../../../src/state/report.ts';
import { captureOutput } from '../captured-output.ts';
import { MACHINE_ID } from '../config/distributions.ts';
import { makeContext } from '../context.ts';
import { cutPower, intercept, leaveHalfAFile, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();
/** Private keys end so. */
const END = '\n-----END OPENSSH PRIVATE KEY-----\n';
const NEW_KEY = `new rsa key${END}`;
const RSA = '/etc/ssh/ssh_host_rsa_key';
const SITE = '/etc/ssh/ssh_host_site_key';
const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const RECORD = '/var/lib/gandi/instance.json';
const former = {
  productUuid: 'ffeeddcc-0000-4000-8000-000000000001',
  mac: '00:16:3e:00:00:02',
  hostName: 'golden',
};
const golden = {
  layout: 2,
  productUuid: former.productUuid,
  macs: [former.mac],
  machineId: digestOf(MACHINE_ID),
};
const NEW_ID = 'b'.repeat(32);
const MARK = '/var/lib/gandi/scripts/user-data.run';

/** A guest whose disk was that of another one. */
const cloneWith = (entries: Record<string, string> = {}): Files =>
  temporaryRoot(
    {
      '/etc/machine-id': `${MACHINE_ID}\n`,
      '/etc/hostname': 'web1\n',
      '/etc/hosts': '127.0.0.1\tlocalhost\n',
      '/etc/systemd/network/10-gandi-eth0.network': `# Written by gandi-bootstrap\n[Match]\nMACAddress=${former.mac}\n`,
      '/etc/systemd/network/20-admin.network': `[Match]\nMACAddress=${former.mac}\n`,
      '/var/lib/NetworkManager/secret_key': 'secret',
      '/var/lib/NetworkManager/NetworkManager.state': '[main]\n',
      '/var/lib/dbus/machine-id': `${MACHINE_ID}\n`,
      '/var/lib/dhcp/dhclient.eth0.leases': 'lease',
      '/var/lib/dhcp/dhcpd.leases': 'of a server',
      [MARK]: 'digest\n',
      '/etc/ssh/sshd_config': 'PermitRootLogin no\n',
      '/proc/sys/kernel/random/boot_id': 'one\n',
      '/sys/class/dmi/id/product_uuid': `${UUID}\n`,
      '/usr/bin/ssh-keygen': '',
      '/usr/sbin/sshd': '',
      [RECORD]: JSON.stringify(golden),
      '/var/lib/systemd/random-seed': 'seed',
      '/var/log/x': '',
      [RSA]: 'golden key',
      [`${RSA}.pub`]: 'golden key\n',
      ...entries,
    },
    '/dev/shm',
  );

/** A host that speaks, and gives no instance id. */
const SPOKEN: HostConfiguration = { ...ownConfiguration('/dev/sr0'), state: 'new', source: 'gandi' };

/** The step in gandi-bootstrap; ssh-keygen makes two files, in its order. */
async function configure(
  files: Files,
  half?: () => boolean,
  keyOf = (type: string): string | undefined => `new ${type} key`,
  host: HostConfiguration = SPOKEN,
): Promise<Report> {
  const run = (argv: readonly string[]): Promise<CommandResult> => {
    const path = argv[argv.indexOf('-f') + 1] ?? '';
    if (argv[0] === 'ssh-keygen') {
      // As the real one, which asks in such a case.
      if (existsSync(files.locate(path))) throw new Error(`${path} is there already`);
      const key = keyOf(argv[3] ?? '');
      if (key === undefined)
        return Promise.resolve({ argv, exitCode: 1, stdout: '', stderr: '', failure: 'not in FIPS mode' });
      writeFileSync(files.locate(path), `${key}${END}`, { mode: 0o600 });
      if (half?.() !== true) writeFileSync(files.locate(`${path}.pub`), `${key}\n`);
    }
    if (argv[0] === 'systemd-machine-id-setup' && files.readText('/etc/machine-id') === '')
      writeFileSync(files.locate('/etc/machine-id'), `${NEW_ID}\n`);
    return Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' });
  };
  const settings = readSettings(files);
  return await runProgram({
    system: simulatedSystem(),
    program: 'gandi-bootstrap',
    steps: [instance],
    machine: { files, commands: { run }, live: true, intercept },
    settings,
    host,
    observe: () => makeContext().facts,
    dryRun: false,
  });
}

/** Keys that are not yet, or not any more, in the place of old ones. */
const leftIn = (files: Files) => files.list('/etc/ssh').filter((name) => name.includes('gandi'));

describe('a clone', () => {
  it('gets what it must not share anew, once, and keeps what is the admin’s', async () => {
    const files = cloneWith();
    chmodSync(files.locate(RSA), 0o640);
    expect((await configure(files)).status, said.stderr).toBe('configured');
    expect(files.readText(RSA)).toBe(NEW_KEY);
    expect(files.readText(`${RSA}.pub`)).toBe('new rsa key\n');
    expect(files.status(RSA)?.mode).toBe(0o640);
    expect(leftIn(files)).toEqual([]);
    expect(files.readText('/etc/machine-id')).toBe(`${NEW_ID}\n`);
    expect(readlinkSync(files.locate('/var/lib/dbus/machine-id', 'keep'))).toBe('/etc/machine-id');
    for (const path of [
      '/var/lib/systemd/random-seed',
      '/var/lib/NetworkManager/secret_key',
      '/var/lib/dhcp/dhclient.eth0.leases',
      '/etc/systemd/network/10-gandi-eth0.network',
      MARK,
    ])
      expect(files.status(path), path).toBeUndefined();
    for (const path of [
      '/var/lib/NetworkManager/NetworkManager.state',
      '/var/lib/dhcp/dhcpd.leases',
      '/etc/systemd/network/20-admin.network',
    ])
      expect(files.status(path), path).toBeDefined();
    expect(said.stderr).toContain('(/etc/systemd/network/20-admin.network)');
    const { steps } = await configure(files);
    expect(steps.map(({ changes }) => changes)).toEqual([[]]);
    expect(files.readText(RSA)).toBe(NEW_KEY);
  });

  it('is one after an upgrade, too, with one new machine ID', async () => {
    const files = cloneWith({ [RECORD]: JSON.stringify(former) });
    const report = await configure(files);
    const setups = report.steps[0]?.changes.filter((change) => change.includes('systemd-machine-id-setup'));
    expect(setups).toHaveLength(1);
    expect(files.readText(RSA)).toBe(NEW_KEY);
    expect((await configure(files)).steps[0]?.changes).toEqual([]);
  });

  it.each(['kept', 'none'] as const)(
    'has its scripts not run again by a source that is %s',
    async (state) => {
      const files = cloneWith();
      await configure(files, undefined, undefined, { ...SPOKEN, state });
      expect(files.readText(RSA)).toBe(NEW_KEY);
      expect(files.status(MARK)).toBeDefined();
    },
  );

  it('gets those keys anew that can be made, once, where another cannot', async () => {
    const ed25519 = '/etc/ssh/ssh_host_ed25519_key';
    const files = cloneWith({ [ed25519]: 'golden key', [`${ed25519}.pub`]: 'golden key\n' });
    let number = 0;
    for (let boot = 0; boot < 2; boot++) {
      const fips = (type: string) => (type === 'ed25519' ? undefined : `new ${type} key ${++number}`);
      const report = await configure(files, undefined, fips);
      expect(report.status).toBe('failed');
      expect(files.readText(RSA)).toBe(`new rsa key 1${END}`);
      expect(files.readText(ed25519)).toBe('golden key');
    }
  });

  it('keeps a key that the admin named, and says that two guests have it', async () => {
    const main = `HostKey ${SITE}\nHostKey ${RSA}\nPermitRootLogin no\nPermitEmptyPasswords no\n`;
    const files = cloneWith({ '/etc/ssh/sshd_config': main, [SITE]: 'of the site' });
    await configure(files);
    expect(files.readText(SITE)).toBe('of the site');
    expect(files.readText(RSA)).toBe(NEW_KEY);
    expect(said.stderr).toContain(`both guests still have ${SITE}, `);
  });

  const expectNewKeys = async (files: Files, where: string) => {
    expect((await configure(files)).status, `${where}: ${said.stderr}`).not.toBe('failed');
    expect(files.readText(RSA), where).toBe(NEW_KEY);
    expect(files.readText(`${RSA}.pub`), where).toBe('new rsa key\n');
    expect(leftIn(files), where).toEqual([]);
    expect(files.readText('/etc/machine-id'), where).toBe(`${NEW_ID}\n`);
    for (const path of ['/var/lib/systemd/random-seed', '/var/lib/dhcp/dhclient.eth0.leases', MARK])
      expect(files.status(path), `${path} ${where}`).toBeUndefined();
  };
  const changesOfAll = async () => (await recordChanges(() => configure(cloneWith()))).changes;

  it('cut off anywhere has a key, then new ones', async () => {
    const changes = await changesOfAll();
    expect(changes.length).toBeGreaterThan(8);
    for (const [number, change] of changes.entries()) {
      const files = cloneWith();
      const half = () => change.kind === 'write-file' && leaveHalfAFile(files, change.path);
      await cutPower(() => configure(files), number, half);
      const where = `before change ${number}, ${change.kind}`;
      expect(['golden key', NEW_KEY], where).toContain(files.readText(RSA));
      await expectNewKeys(files, where);
    }
  });

  it('with any one change refused has a key, then new ones', async () => {
    for (const [number, change] of (await changesOfAll()).entries()) {
      const files = cloneWith();
      await withoutSpaceFor(number, () => configure(files));
      const where = `at change ${number}, ${change.kind}`;
      expect(['golden key', NEW_KEY], where).toContain(files.readText(RSA));
      await expectNewKeys(files, where);
    }
  });

  it('takes no key that another guest had made, and takes it away', async () => {
    const made = '/etc/ssh/.ssh_host_rsa_key.gandi-01234567';
    const files = cloneWith({
      [made]: `of another guest${END}`,
      [`${made}.pub`]: 'of another guest\n',
    });
    await expectNewKeys(files, 'with the key of another guest');
  });

  it.each(['', 'ne'])('takes no key that a power cut left as %j', async (text) => {
    const files = cloneWith();
    const { changes } = await recordChanges(() => configure(cloneWith()));
    const keygen = changes.findIndex(
      (change) => change.kind === 'run-command' && change.argv[0] === 'ssh-keygen',
    );
    await cutPower(
      () => configure(files),
      keygen,
      (change) => {
        const path = change.kind === 'run-command' ? (change.argv.at(-1) ?? '') : '';
        for (const half of [path, `${path}.pub`]) writeFileSync(files.locate(half), text);
      },
    );
    await expectNewKeys(files, 'after a power cut');
  });

  it('takes no key that ssh-keygen was cut off from', async () => {
    const files = cloneWith();
    let calls = 0;
    await configure(files, () => calls++ === 0);
    expect(calls).toBe(2);
    expect(files.readText(`${RSA}.pub`)).toBe('new rsa key\n');
  });
});
