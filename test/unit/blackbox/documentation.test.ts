import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MANUAL_TEXTS } from '../../../packaging/documentation/manual-texts.ts';
import { freshPath, freshRoot } from './program.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/compatibility.md'];

/** What is to be typed: the indented lines of a document. */
const commandsIn = (text: string) => [...text.matchAll(/^ {4}(\S.*)$/gm)].map(([, command]) => command ?? '');

/** Runs a command as somebody types it in a directory. */
function type(command: string, directory: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: directory, encoding: 'utf8' });
  return { status, said: `${command}\n${stdout}${stderr}` };
}

describe('docs/examples/README.md', { timeout: 120_000 }, () => {
  it('has commands that work, one after the other, in a directory with what the repository has', () => {
    const directory = freshPath('repository');
    mkdirSync(directory);
    for (const name of ['dist', 'docs']) symlinkSync(join(root, name), join(directory, name));
    const image = freshRoot({
      '/etc/network/interfaces': '',
      '/usr/lib/systemd/systemd': '',
      '/usr/lib/systemd/system/networking.service': '',
      '/etc/systemd/system/multi-user.target.wants/networking.service': '',
    });
    const release = spawnSync('uname', ['-r'], { encoding: 'utf8' }).stdout.trim();
    // Not every machine that builds has the modules of its kernel.
    const machine = freshRoot({ [`/lib/modules/${release}/modules.order`]: '' });
    const commands = commandsIn(read('docs/examples/README.md'));
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      const here = command.replace('/path/to/image', image).replace('-C / ', `-C ${machine} `);
      expect(type(here, directory)).toMatchObject({ status: 0 });
    }
    expect(readFileSync(join(image, 'etc/hostname'), 'utf8')).not.toBe('old\n');
  });
});

describe('what is installed', { timeout: 60_000 }, () => {
  /** Of ours alone: other paths below /usr are the distribution's, or the admin's to make. */
  const OURS =
    /\/usr\/(?:lib\/gandi|sbin|lib\/udev\/rules\.d|lib\/systemd\/system)\/[\w@.-]*gandi[\w@.-]*\w|\/usr\/lib\/gandi\/[\w.-]*\w/g;
  const tree = freshPath('tree');
  const { status, said } = type(`DESTDIR=${tree} packaging/install.sh`, root);

  it.each([...DOCUMENTS.map((path) => [path, read(path)]), ['the manual', JSON.stringify(MANUAL_TEXTS)]])(
    'has each path that %s names, its programs executable',
    (_, text = '') => {
      expect(status, said).toBe(0);
      for (const [path] of text.matchAll(OURS)) {
        const stat = statSync(join(tree, path), { throwIfNoEntry: false });
        expect(stat, path).toBeDefined();
        const isProgram = /^\/usr\/(lib\/gandi|sbin)\//.test(path) && !path.endsWith('.cjs');
        if (isProgram) expect((stat?.mode ?? 0) & 0o111, path).toBe(0o111);
      }
    },
  );

  it('has the program that takes version 2 out of an image, as the README calls it', () => {
    const [, command = ''] = /`([^`\n]*replace-version-2[^`\n]* [^`\n]+)`/.exec(read('README.md')) ?? [];
    const here = command.replaceAll(/\/path\/to\/\w+/g, tree).replace(/^\/usr/, `${tree}/usr`);
    expect(here).toContain(tree);
    expect(type(here, root)).toMatchObject({ status: 0 });
  });
});
