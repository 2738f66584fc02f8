import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configSteps } from '../../../src/config/steps.ts';
import type { CommandResult } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { readSettings } from '../../../src/machine/settings/settings.ts';
import { ownConfiguration } from '../../../src/plan/own-configuration.ts';
import { runProgram } from '../../../src/plan/run-program.ts';
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
const golden = { productUuid: 'bb-02', mac: '00:16:3e:00:00:02', hostName: 'golden' };

/** A guest whose disk was that of another one. */
const cloneWith = (entries: Record<string, string> = {}): Files =>
  temporaryRoot(
    {
      '/etc/machine-id': `${MACHINE_ID}\n`,
      '/etc/hostname': 'web1\n',
      '/etc/hosts': '127.0.0.1\tlocalhost\n',
      '/etc/motd': 'mine\n',
      '/etc/ssh/sshd_config': 'PermitRootLogin no\nPermitEmptyPasswords no\n',
      '/proc/sys/kernel/random/boot_id': 'one\n',
      '/sys/class/dmi/id/product_uuid': 'aa-01\n',
      '/usr/bin/ssh-keygen': '',
      '/usr/sbin/sshd': '',
      '/var/lib/gandi/instance.json': JSON.stringify(golden),
      '/var/lib/systemd/random-seed': 'seed',
      '/var/log/x': '',
      [RSA]: 'golden key',
      [`${RSA}.pub`]: 'golden key\n',
      ...entries,
    },
    '/dev/shm',
  );

/** gandi-config from beginning to end; ssh-keygen makes two files, in its order. */
async function configure(
  files: Files,
  half?: () => boolean,
  keyOf = (type: string): string | undefined => `new ${type} key`,
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
    return Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' });
  };
  const settings = readSettings(files);
  return await runProgram({
    system: simulatedSystem(),
    program: 'gandi-config',
    steps: configSteps(files, settings),
    machine: { files, commands: { run }, live: true, intercept },
    settings,
    host: ownConfiguration('/etc/default/gandi'),
    observe: () => makeContext().facts,
    dryRun: false,
  });
}

/** Keys that are not yet, or not any more, in the place of old ones. */
const leftIn = (files: Files) => files.list('/etc/ssh').filter((name) => name.includes('gandi'));

const off = { '/etc/default/gandi': 'CONFIG_SSHD=0\n' };

describe('a clone', () => {
  it.each<[string, Record<string, string>]>([
    ['with the step for SSH', {}],
    ['with CONFIG_SSHD=0', off],
    ['with a plugin in its place that is not executable', { '/etc/gandi/plugins.d/11-config_ssh': 'true\n' }],
  ])('gets new host keys %s', async (_, entries) => {
    const files = cloneWith(entries);
    chmodSync(files.locate(RSA), 0o640);
    expect((await configure(files)).status, said.stderr).toBe('configured');
    expect(files.readText(RSA)).toBe(NEW_KEY);
    expect(files.readText(`${RSA}.pub`)).toBe('new rsa key\n');
    expect(files.status(RSA)?.mode).toBe(0o640);
    expect(leftIn(files)).toEqual([]);
    expect(files.status('/var/lib/systemd/random-seed')).toBeUndefined();
    await configure(files);
    expect(files.readText(RSA)).toBe(NEW_KEY);
  });

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
    expect(said.stderr).toContain(`; ${SITE} stayed`);
  });

  const expectNewKeys = async (files: Files, where: string) => {
    expect((await configure(files)).status, `${where}: ${said.stderr}`).not.toBe('failed');
    expect(files.readText(RSA), where).toBe(NEW_KEY);
    expect(files.readText(`${RSA}.pub`), where).toBe('new rsa key\n');
    expect(leftIn(files), where).toEqual([]);
  };
  const changesOfAll = async () => (await recordChanges(() => configure(cloneWith(off)))).changes;

  it('cut off anywhere has a key, then new ones', async () => {
    const changes = await changesOfAll();
    expect(changes.length).toBeGreaterThan(8);
    for (const [number, change] of changes.entries()) {
      const files = cloneWith(off);
      const half = () => change.kind === 'write-file' && leaveHalfAFile(files, change.path);
      await cutPower(() => configure(files), number, half);
      const where = `before change ${number}, ${change.kind}`;
      expect(['golden key', NEW_KEY], where).toContain(files.readText(RSA));
      await expectNewKeys(files, where);
    }
  });

  it('with any one change refused has a key, then new ones', async () => {
    for (const [number, change] of (await changesOfAll()).entries()) {
      const files = cloneWith(off);
      await withoutSpaceFor(number, () => configure(files));
      const where = `at change ${number}, ${change.kind}`;
      expect(['golden key', NEW_KEY], where).toContain(files.readText(RSA));
      await expectNewKeys(files, where);
    }
  });

  it('takes no key that another guest had made, and takes it away', async () => {
    const made = '/etc/ssh/.ssh_host_rsa_key.gandi-01234567';
    const files = cloneWith({
      ...off,
      [made]: `of another guest${END}`,
      [`${made}.pub`]: 'of another guest\n',
    });
    await expectNewKeys(files, 'with the key of another guest');
  });

  it.each(['', 'ne'])('takes no key that a power cut left as %j', async (text) => {
    const files = cloneWith(off);
    const { changes } = await recordChanges(() => configure(cloneWith(off)));
    const keygen = changes.findIndex(({ kind }) => kind === 'run-command');
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
    const files = cloneWith(off);
    let calls = 0;
    await configure(files, () => calls++ === 0);
    expect(calls).toBe(2);
    expect(files.readText(`${RSA}.pub`)).toBe('new rsa key\n');
  });
});
