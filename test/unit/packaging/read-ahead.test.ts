import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parsePages, readAheadProgram, writeReadAhead } from '../../../packaging/read-ahead.mjs';

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

  it('says in a line why a program cannot be started, and what helps', () => {
    const damaged = join(folder, 'damaged');
    writeFileSync(damaged, '\0\0\0\0', { mode: 0o755 });
    const loaderless = join(folder, 'loaderless');
    writeFileSync(loaderless, '#!/nonexistent/loader\n', { mode: 0o755 });
    for (const [path, reason] of [
      ['/nonexistent/program', 'not there, or the loader of the C library is not (glibc): install '],
      [loaderless, 'not there, or the loader of the C library is not (glibc): install '],
      [damaged, 'damaged: install gandi-guest again'],
      [folder, 'not allowed to run: look for "noexec" in /proc/mounts'],
      [`${damaged}/below`, 'not started: call it in a shell to see why'],
    ] as const) {
      const run = spawnSync(program, [path, 'gandi-bootstrap'], { encoding: 'utf8' });
      expect(run).toMatchObject({ status: 126, stdout: '' });
      expect(run.stderr).toMatch(/^[^\n]+\n$/);
      expect(run.stderr).toContain(`${path}: ${reason}`);
    }
  });

  it('becomes nothing of its environment where it is called without a program, or without its own name', () => {
    writeFileSync(join(folder, 'of-the-environment'), '#!/bin/sh\necho started\n', { mode: 0o755 });
    const call =
      'my ($path, $count) = @ARGV; my $list = pack "P x8", "read-ahead"; $list = pack "x8" if $count == 0;' +
      'my $environment = pack "P x8", $variable = $ENV{VARIABLE}; syscall 59, $path, $list, $environment; die $!';
    for (const count of ['0', '1']) {
      const run = spawnSync('perl', ['-e', call, program, count], {
        encoding: 'utf8',
        env: { VARIABLE: join(folder, 'of-the-environment') },
      });
      expect(run).toMatchObject({
        status: 126,
        stdout: '',
        stderr: ': not started: call it in a shell to see why\n',
      });
    }
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

  describe('of which the program is made', () => {
    const bun = join(folder, 'bun-linux-x64-baseline');
    const output = join(folder, 'output');
    mkdirSync(bun);
    mkdirSync(output);
    writeFileSync(join(folder, 'bun-linux-x64-baseline.txt'), '# bun-linux-x64-baseline 1.4.5\n1 2\n');
    const made = () => existsSync(join(output, 'gandi-read-ahead'));
    const build = (version: string) => {
      writeFileSync(join(bun, 'package.json'), JSON.stringify({ version }));
      return writeReadAhead(bun, folder, output);
    };

    it('is left out of a build with another runtime, for with that build the list is made anew', async () => {
      const said = await build('1.4.6');
      expect(said).toMatch(
        /is of bun-linux-x64-baseline 1\.4\.5, and not of 1\.4\.6: make the list anew by "node /,
      );
      expect(said).not.toContain('\n');
      expect(made()).toBe(false);
    });

    it('is that of the runtime', async () => {
      expect(await build('1.4.5')).toBeUndefined();
      expect(made()).toBe(true);
    });

    it('is none for a runtime without one', async () => {
      rmSync(join(output, 'gandi-read-ahead'));
      expect(await writeReadAhead(join(folder, 'bun-linux-aarch64'), folder, output)).toBeUndefined();
      expect(made()).toBe(false);
    });
  });

  it.each(['1', '1 0', 'a 1', '1 2 3', '-1 2'])('has no line such as "%s"', (line) => {
    expect(() => parsePages(`# runtime 1\n${line}\n`)).toThrow(`"${line}" is no range of pages`);
  });
});
