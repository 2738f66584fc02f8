import { readFileSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appendLog, lineForAdmin } from '../../../../src/machine/files/log.ts';
import { MIB } from '../../images.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const NOW = new Date('2026-11-21T04:16:09.000Z');
const logIn = (entries: Record<string, string> = { '/x': '' }) => `${temporaryRoot(entries).root}/gandi.log`;

describe('the log', () => {
  it('has a JSON line for each thing, for root and its group alone', () => {
    const path = logIn();
    appendLog('gandi-config', [{ level: 'info', message: 'one', fields: { step: 'cron' } }], NOW, path);
    appendLog('gandi-config', [{ level: 'problem', message: 'two' }], NOW, path);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines[0]).toBe(
      '{"level":30,"time":"2026-11-21T04:16:09.000Z","program":"gandi-config","step":"cron","msg":"one"}',
    );
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 30, program: 'gandi-config', step: 'cron', msg: 'one' },
      { level: 50, msg: 'two' },
    ]);
    expect(statSync(path).mode & 0o007).toBe(0);
  });

  it('is not made for nothing', () => {
    const path = logIn();
    appendLog('gandi-config', [], NOW, path);
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  it('makes room when it has grown too large, also where nothing else rotates it', () => {
    const path = logIn({ '/gandi.log': 'old\n', '/gandi.log.1': 'older\n' });
    truncateSync(path, 4 * MIB);
    appendLog('gandi-config', [{ level: 'info', message: 'new' }], NOW, path);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(1);
    expect(statSync(`${path}.1`).size).toBe(4 * MIB);
    appendLog('gandi-config', [{ level: 'info', message: 'newer' }], NOW, path);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(2);
  });

  it('is not written through a link', () => {
    const path = logIn({ '/precious': 'precious' });
    symlinkSync('precious', path);
    expect(() => appendLog('x', [{ level: 'info', message: 'm' }], NOW, path)).toThrow('ELOOP');
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });
});

describe('a line for the admin', () => {
  it('is one line, whatever it is about', () => {
    expect(lineForAdmin('gandi-mount', 'warning', 'label a\nb\u001b[2J', {})).toBe(
      'gandi-mount: warning: label a b [2J\n',
    );
  });

  it('has the priority that the journal takes', () => {
    const line = lineForAdmin('gandi-mount', 'problem', 'it failed', { JOURNAL_STREAM: '8:1' });
    expect(line).toBe('<3>gandi-mount: problem: it failed\n');
  });
});
