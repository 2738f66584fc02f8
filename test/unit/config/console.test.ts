import { describe, expect, it } from 'vitest';
import { console, renderConsoleSetup, renderSecureTty, serialConsoles } from '../../../src/config/console.ts';
import { type FileEntries, makeContext } from '../context.ts';

const ACTIVE = '/sys/class/tty/console/active';
const planFor = (files: FileEntries) =>
  console.plan(makeContext({ files: { '/run/systemd/system/x': '', ...files } })).changes;

describe('01-config_console', () => {
  it.each([
    ['tty0 ttyS0\n', ['ttyS0']],
    ['hvc0\n', ['hvc0']],
    ['tty0\n', []],
    ['', []],
  ])('takes from %j the consoles %j', (active, consoles) => {
    expect(serialConsoles(active)).toEqual(consoles);
  });

  it('starts a login where nothing else does', () => {
    expect(planFor({ [ACTIVE]: 'hvc0\n' })).toEqual([
      {
        kind: 'run-command',
        argv: ['systemctl', 'start', '--no-block', 'serial-getty@hvc0.service'],
        timeoutSeconds: 30,
        thisBootOnly: true,
        why: 'log in on hvc0',
      },
    ]);
  });

  it.each<[string, FileEntries]>([
    ['systemd has one', { '/run/systemd/generator/getty.target.wants/serial-getty@hvc0.service': '' }],
    ['it is enabled', { '/etc/systemd/system/getty.target.wants/serial-getty@hvc0.service': '' }],
    ['the admin masked it', { '/etc/systemd/system/serial-getty@hvc0.service': { link: '/dev/null' } }],
    ['an empty file masks it', { '/etc/systemd/system/serial-getty@hvc0.service': '' }],
  ])('starts none where %s', (_, files) => {
    expect(planFor({ [ACTIVE]: 'hvc0\n', ...files })).toEqual([]);
  });
});

describe('renderConsoleSetup', () => {
  it('adds the console to the distribution’s own value, and follows it to another hypervisor', () => {
    const debian = 'ACTIVE_CONSOLES="/dev/tty[1-6]"\nCHARMAP="UTF-8"\n';
    const kvm = renderConsoleSetup(debian, ['ttyS0']);
    expect(kvm).toBe('ACTIVE_CONSOLES="/dev/tty[1-6] /dev/ttyS0"\nCHARMAP="UTF-8"\n');
    expect(renderConsoleSetup(kvm, ['hvc0'])).toContain('"/dev/tty[1-6] /dev/hvc0"\n');
  });

  it('keeps the admin’s value', () => {
    const text = 'ACTIVE_CONSOLES="/dev/tty1"\n';
    expect(renderConsoleSetup(text, ['ttyS0'])).toBe(text);
  });
});

describe('renderSecureTty', () => {
  it('adds what is missing at the end', () => {
    expect(renderSecureTty('tty1', ['hvc0'])).toBe('tty1\nhvc0\n');
    expect(renderSecureTty('tty1\nhvc0\n', ['hvc0'])).toBe('tty1\nhvc0\n');
  });
});
