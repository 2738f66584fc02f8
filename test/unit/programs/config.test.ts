import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { main as program } from '../../../src/config/program.ts';
import { captureOutput } from '../captured-output.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();
/** The program on this machine, whose images it works on. */
const main = (args: readonly string[]) => program(args, simulatedSystem());
/** Writes /etc/hosts where there is none. */
const SYSTEM_FILE = '02-config_system_file';

const image = (entries: Record<string, string> = {}) =>
  temporaryRoot({
    '/etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
    ...entries,
  });

describe('gandi-config', () => {
  it('lists its steps', async () => {
    expect(await main(['--help'])).toBe(0);
    expect(said.stdout).toContain(SYSTEM_FILE);
  });

  it('takes no arguments', async () => {
    expect(await main(['now'])).toBe(2);
    expect(said.stderr).toContain('too many arguments');
  });

  it('knows the steps of this guest, with the plugins of its admin', async () => {
    const { root } = image();
    expect(await main(['--root', root, '--only', SYSTEM_FILE, '--only', 'nothing'])).toBe(2);
    expect(said.stderr).toContain(
      'gandi-config: there is no step nothing; the steps of this guest are 01-config_console, ',
    );
    expect(said.stdout).toBe('');
  });

  it('shows what it would do, and does nothing', async () => {
    const files = image();
    expect(await main(['--dry-run', '--root', files.root, '--only', SYSTEM_FILE])).toBe(0);
    expect(said.stdout).toContain(`${SYSTEM_FILE}:\n`);
    expect(files.status('/etc/hosts')).toBeUndefined();
    expect(files.status('/var/lib/gandi')).toBeUndefined();
  });

  it('configures an image once', async () => {
    const files = image();
    const args = ['--json', '--root', files.root, '--only', SYSTEM_FILE];
    expect(await main(args)).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ program: 'gandi-config', status: 'configured' });
    expect(files.readText('/etc/hosts')).toContain('localhost');
    said.stdout = '';
    expect(await main(args)).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ status: 'unchanged' });
  });

  it('has the time from the system that it is given', async () => {
    const now = new Date('2026-01-02T03:04:05.678Z');
    const args = ['--json', '--root', image().root, '--only', SYSTEM_FILE];
    expect(await program(args, simulatedSystem({ now: () => now }))).toBe(0);
    expect(JSON.parse(said.stdout).startedAt).toBe(now.toISOString());
  });

  it('runs no plugin of an image, which needs its system', async () => {
    const files = image();
    mkdirSync(`${files.root}/etc/gandi/plugins.d`, { recursive: true });
    const plugin = `${files.root}/etc/gandi/plugins.d/05-mine`;
    writeFileSync(plugin, `#!/bin/sh\ntouch ${files.root}/ran\n`);
    chmodSync(plugin, 0o755);
    expect(await main(['--json', '--root', files.root, '--only', '05-mine'])).not.toBe(1);
    expect(JSON.parse(said.stdout).steps).toMatchObject([{ name: '05-mine', status: 'skipped' }]);
    expect(files.status('/ran')).toBeUndefined();
  });
});
