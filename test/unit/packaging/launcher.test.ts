import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

const launcher = fileURLToPath(new URL('../../../packaging/launcher.sh', import.meta.url));

let folder: string;
const at = (path: string) => join(folder, path);

function program(path: string, script: string): void {
  writeFileSync(at(path), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** A guest with a CPU that is able, in which no program has run since the boot. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gandi-guest-launcher-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(at('run'));
  writeFileSync(at('cpuinfo'), 'flags : sse4_1 sse4_2 ssse3\n\n');
  program('gandi', 'echo "started: $*"; exit 3');
  program('gandi-read-ahead', 'echo "read ahead: $*"; exec "$@"');
  const own = readFileSync(launcher, 'utf8')
    .replaceAll('/usr/lib/gandi', folder)
    .replaceAll('/run/gandi', at('run'))
    .replaceAll('/proc/cpuinfo', at('cpuinfo'));
  writeFileSync(at('gandi-config'), own);
});

const start = () => spawnSync('sh', [at('gandi-config'), 'one', 'two words'], { encoding: 'utf8' });

describe('packaging/launcher.sh', () => {
  it('starts the program through what reads ahead the first time, and by itself from then on', () => {
    const started = 'started: gandi-config one two words\n';
    const first = `read ahead: ${at('gandi')} gandi-config one two words\n${started}`;
    expect(start()).toMatchObject({ status: 3, stdout: first, stderr: '' });
    expect(existsSync(at('run/cpu-is-able'))).toBe(true);
    expect(start()).toMatchObject({ status: 3, stdout: started, stderr: '' });
  });

  it('starts the program by itself where nothing reads ahead', () => {
    rmSync(at('gandi-read-ahead'));
    expect(start()).toMatchObject({ status: 3, stdout: 'started: gandi-config one two words\n', stderr: '' });
  });

  it('takes no empty file for a program, which a shell would run successfully', () => {
    writeFileSync(at('gandi-read-ahead'), '');
    expect(start()).toMatchObject({ status: 3, stdout: 'started: gandi-config one two words\n', stderr: '' });
    writeFileSync(at('gandi'), '');
    const run = spawnSync('/bin/sh', [at('gandi-config')], {
      encoding: 'utf8',
      env: { PATH: '/nonexistent' },
    });
    const lack = `this guest lacks ${at('gandi')}, which is empty: install gandi-guest again`;
    expect(run).toMatchObject({ status: 1, stdout: '', stderr: `gandi-config: cannot start: ${lack}\n` });
  });

  it('starts nothing of both on a CPU that is not able', () => {
    writeFileSync(at('cpuinfo'), 'flags : sse4_1 ssse3\n\n');
    program('node', 'echo "node: $*"');
    const run = spawnSync('sh', [at('gandi-config'), 'one'], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    });
    expect(run).toMatchObject({
      status: 0,
      stdout: `node: ${at('gandi.cjs')} gandi-config one\n`,
      stderr: '',
    });
    expect(existsSync(at('run/cpu-is-able'))).toBe(false);
  });
});
