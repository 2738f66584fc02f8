import { lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MetadataHost } from '../../metadata-host.ts';
import { builtProgram, freshRoot } from './program.ts';

const SOCKET = 'native/.zonecontrol/metadata.sock';
const KEY = `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 '.padEnd(51, 'k'), 'latin1').toString('base64')} me`;

/** What a zone has of its own: no DMI, no serial line, a kernel that calls itself so. The platform sets its network up. */
const ZONE = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  '/etc/group': 'root:x:0:\n',
  '/etc/shadow': 'root:*:20000:0:99999:7:::\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n',
  '/etc/default/gandi': 'CONFIG_NETWORK=0\n',
  '/root/.profile': '',
  '/kernel-version': 'BrandZ virtual linux\n',
};

/** Runs a program in the tree as its root, with processes and a host name of its own. */
const INSIDE = `
cd "$1"; shift
mount --rbind /usr usr
mount -t proc none proc
mount --bind kernel-version proc/sys/kernel/version
for device in null zero urandom; do : > dev/$device; mount --bind /dev/$device dev/$device; done
: > program; mount --bind "$1" program; shift
exec chroot . /program "$@"
`;

let root: string;
let server: Server;
const host = new MetadataHost({
  values: {
    'sdc:uuid': 'c1f0d2aa-3a8e-4c11-9f27-5b1d8f0f8a01',
    'sdc:hostname': 'zone1',
    root_authorized_keys: KEY,
    'user-script': '#!/bin/sh\ntrue\n',
  },
});

beforeAll(async () => {
  root = freshRoot(ZONE);
  for (const name of ['usr', 'proc', 'sys', 'run', 'dev', 'tmp', 'var/log', dirname(SOCKET)])
    mkdirSync(join(root, name), { recursive: true });
  // Where the distribution has them below /usr.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    if (lstatSync(`/${name}`, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      symlinkSync(readlinkSync(`/${name}`), join(root, name));
  }
  server = createServer((socket) => host.serve(socket));
  await new Promise<void>((resolve) => server.listen(join(root, SOCKET), resolve));
});
afterAll(() => {
  server.close();
});

async function inZone(...parameters: string[]) {
  const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child'];
  const [program = '', ...more] = builtProgram();
  const { exitCode, stdout, stderr } = await execa(
    'unshare',
    [...namespaces, 'sh', '-e', '-c', INSIDE, 'sh', root, program, ...more, ...parameters],
    { reject: false, timeout: 60_000 },
  );
  return { exitCode, stdout, stderr };
}

describe('an LX zone, which has neither firmware nor a serial line', () => {
  it('has the programs that scripts for SmartOS call, by its socket', async () => {
    expect(await inZone('mdata-get', 'sdc:uuid')).toMatchObject({
      exitCode: 0,
      stdout: 'c1f0d2aa-3a8e-4c11-9f27-5b1d8f0f8a01',
    });
    expect(await inZone('mdata-put', 'guest:state', 'ok')).toMatchObject({ exitCode: 0 });
    expect(host.behaviour.values).toMatchObject({ 'guest:state': 'ok' });
    expect(await inZone('mdata-get', 'none')).toMatchObject({ exitCode: 1 });
  });

  it('says that its host was found there', async () => {
    const { stdout } = await inZone('gandi-guest', 'inspect');
    expect(stdout).toContain('/native/.zonecontrol/metadata.sock (SmartOS)');
  });

  it('is given its name and keys by gandi-bootstrap, which somebody starts', async () => {
    const first = await inZone('gandi-bootstrap');
    expect(first.stderr).toContain('identity: ');
    expect(first.exitCode).toBe(0);
    expect(readFileSync(join(root, 'etc/hostname'), 'utf8')).toBe('zone1\n');
    expect(readFileSync(join(root, 'root/.ssh/authorized_keys'), 'utf8')).toContain(KEY);
    const again = await inZone('gandi-bootstrap');
    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('is no guest of SmartOS where the kernel is another', async () => {
    writeFileSync(join(root, 'kernel-version'), '#1 SMP Debian\n');
    const { exitCode, stderr } = await inZone('mdata-get', 'sdc:uuid');
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('this is no guest of SmartOS');
  });
});
