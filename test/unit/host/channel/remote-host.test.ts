import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForwardedLine } from '../../../../src/host/channel/forwarded-line.ts';
import { checkPortAccess } from '../../../../src/host/channel/open-port.ts';
import { remoteHost } from '../../../../src/host/channel/remote-host.ts';
import type { Argv, HostCommands } from '../../../../src/host/commands/commands.ts';
import { Virsh } from '../../../../src/host/libvirt/virsh.ts';
import { FakeHost } from '../fake-host.ts';

describe('the host of a libvirt', () => {
  it.each(['qemu:///system', 'qemu+unix:///system?socket=/run/x', 'test:///default', ''])(
    'is this one, by %j',
    (uri) => {
      expect(remoteHost(uri)).toBeUndefined();
    },
  );

  it('is reached by ssh as libvirt reaches it', () => {
    expect(remoteHost('qemu+ssh://host/system')).toEqual({ destination: 'host', options: [] });
    expect(
      remoteHost('qemu+libssh2://ad%20min@[2001:db8::1]:2222/system?keyfile=/k&known_hosts=/n&no_verify=1'),
    ).toEqual({
      destination: 'ad min@2001:db8::1',
      options: ['-p', '2222', '-i', '/k', '-o', 'UserKnownHostsFile=/n', '-o', 'StrictHostKeyChecking=no'],
    });
  });

  it('must be one that ssh leads to', () => {
    expect(() => remoteHost('qemu+tls://host/system')).toThrow('connect to qemu+ssh://host/system');
    expect(() => remoteHost('qemu://host/system')).toThrow('by ssh');
  });
});

describe('the ports of guests', () => {
  const access = (uri: string, code?: string) => {
    const host = new FakeHost();
    const list = () => {
      if (code === undefined) return [];
      throw Object.assign(new Error('no'), { code });
    };
    const system = { ...host.system, files: Object.assign(Object.create(host.system.files), { list }) };
    return () => checkPortAccess({ system, virsh: new Virsh(host, uri) });
  };

  it('are looked for before anything is made', () => {
    expect(access('qemu:///system')).not.toThrow();
    expect(access('qemu:///system', 'EACCES')).toThrow(
      '/var/lib/libvirt/qemu/channel/target is closed to this user',
    );
    expect(access('qemu:///system', 'EIO')).toThrow('no');
    expect(access('qemu:///session', 'EACCES')).not.toThrow();
    expect(access('qemu+ssh://host/system', 'EACCES')).not.toThrow();
    expect(access('qemu+tcp://host/system')).toThrow('by ssh');
  });
});

describe('a line to a socket of another host', () => {
  let folder: string;
  let ran: Argv[];
  let ended: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gandi-forward-'));
    [ran, ended] = [[], 0];
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A host where ssh makes a socket that says what it is sent, or ends at once. */
  function commands(ssh: 'forwards' | 'fails', mktemp = ''): HostCommands {
    return {
      async run(argv) {
        ran.push(argv);
        if (argv[0] === 'rm') rmSync(join(folder, 'port'), { force: true });
        return { argv, stdout: `${folder}\n`, stderr: '', ...(mktemp === '' ? {} : { failure: mktemp }) };
      },
      follow(argv) {
        ran.push(argv);
        if (ssh === 'fails') return { ended: Promise.resolve(), end: () => undefined };
        const server = createServer((socket) => socket.pipe(socket)).listen(join(folder, 'port'));
        return {
          ended: new Promise(() => undefined),
          end() {
            ended += 1;
            server.close();
          },
        };
      },
      runInForeground: () => Promise.reject(new Error('nothing has the terminal')),
    };
  }

  const open = (how: HostCommands) =>
    openForwardedLine(how, { destination: 'root@host', options: ['-p', '22'] }, '/run/port');

  it('takes bytes both ways, and leaves nothing when it is closed', async () => {
    const line = await open(commands('forwards'));
    expect(await line.write(Buffer.from('hello'), performance.now() + 5000)).toBe(true);
    expect(await line.read(performance.now() + 5000)).toEqual(Buffer.from('hello'));
    expect(ran[1]?.slice(-6)).toEqual(['-p', '22', '-L', `${folder}/port:/run/port`, '--', 'root@host']);
    line.close();
    expect(ended).toBe(1);
    await expect.poll(() => readdirSync(folder)).toEqual([]);
    expect(ran.at(-1)).toEqual(['rm', '-rf', '--', folder]);
  });

  it('is not to be had where ssh ends, or there is no directory for it', async () => {
    await expect(open(commands('fails'))).rejects.toThrow('ssh to root@host does not lead to /run/port');
    expect(ran.at(-1)).toEqual(['rm', '-rf', '--', folder]);
    await expect(open(commands('fails', 'mktemp: no room'))).rejects.toThrow('mktemp: no room');
  });
});
