import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/machine/settings/settings.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-settings-'));
const file = join(folder, 'gandi');
afterAll(() => rmSync(folder, { recursive: true }));

function runShell(script: string, text: string): { status: number | null; stdout: string } {
  writeFileSync(file, text);
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return { status, stdout };
}

/** What may stand around a value, as a settings file that the parser understands may have it. */
const FORMS: [string, (name: string, value: string) => string][] = [
  ['plain', (name, value) => `${name}=${value}\n`],
  ['in double quotes', (name, value) => `${name}="${value}"\n`],
  ['in single quotes', (name, value) => `${name}='${value}'\n`],
  ['with quotes inside', (name, value) => `${name}=${value[0]}"${value.slice(1)}"\n`],
  ['with a backslash', (name, value) => `${name}=${value[0]}\\${value.slice(1)}\n`],
  ['in capitals', (name, value) => `${name}=${value.toUpperCase()}\n`],
  ['exported', (name, value) => `export ${name}=${value}\n`],
  ['exported behind a tab', (name, value) => `export\t${name}=${value}\n`],
  ['indented by a tab', (name, value) => `\t${name}=${value}\n`],
  ['with blanks around =', (name, value) => `${name} = ${value}\n`],
  ['with tabs around =', (name, value) => `${name}\t=\t"${value}"\n`],
  ['with a comment behind', (name, value) => `${name}=${value} # more\n`],
  ['behind another', (name, value) => `CONFIG_MOTD=0; ${name}=${value}\n`],
  ['behind another with a #', (name, value) => `CONFIG_MOTD_FILE=/a#b ${name}=${value}\n`],
  ['before another', (name, value) => `${name}="${value}" CONFIG_MOTD=0\n`],
  ['before another with ;', (name, value) => `${name}=${value};CONFIG_MOTD=0\n`],
  ['with CRLF', (name, value) => `# x\r\n${name}=${value}\r\n`],
  ['behind a byte order mark', (name, value) => `\uFEFF${name}=${value}\n`],
  ['without an end of line', (name, value) => `${name}=${value}`],
  ['before one that is no value', (name, value) => `${name}=${value}\n${name}=nonsense\n`],
  ['in a comment', (name, value) => `# ${name}=${value}\n`],
  ['in an indented comment', (name, value) => `  # ${name}=${value}\n`],
  ['in a comment behind another', (name, value) => `CONFIG_MOTD=0 # ${name}=${value}\n`],
];

describe('the rules for disks', () => {
  const BUSES = ['all', 'scsi', 'nvme', 'virtio'];
  const rules = read('udev/86-gandi.rules');
  const [, command = ''] = /IMPORT\{program\}="([^"]*) \/etc\/default\/gandi"/.exec(rules) ?? [];

  /** The buses beside Gandi's own that the rules let through. udev writes $ as $$. */
  const byRules = (text: string) => {
    const { stdout } = runShell(`${command.replaceAll('$$', '$')} ${file}`, text);
    const words = stdout.trim().replace('GANDI_DISK_BUSES=', '');
    for (const bus of BUSES) expect(rules).toContain(`ENV{GANDI_DISK_BUSES}=="*,${bus},*"`);
    return BUSES.filter((bus) => words.includes(`,${bus},`));
  };
  const byParser = (text: string) =>
    BUSES.filter((bus) => parseSettings(text, '').diskBuses.some((one) => one === bus));

  it.each(FORMS)('read CONFIG_DISK_BUSES %s as the program does', (_, form) => {
    for (const value of BUSES) {
      const text = form('CONFIG_DISK_BUSES', value);
      expect(byRules(text), text).toEqual(byParser(text));
    }
  });

  it.each([
    '',
    'CONFIG_DISK_BUSES="gandi xen virtio"\n',
    'CONFIG_DISK_BUSES=gandi,scsi\n',
    'CONFIG_DISK_BUSES="gandi  NVMe\tvirtio"\n',
    'CONFIG_DISK_BUSES=""\n',
    'CONFIG_DISK_BUSES="gandi xen" # or virtio, scsi, nvme, all\n',
    'CONFIG_MOTD=0\n',
  ])('read %j as the program does', (text) => {
    expect(byRules(text)).toEqual(byParser(text));
  });

  it('let through what any of several lines names: the program knows which of them counts', () => {
    const text = 'CONFIG_DISK_BUSES=virtio\nCONFIG_DISK_BUSES="gandi scsi"\n';
    expect(byRules(text)).toEqual(['scsi', 'virtio']);
    expect(byParser(text)).toEqual(['scsi']);
  });

  it('read both places of the settings alike', () => {
    expect(rules.split(`"${command} `)).toHaveLength(3);
  });
});

describe('the condition of gandi-mount.service', () => {
  const script = read('packaging/mount-needed.sh').replace(/^[\s\S]*?then exit 1; fi\n/, '');

  it.each(FORMS)('reads CONFIG_MOUNT_MODE %s as the program does', (_, form) => {
    for (const value of ['autofs', 'udev', 'off']) {
      const text = form('CONFIG_MOUNT_MODE', value);
      const { status } = runShell(`autofs_files=${file}\n${script}`, text);
      expect(status === 0, text).toBe(parseSettings(text, '').mountMode === 'autofs');
    }
  });
});
