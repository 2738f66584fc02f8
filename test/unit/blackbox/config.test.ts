import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packArchive } from '../../../src/metadata/gandi/seed-disk.ts';
import { fileWith, freshRoot, gandi } from './program.ts';

const MEBIBYTE = 1024 * 1024;
const HASH = '$6$salt$QkX5vsdNhLPAP2Dm9rYpLh8DeqO1Sm8FwLhHJgY4nNh1pXbSLAyFFjxrTqqUYYJZcWw5uhsBCbkA5Z9ZQ6bNY1';

const validate = (config: string | Uint8Array) =>
  gandi('gandi-guest', 'validate', fileWith(config, 'config'));

async function bootstrap(config: string, root = freshRoot()) {
  const seed = fileWith(await packArchive({ config: new TextEncoder().encode(config) }));
  return { ...gandi('gandi-bootstrap', '--root', root, '--seed', seed), root };
}

describe('a document that cannot be read', { timeout: 60_000 }, () => {
  it.each<[string, string | Buffer, string]>([
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'not UTF-8'],
    ['with a byte order mark', '\ufeff{}', 'byte order mark'],
    ['with a zero byte', '{"a":"\0"}', 'zero byte'],
    ['nested 100,000 deep', '['.repeat(100_000), 'levels'],
    ['that is a list', '[]', 'JSON object'],
    ['that is null', 'null', 'JSON object'],
    ['that is a number', '-1\n', 'JSON object'],
    ['that ends early', '{"vm_hostname":', 'end of the text'],
    ['that is empty', '', 'end of the text'],
  ])('%s is refused in one line', (_, config, named) => {
    const { exitCode, stdout, stderr } = validate(config);
    expect(exitCode).toBe(1);
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toContain(named);
  });

  it('of 100 MB costs no memory', () => {
    const path = fileWith('{"vm_hostname":"');
    truncateSync(path, 100 * MEBIBYTE);
    const { exitCode, stdout, peakMemory } = gandi('gandi-guest', 'validate', path);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('at most 1048576 bytes');
    expect(peakMemory).toBeLessThan(80 * MEBIBYTE);
  });

  it('changes nothing', async () => {
    const { exitCode, stderr, root } = await bootstrap('{"vm_hostname":"web1"');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('end of the text');
    expect(readFileSync(`${root}/etc/hostname`, 'utf8')).toBe('old\n');
  });
});

describe('fields', { timeout: 60_000 }, () => {
  const vif = (address: string, network: string, gateway: unknown = null) => ({
    pna: [{ pna_address: address, pbn: { pbn_network: network, pbn_gateway: gateway } }],
  });
  const key = 'ssh-ed25519 AAAA';

  it.each<[string, unknown, string]>([
    ['a line break', { vm_hostname: 'web1\nevil' }, 'vm_hostname'],
    ['a command', { vm_hostname: '$(id)' }, 'vm_hostname'],
    ['65 characters', { vm_hostname: 'a'.repeat(65) }, 'vm_hostname'],
    ['a number', { vm_hostname: 1e300 }, 'vm_hostname'],
    ['a colon in the user', { vm_conf: { user: 'a:0' } }, 'vm_conf.user'],
    ['a line break in the user', { vm_conf: { user: 'a\nb' } }, 'vm_conf.user'],
    ['no hash', { vm_conf: { password: 'secret-in-the-clear' } }, 'vm_conf.password'],
    ['a hash with a colon', { vm_conf: { password: `${HASH}:0` } }, 'vm_conf.password'],
    ['a hash with a line break', { vm_conf: { password: `${HASH}\nroot:` } }, 'vm_conf.password'],
    ['a key with options', { vm_conf: { ssh_key: `command="id" ${key}` } }, 'vm_conf.ssh_key'],
    ['a key of broken base64', { vm_conf: { ssh_key: key } }, 'vm_conf.ssh_key'],
    ['a list for an object', { vm_conf: [] }, 'vm_conf'],
    ['prefix length 33', { vif: [vif('10.0.0.2', '10.0.0.0/33')] }, 'vif[0].pna[0].pbn.pbn_network'],
    [
      'a gateway outside',
      { vif: [vif('10.0.0.2', '10.0.0.0/24', '10.0.1.1')] },
      'vif[0].pna[0].pbn.pbn_gateway',
    ],
    ['an address outside', { vif: [vif('10.0.1.2', '10.0.0.0/24')] }, 'vif[0].pna[0].pna_address'],
    [
      'one address twice',
      { vif: [vif('10.0.0.2', '10.0.0.0/24'), vif('10.0.0.2', '10.0.0.0/24')] },
      'vif[1]',
    ],
    [
      'overlapping networks',
      { vif: [vif('10.0.0.2', '10.0.0.0/24'), vif('10.0.0.200', '10.0.0.128/25')] },
      'vif[1]',
    ],
    ['null for an interface', { vif: [null] }, 'vif[0]'],
    ['a name for a server', { nameservers: ['dns.example'] }, 'nameservers[0]'],
  ])('%s: the path is named, nothing secret is shown', (_, config, path) => {
    const { exitCode, stdout } = validate(JSON.stringify(config));
    expect(exitCode).toBe(1);
    expect(stdout).toContain(path);
    expect(stdout).not.toContain('secret-in-the-clear');
    expect(stdout).not.toContain(HASH);
  });

  it('that are wrong are all told in one run', () => {
    const { stdout } = validate(
      '{"vm_hostname":1e999,"vif":[null],"nameservers":"x","vm_conf":{"user":"","run":7}}',
    );
    for (const path of ['vm_hostname', 'vif[0]', 'nameservers', 'vm_conf.run'])
      expect(stdout).toContain(path);
  });

  it('of one group cost only that group', async () => {
    const files = { '/etc/network/interfaces': 'auto lo\niface lo inet loopback\n' };
    const config = {
      vm_hostname: 'web1',
      vif: [vif('10.0.0.2', '10.0.0.0/24', '10.0.1.1')],
      nameservers: ['10.0.0.3'],
    };
    const { exitCode, stderr, root } = await bootstrap(JSON.stringify(config), freshRoot(files));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('network: vif[0].pna[0].pbn.pbn_gateway: found');
    expect(readFileSync(`${root}/etc/hostname`, 'utf8')).toBe('web1\n');
    expect(readFileSync(`${root}/etc/resolv.conf`, 'utf8')).toContain('nameserver 10.0.0.3\n');
    expect(readFileSync(`${root}/etc/network/interfaces`, 'utf8')).toBe(files['/etc/network/interfaces']);
    expect(existsSync(`${root}/etc/network/interfaces.d`)).toBe(false);
    const status = gandi('gandi-guest', 'status', '--root', root);
    expect(status).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('pbn_gateway') });
  });

  it('that are right are applied', async () => {
    const { exitCode, stderr, root } = await bootstrap('{"vm_hostname":"web1","nameservers":["10.0.0.3"]}');
    expect(exitCode, stderr).toBe(0);
    expect(readFileSync(`${root}/etc/hostname`, 'utf8')).toBe('web1\n');
  });
});
