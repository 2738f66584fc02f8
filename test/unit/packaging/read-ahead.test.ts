import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parsePages, readAheadProgram } from '../../../packaging/read-ahead.mjs';

const project = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-read-ahead-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = join(folder, 'gandi-read-ahead');
writeFileSync(
  program,
  readAheadProgram([
    { first: 0, count: 1 },
    { first: 70_000, count: 300 },
  ]),
  {
    mode: 0o755,
  },
);

describe('gandi-read-ahead', () => {
  it('becomes the program, with its arguments, environment and exit status', () => {
    const script = 'printf "%s|" "$0" "$@" "$WORD"; exit 3';
    const run = spawnSync(program, ['/bin/sh', '-c', script, 'one', '', 'two words'], {
      env: { WORD: 'said' },
      encoding: 'utf8',
    });
    expect(run).toMatchObject({ status: 3, stdout: 'one||two words|said|', stderr: '' });
  });

  it('gives the program its own path for a name, and no descriptor of the file', () => {
    const script = 'tr "\\0" " " < /proc/$$/cmdline; for each in /proc/$$/fd/*; do readlink "$each"; done';
    const run = spawnSync(program, ['/bin/sh', '-c', script], { encoding: 'utf8' });
    expect(run.stdout).toMatch(/^\/bin\/sh -c /);
    expect(run.stdout.split('\n').slice(1).join(' ')).not.toMatch(/\/(sh|dash|bash)\b/);
  });

  it.each([['/nonexistent/program'], []])('says that there is no program to start (%s)', (...args) => {
    expect(spawnSync(program, args, { encoding: 'utf8' })).toMatchObject({
      status: 126,
      stdout: '',
      stderr: 'gandi: the executable cannot be started\n',
    });
  });

  it('asks for the pages of its list, to a page behind the last one, and for no other', () => {
    const pages = [
      { first: 1, count: 2 },
      { first: 5, count: 1 },
    ];
    const asked = join(folder, 'asked');
    writeFileSync(asked, readAheadProgram(pages), { mode: 0o755 });
    const calls = spawnSync('perl', ['-e', TRACE, asked, '/bin/true'], { encoding: 'utf8' });
    expect(calls.stderr).toBe('');
    expect(calls.stdout).toBe('4096 8192\n20480 4096\n');
  });
});

/**
 * Follows a program by ptrace(2) from one system call to the next, and prints what it asks of readahead(2). The registers of x86-64
 * are those of struct user_regs_struct, in its order.
 */
const TRACE = `
  my ($TRACEME, $SYSCALL, $GETREGS, $ptrace) = (0, 24, 12, 101);
  my $child = fork // die;
  if (!$child) { syscall $ptrace, $TRACEME, 0, 0, 0; exec { $ARGV[0] } @ARGV; }
  waitpid $child, 0;
  my $entering = 1;
  while (syscall($ptrace, $SYSCALL, $child, 0, 0) == 0 && waitpid($child, 0) == $child) {
    my $registers = "\\0" x 216;
    syscall $ptrace, $GETREGS, $child, 0, $registers;
    my ($length, $offset, $call) = (unpack "q27", $registers)[12, 13, 15];
    print "$offset $length\\n" if $entering && $call == 187;
    last if $call == 59;
    $entering = !$entering;
  }
  kill "KILL", $child;
`;

describe('the list of pages', () => {
  const list = () => readFileSync(project('packaging/runtime-pages/bun-linux-x64-baseline.txt'), 'utf8');

  it('is of the runtime that is built in', () => {
    const { devDependencies, optionalDependencies, dependencies } = JSON.parse(
      readFileSync(project('package.json'), 'utf8'),
    );
    const versions = { ...dependencies, ...devDependencies, ...optionalDependencies };
    expect(parsePages(list()).of).toBe(`bun-linux-x64-baseline ${versions['@oven/bun-linux-x64-baseline']}`);
  });

  it('has ranges that follow each other, of a tenth of the runtime', () => {
    const { pages } = parsePages(list());
    let end = 0;
    for (const { first, count } of pages) {
      expect(first).toBeGreaterThanOrEqual(end);
      end = first + count;
    }
    const sum = pages.reduce((total, { count }) => total + count, 0);
    expect(sum).toBeGreaterThan(1000);
    expect(sum).toBeLessThan(4000);
  });

  it.each(['1', '1 0', 'a 1', '1 2 3', '-1 2'])('has no line such as "%s"', (line) => {
    expect(() => parsePages(`# runtime 1\n${line}\n`)).toThrow(`"${line}" is no range of pages`);
  });
});
