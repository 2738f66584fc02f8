import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { main as program } from '../../../src/bootstrap/start.ts';
import { main as guestProgram } from '../../../src/guest/program.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { captureOutput } from '../captured-output.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();
/** The program on this machine, whose images it works on. */
const main = (args: readonly string[]) => program(args, simulatedSystem());
const guest = (args: readonly string[]) => guestProgram(args, simulatedSystem());
const EXAMPLE = JSON.parse(readFileSync('docs/example-config.json', 'utf8'));

/** An unpacked image of a guest that was never configured. */
const image = (entries: Record<string, string> = {}) =>
  temporaryRoot({
    '/etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
    '/etc/hostname': 'old\n',
    '/etc/hosts': '127.0.0.1\tlocalhost\n',
    '/etc/resolv.conf': 'nameserver 10.0.0.1\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
    '/etc/shadow': 'root:*:20000:0:99999:7:::\n',
    '/etc/group': 'root:x:0:\n',
    '/etc/network/interfaces': 'auto lo\niface lo inet loopback\n',
    '/sbin/ifup': '',
    ...entries,
  });

async function seedFor(files: Files, config: object = EXAMPLE, script?: string): Promise<string> {
  const { root } = temporaryRoot({ '/config': JSON.stringify(config), '/script': script ?? '' });
  const more = script === undefined ? [] : ['--script', `${root}/script`];
  const output = `${files.root}/seed.img`;
  expect(await guest(['seed', `${root}/config`, '-o', output, '--size', '4', '--force', ...more])).toBe(0);
  said.stdout = '';
  said.stderr = '';
  return output;
}

describe('gandi-bootstrap', () => {
  it('lists its steps', async () => {
    expect(await main(['--help'])).toBe(0);
    expect(said.stdout).toMatch(/Steps:\n(.*\n)* +identity +\S/);
    expect(said.stdout).toContain('Exit status:');
  });

  it.each([
    [['--only', 'nothing'], 'There is no step of that name; the steps are '],
    [['--frob'], "unknown option '--frob'"],
    [['interface', '../x'], 'It is not the name of an interface; try '],
    [['interface', 'eth0 eth1'], 'It is not the name of an interface; try '],
    [['interface'], "missing required argument 'name'"],
  ])('%j is wrong usage', async (args, expected) => {
    expect(await main(args)).toBe(2);
    expect(said.stderr).toContain(expected);
  });

  it('finds nothing to do in an image without a configuration', async () => {
    const files = image();
    expect(await main(['--root', files.root, '--only', 'identity']), said.stderr).toBe(3);
    expect(files.readText('/etc/hostname')).toBe('old\n');
  });

  it('fails where there is no such directory', async () => {
    await expect(main(['--root', '/nowhere'])).rejects.toThrow('/nowhere');
  });

  it('shows what it would do, and does nothing', async () => {
    const files = image();
    const seed = await seedFor(files);
    expect(await main(['--dry-run', '--root', files.root, '--seed', seed, '--only', 'identity'])).toBe(0);
    expect(said.stdout).toContain('identity:\n');
    expect(said.stdout).toMatch(/^ +\+web1$/m);
    expect(said.stdout).toContain('gandi-bootstrap: would configure (from ');
    expect(files.readText('/etc/hostname')).toBe('old\n');
    expect(files.status('/gandi')).toBeUndefined();
    expect(files.status('/var/lib/gandi')).toBeUndefined();
  });

  it('gives the report as JSON', async () => {
    const files = image();
    const args = ['--json', '--root', files.root, '--seed', await seedFor(files), '--only', 'identity'];
    expect(await main(args)).toBe(0);
    const report = JSON.parse(said.stdout);
    expect(report).toMatchObject({ program: 'gandi-bootstrap', status: 'configured', problems: [] });
    expect(report.steps.map(({ name }: { name: string }) => name)).toEqual(['identity']);
    said.stdout = '';
    expect(await main(args)).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ status: 'unchanged' });
  });

  it('leaves out a step that is turned off, and says so', async () => {
    const files = image({ '/etc/default/gandi': 'CONFIG_HOSTNAME=0\n' });
    const seed = await seedFor(files);
    await main(['--json', '--root', files.root, '--seed', seed, '--only', 'identity']);
    expect(JSON.parse(said.stdout).steps).toMatchObject([{ name: 'identity', status: 'off', changes: [] }]);
    expect(files.readText('/etc/hostname')).toBe('old\n');
  });

  it('tells each refused field and each line of the settings that is not understood', async () => {
    const files = image({ '/etc/default/gandi': 'CONFIG_HOSTNAME=1\nCONFIG_CRN=0\n' });
    const seed = await seedFor(files, { ...EXAMPLE, vm_hostname: 'a\nb' });
    expect(await main(['--root', files.root, '--seed', seed])).toBe(1);
    expect(said.stderr).toMatch(
      /^gandi-bootstrap: problem: host-name: vm_hostname: found "a\\nb", expected /m,
    );
    expect(said.stderr).toMatch(/^gandi-bootstrap: warning: \/etc\/default\/gandi:2: .*CONFIG_CRN/m);
    expect(files.readText('/etc/hostname')).toBe('old\n');
  });
});

describe('a whole image', () => {
  it('is configured from a seed, with nothing secret for anyone to read', async () => {
    const files = image();
    const seed = await seedFor(files, EXAMPLE, '#!/bin/sh\necho hello\n');
    await main(['--root', files.root, '--seed', seed]);
    expect(files.readText('/etc/hostname')).toBe('web1\n');
    expect(files.readText('/etc/hosts')).toContain('192.0.2.20\tweb1');
    expect(files.readText('/etc/resolv.conf')).toContain('nameserver 192.0.2.53');
    expect(files.readText('/gandi/script')).toBe('#!/bin/sh\necho hello\n');
    expect(files.readText('/gandi/config')).toContain(EXAMPLE.vm_conf.password);
    expect(said.stderr).not.toContain(EXAMPLE.vm_conf.password);
    expect(readableSecrets(files, ['/gandi', '/var/lib/gandi', '/run/gandi', '/var/log'])).toEqual([]);
  });
});

/** Files that anyone may read and that hold something secret. */
function readableSecrets(files: Files, directories: readonly string[]): string[] {
  const secrets = [EXAMPLE.vm_conf.password, EXAMPLE.vm_conf.run];
  return directories.flatMap((directory): string[] =>
    files.list(directory).flatMap((name) => {
      const path = `${directory}/${name}`;
      const status = files.status(path);
      if (status?.kind === 'directory')
        // Nobody can enter it.
        return (status.mode & 0o007) === 0 ? [] : readableSecrets(files, [path]);
      const holdsSecret = secrets.some((secret) => files.readText(path)?.includes(secret));
      return holdsSecret && ((status?.mode ?? 0) & 0o044) !== 0 ? [path] : [];
    }),
  );
}
