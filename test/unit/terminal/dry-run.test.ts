import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import { renderPlanned } from '../../../src/terminal/dry-run.ts';
import { temporaryRoot } from '../temporary-root.ts';

const files = temporaryRoot({ '/etc/hostname': 'old\n' });

const hostname: Change = { kind: 'write-file', path: '/etc/hostname', content: 'web1\n', mode: 0o644 };

describe('a planned change', () => {
  it.each<[string, Change, string[]]>([
    [
      'shows what differs in a file',
      hostname,
      [
        '  would write /etc/hostname (0644)',
        '    --- /etc/hostname',
        '    +++ /etc/hostname',
        '    @@ -1,1 +1,1 @@',
        '    -old',
        '    +web1',
      ],
    ],
    [
      'shows a new file whole',
      { ...hostname, path: '/etc/mailname' },
      [
        '  would write /etc/mailname (0644)',
        '    --- /dev/null',
        '    +++ /etc/mailname',
        '    @@ -0,0 +1,1 @@',
        '    +web1',
      ],
    ],
    [
      'shows nothing of a new program, whose bytes are counted',
      { ...hostname, path: '/usr/bin/new', content: '\x7fELF\0\udcff' },
      ['  would write /usr/bin/new (0644)', '    6 bytes, not text'],
    ],
    [
      'shows no secret content',
      { ...hostname, secret: true },
      ['  would write /etc/hostname (0644)', '    (content not shown: secret)'],
    ],
    [
      'shows no secret input',
      {
        kind: 'run-command',
        argv: ['chpasswd', '-e'],
        input: 'root:$6$x',
        secretInput: true,
        timeoutSeconds: 1,
        why: 'set the password',
      },
      ['  would run chpasswd -e (set the password)', '    standard input: (content not shown: secret)'],
    ],
  ])('%s', (_, change, lines) => {
    expect(renderPlanned(change, 'planned', files)).toBe(`${lines.join('\n')}\n`);
  });

  it('shows nothing of a program, nor of what takes its place', () => {
    const root = temporaryRoot({ '/usr/bin/arch': '\x7fELF\0' });
    expect(renderPlanned({ ...hostname, path: '/usr/bin/arch' }, 'planned', root)).toBe(
      '  would write /usr/bin/arch (0644)\n    5 bytes in place of 5, not text\n',
    );
  });

  it('says why it is left out of an image', () => {
    const change: Change = { kind: 'set-kernel-value', path: '/proc/sys/kernel/hostname', value: 'web1' };
    expect(renderPlanned(change, 'skipped', files)).toBe(
      '  skipped (needs the running system) set /proc/sys/kernel/hostname to "web1"\n',
    );
  });
});
