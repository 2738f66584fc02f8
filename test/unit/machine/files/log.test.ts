import { readFileSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appendLog, say } from '../../../../src/machine/files/log.ts';
import { captureOutput } from '../../captured-output.ts';
import { MIB } from '../../images.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const said = captureOutput();
const logIn = (entries: Record<string, string> = { '/x': '' }) => `${temporaryRoot(entries).root}/gandi.log`;

describe('the log', () => {
  it('has a JSON line for each thing, for root and its group alone', () => {
    const path = logIn();
    appendLog('gandi-config', [{ level: 'info', message: 'one', fields: { step: 'cron' } }], path);
    appendLog('gandi-config', [{ level: 'problem', message: 'two' }], path);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 30, program: 'gandi-config', step: 'cron', msg: 'one' },
      { level: 50, msg: 'two' },
    ]);
    expect(statSync(path).mode & 0o007).toBe(0);
  });

  it('is not made for nothing', () => {
    const path = logIn();
    appendLog('gandi-config', [], path);
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  it('makes room when it has grown too large, also where nothing else rotates it', () => {
    const path = logIn({ '/gandi.log': 'old\n', '/gandi.log.1': 'older\n' });
    truncateSync(path, 4 * MIB);
    appendLog('gandi-config', [{ level: 'info', message: 'new' }], path);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(1);
    expect(statSync(`${path}.1`).size).toBe(4 * MIB);
    appendLog('gandi-config', [{ level: 'info', message: 'newer' }], path);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(2);
  });

  it('is not written through a link', () => {
    const path = logIn({ '/precious': 'precious' });
    symlinkSync('precious', path);
    expect(() => appendLog('x', [{ level: 'info', message: 'm' }], path)).toThrow('ELOOP');
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });
});

describe('a line for the admin', () => {
  it('is one line, whatever it is about', () => {
    say('gandi-mount', 'warning', 'label a\nb\u001b[2J');
    expect(said.stderr).toBe('gandi-mount: warning: label a b [2J\n');
  });

  it('has the priority that the journal takes', () => {
    process.env.JOURNAL_STREAM = '8:1';
    say('gandi-mount', 'problem', 'it failed');
    delete process.env.JOURNAL_STREAM;
    expect(said.stderr).toBe('<3>gandi-mount: problem: it failed\n');
  });
});
