import { readFileSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appendLog, lineForAdmin } from '../../../../src/machine/files/log.ts';
import { MIB } from '../../images.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const NOW = new Date('2026-11-21T04:16:09.000Z');
const logIn = (entries: Record<string, string> = { '/x': '' }) => `${temporaryRoot(entries).root}/gandi.log`;

describe('the log', () => {
  it('has a JSON line for each thing, for root and its group alone', async () => {
    const path = logIn();
    await appendLog('gandi-config', [{ level: 'info', message: 'one', fields: { step: 'cron' } }], NOW, path);
    await appendLog('gandi-config', [{ level: 'problem', message: 'two' }], NOW, path);
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

  it('has text as it was told, whatever is in it', async () => {
    const path = logIn();
    const messages = ['100 % full', '%s %d %o %%', '', '{"level":60}'];
    const records = messages.map((message) => ({ level: 'info' as const, message }));
    await appendLog('gandi-config', records, NOW, path);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(messages);
  });

  it('is not made for nothing', async () => {
    const path = logIn();
    await appendLog('gandi-config', [], NOW, path);
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  it('makes room when it has grown too large, also where nothing else rotates it', async () => {
    const path = logIn({ '/gandi.log': 'old\n', '/gandi.log.1': 'older\n' });
    truncateSync(path, 4 * MIB);
    await appendLog('gandi-config', [{ level: 'info', message: 'new' }], NOW, path);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(1);
    expect(statSync(`${path}.1`).size).toBe(4 * MIB);
    await appendLog('gandi-config', [{ level: 'info', message: 'newer' }], NOW, path);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(2);
  });

  it('is not written through a link', async () => {
    const path = logIn({ '/precious': 'precious' });
    symlinkSync('precious', path);
    await expect(appendLog('x', [{ level: 'info', message: 'm' }], NOW, path)).rejects.toThrow('ELOOP');
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
