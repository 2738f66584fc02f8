import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fileWith, freshPath, freshRoot, gandi } from './program.ts';

const example = (name: string) => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));

describe('the examples of the documentation', { timeout: 60_000 }, () => {
  it.each([
    'example-config.json',
    'examples/minimal.json',
    'examples/several-networks.json',
    'examples/complete.json',
  ])('%s is valid, becomes a seed disk, and configures an image', (name) => {
    const path = example(name);
    expect(gandi('gandi-guest', 'validate', path)).toMatchObject({
      exitCode: 0,
      stdout: `${path}: a valid configuration\n`,
    });
    const disk = freshPath('seed.img');
    const seed = gandi('gandi-guest', 'seed', path, '--script', example('examples/script.sh'), '-o', disk);
    expect(seed.exitCode, seed.stderr).toBe(0);
    const root = freshRoot({ '/etc/network/interfaces': '' });
    const run = gandi('gandi-bootstrap', '--root', root, '--seed', disk, '--only', 'identity');
    expect(run.exitCode, run.stderr).toBe(0);
    const { vm_hostname } = JSON.parse(readFileSync(path, 'utf8')) as { vm_hostname: string };
    expect(readFileSync(`${root}/etc/hostname`, 'utf8')).toBe(`${vm_hostname}\n`);
  });

  it('given twice, change nothing the second time', () => {
    const disk = freshPath('seed.img');
    const script = example('examples/script.sh');
    gandi('gandi-guest', 'seed', example('examples/minimal.json'), '--script', script, '-o', disk);
    const root = freshRoot({ '/etc/network/interfaces': '' });
    const configure = () =>
      gandi('gandi-bootstrap', '--root', root, '--seed', disk, '--json', '--only', '01-config_swap');
    const [first, second] = [configure(), configure()].map(({ stdout }) => JSON.parse(stdout).status);
    expect([first, second]).toEqual(['configured', 'unchanged']);
    writeFileSync(`${root}/gandi/script`, '#!/bin/sh\nanother\n');
    expect(JSON.parse(configure().stdout).status).toBe('configured');
    expect(readFileSync(`${root}/gandi/script`, 'utf8')).toBe(readFileSync(script, 'utf8'));
  });

  it('the complete one comes with kernel modules, too', () => {
    const modules = fileWith('not looked into here', '6.1.0-13-amd64-modules.tar.gz');
    const disk = freshPath('seed.img');
    const seed = gandi(
      'gandi-guest',
      'seed',
      example('examples/complete.json'),
      '--modules',
      modules,
      '-o',
      disk,
    );
    expect(seed.exitCode, seed.stderr).toBe(0);
    const { exitCode, stdout } = gandi('gandi-guest', 'inspect', '--seed', disk);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('6.1.0-13-amd64');
  });
});
