import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { describe, expect, it, vi } from 'vitest';
import { packArchive } from '../../../src/metadata/gandi/seed-disk.ts';
import { archive, header, member } from '../metadata/gandi/tar-blocks.ts';
import { fileWith, freshRoot, gandi } from './program.ts';

const MEBIBYTE = 1024 * 1024;
/** Nothing that compresses well. */
const NOISE = Buffer.from(
  createHash('shake128', { outputLength: 16 * MEBIBYTE })
    .digest()
    .map((byte) => byte & 0x7f),
).toString('latin1');
const TREE = 'lib/modules/6.12.0-gandi';

async function install(tar: Uint8Array, suffix: 'gz' | 'bz2' = 'gz') {
  const content =
    suffix === 'gz' ? gzipSync(tar) : execFileSync('bzip2', ['-c'], { input: tar, maxBuffer: 64 * MEBIBYTE });
  const name = `6.12.0-gandi-modules.tar.${suffix}`;
  const seed = await packArchive({
    config: Buffer.from('{"vm_hostname":"web1"}'),
    modules: { name, content },
  });
  const root = freshRoot();
  return { ...gandi('gandi-bootstrap', '--root', root, '--seed', fileWith(seed)), root };
}

describe('a modules archive', { timeout: 60_000 }, () => {
  it.each(['gz', 'bz2'] as const)('is installed from %s', async (suffix) => {
    const { root } = await install(archive(member({ name: `${TREE}/a.ko` }, 'module')), suffix);
    expect(readFileSync(`${root}/${TREE}/a.ko`, 'utf8')).toBe('module');
  });

  it('is unpacked by compiled code, however large it is', async () => {
    const { root } = await install(archive(member({ name: `${TREE}/a.ko` }, NOISE)), 'bz2');
    expect(readFileSync(`${root}/${TREE}/a.ko`, 'latin1') === NOISE).toBe(true);
    // It takes a minute where it is only interpreted.
  }, 25_000);

  it.runIf(existsSync('dist/gandi'))('whose unpacking is killed is refused, and says so', async () => {
    const packed = execFileSync('bzip2', ['-c'], { input: NOISE, maxBuffer: 64 * MEBIBYTE });
    const seed = await packArchive({
      config: Buffer.from('{"vm_hostname":"web1"}'),
      modules: { name: '6.12.0-gandi-modules.tar.bz2', content: packed },
    });
    const root = freshRoot();
    const options = { reject: false, env: { BUN_JSC_useJIT: '0' } } as const;
    const run = execa('dist/gandi', ['gandi-bootstrap', '--root', root, '--seed', fileWith(seed)], options);
    // proc_pid_children(5); a child of number 0 would be this process itself.
    const children = `/proc/${run.pid}/task/${run.pid}/children`;
    const child = () => Number(readFileSync(children, 'utf8').trim() || 'none');
    await vi.waitFor(() => process.kill(child(), 'SIGKILL'), 10_000);
    const { exitCode, stderr } = await run;
    expect(exitCode).toBe(1);
    expect(stderr).toContain('.tar.bz2 was not installed: unpacking was ended by SIGKILL\n');
    expect(readdirSync(`${root}/lib/modules`)).toEqual([]);
  });

  it('that is damaged is refused, in one line that says so', async () => {
    const { exitCode, stderr, root } = await install(Buffer.from('no tar'), 'bz2');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/gandi-bootstrap: problem: kernel-modules: .*modules.tar.bz2 was not installed: /);
    expect(existsSync(`${root}/${TREE}`)).toBe(false);
    const name = '6.12.0-gandi-modules.tar.bz2';
    const seed = await packArchive({
      config: Buffer.from('{"vm_hostname":"web1"}'),
      modules: { name, content: Buffer.from('BZh9 and no more') },
    });
    expect(gandi('gandi-bootstrap', '--root', freshRoot(), '--seed', fileWith(seed)).stderr).toContain(
      `/gandi/${name} was not installed: the file is no bzip2, is damaged, or ends too early\n`,
    );
  });

  it.each<[string, Buffer]>([
    ['a path outside', archive(member({ name: `${TREE}/../../../etc/hostname` }, 'x'))],
    ['another release', archive(member({ name: 'lib/modules/5.0/a.ko' }, 'x'))],
    ['a link', archive(member({ name: `${TREE}/a.ko`, type: '2', link: '/etc' }))],
    ['more than there is room for', archive(header({ name: `${TREE}/a.ko`, size: '77777777777\0' }))],
  ])('with %s is refused whole; the rest is done', async (_, tar) => {
    const { exitCode, stderr, root } = await install(tar);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('/gandi/6.12.0-gandi-modules.tar.gz was not installed');
    expect(existsSync(`${root}/lib/modules`) ? readdirSync(`${root}/lib/modules`) : []).toEqual([]);
    expect(readFileSync(`${root}/etc/hostname`, 'utf8')).toBe('web1\n');
  });

  // One block of bzip2 can stand for 47 MB.
  it.each(['gz', 'bz2'] as const)(
    'that unpacks to a thousand times its size needs little memory: %s',
    async (suffix) => {
      const size = 24 * MEBIBYTE;
      const bomb = Buffer.concat([
        header({ name: `${TREE}/zeros`, size: `${size.toString(8).padStart(11, '0')}\0` }),
        Buffer.alloc(size + 1024),
      ]);
      const { peakMemory } = await install(bomb, suffix);
      expect(peakMemory).toBeLessThan((suffix === 'gz' ? 120 : 400) * MEBIBYTE);
    },
  );
});
