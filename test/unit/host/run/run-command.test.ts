import { beforeEach, describe, expect, it } from 'vitest';
import { openHost } from '../../../../src/host/context/context.ts';
import { runDisposable } from '../../../../src/host/run/run-command.ts';
import { FakeHost, IMAGE } from '../fake-host.ts';

let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);
const inNew = (...args: string[]) => run('run', '--from', 'base', ...args);
const names = () => host.libvirt.domains.map(({ name }) => name);

beforeEach(async () => {
  host = new FakeHost();
  await run('golden', 'create', 'base', '--from', IMAGE);
  host.effects();
});

describe('a command in a guest that is made for it', () => {
  it('ends with its own status, and the guest is gone with its files', async () => {
    host.port.answer = () => ({ status: 7 });
    const { status, stderr } = await inNew('--user', 'jim', '--', 'id', '-u');
    expect({ status, stderr }).toEqual({ status: 7, stderr: '' });
    expect(host.port.ran[0]?.request).toMatchObject({ argv: ['id', '-u'], user: 'jim' });
    expect(names()).toEqual(['base']);
    expect(host.storage.names()).toEqual(['base.v1.qcow2']);
  });

  it('has the input that it was given, and its output goes where it is to', async () => {
    const said: string[] = [];
    const keep = (stream: string) => (bytes: Uint8Array) => {
      if (bytes.length > 0) said.push(`${stream}: ${Buffer.from(bytes)}`);
    };
    host.port.answer = (_, input) => ({ status: 0, stdout: input.toUpperCase(), stderr: 'done' });
    const status = await runDisposable(openHost(host.system, {}), {
      guest: { from: 'base', users: [], sshKeys: [], nics: [], mounts: [], disks: [] },
      request: { argv: ['tr', 'a-z', 'A-Z'] },
      input: Buffer.from('hello'),
      discard: 'always',
      limits: { readySeconds: 60, interrupts: { count: 0, first: undefined } },
      sink: { stdout: keep('stdout'), stderr: keep('stderr') },
    });
    expect(status).toBe(0);
    expect(said).toEqual(['stdout: HELLO', 'stderr: done']);
  });

  it('leaves its guest, stopped and no longer disposable, where the policy says so', async () => {
    host.port.answer = () => ({ status: 1 });
    const { status, stderr } = await inNew('--discard', 'onsuccess', '--', 'false');
    expect(status).toBe(1);
    const [, kept = ''] = names();
    expect(stderr).toContain(`guest ${kept} was kept; "gandi-host guest start ${kept}" starts it`);
    expect(host.libvirt.domain(kept).state).toBe('shut off');
    // Nobody's leftover: it was to be kept.
    expect((await run('cleanup')).status).toBe(3);
    expect(names()).toEqual(['base', kept]);
  });

  it('has a status of its own where the guest dies, is late, or cannot run it', async () => {
    host.port.answer = () => undefined;
    const died = await inNew('--', 'poweroff');
    expect(died.status).toBe(125);
    expect(died.stderr).toContain('the guest went down before the command had ended');
    host.port.answer = () => ({ error: 'no such program' });
    const absent = await inNew('--', 'nothing');
    expect(absent.status).toBe(125);
    expect(absent.stderr).toContain('the command did not run: no such program');
    host.step = 2000;
    const late = await inNew('--ready-timeout', '1', '--', 'true');
    expect(late.status).toBe(124);
    expect(late.stderr).toContain('the time was up');
    expect(names()).toEqual(['base']);
  });

  it('tells a port that hangs up from a guest that went down', async () => {
    host.port.hangsUp = true;
    const up = await inNew('--', 'true');
    expect(up).toMatchObject({ status: 125, stderr: 'gandi-host: the other side hung up\n' });
    host.staysUp = false;
    const down = await inNew('--', 'true');
    expect(down.status).toBe(125);
    expect(down.stderr).toContain('the guest went down before the command had ended');
    expect(names()).toEqual(['base']);
  });

  it('leaves nothing where its guest cannot be made or started', async () => {
    for (const step of ['vol-upload', 'start']) {
      host.refuse = ([command]) => (command === step ? 'the host is full' : undefined);
      expect(await inNew('--', 'true')).toEqual({
        status: 125,
        stdout: '',
        stderr: 'gandi-host: the host is full\n',
      });
      expect(names()).toEqual(['base']);
      expect(host.storage.names()).toEqual(['base.v1.qcow2']);
    }
    expect((await inNew('--discard', 'sometimes', '--', 'true')).status).toBe(125);
  });

  it('is over at an interrupt, and the guest goes all the same', async () => {
    host.refuse = ([command]) => {
      if (command === 'vol-upload') process.emit('SIGTERM', 'SIGTERM');
      return undefined;
    };
    const { status, stderr } = await inNew('--', 'true');
    expect(status).toBe(143);
    expect(stderr).toContain('it was interrupted');
    expect(host.effects().filter((line) => line.startsWith('start '))).toEqual([]);
    expect(names()).toEqual(['base']);
  });

  it('leaves all as it is at the second interrupt', async () => {
    host.port.answer = () => {
      process.emit('SIGINT', 'SIGINT');
      process.emit('SIGINT', 'SIGINT');
      return { status: 0 };
    };
    const { stderr } = await inNew('--', 'true');
    const [, left = ''] = names();
    expect(stderr).toContain(
      `guest ${left} was left as it is; "gandi-host guest destroy ${left}" removes it`,
    );
    expect(host.libvirt.domain(left).state).toBe('running');
  });

  it('of a dry run is shown, and no guest is made', async () => {
    const before = host.state();
    const { status, stdout } = await run('--dry-run', 'run', '--from', 'base', '--', 'true');
    expect(status).toBe(0);
    expect(stdout).toContain('vol-create-as --pool gandi --name base-run-');
    expect(host.state()).toEqual(before);
  });
});

describe('a command in a guest that there is', () => {
  const uuid = () => host.libvirt.domain('web').uuid;
  const changes = () => host.effects().map((line) => line.replace(/gandi-exec-[0-9a-f]{8}/, 'S'));

  beforeEach(async () => {
    await run('guest', 'create', 'web', '--from', 'base');
    host.effects();
  });

  it('finds it off or running, and leaves it so', async () => {
    host.port.answer = () => ({ status: 3 });
    expect((await run('exec', 'web', '--', 'false')).status).toBe(3);
    expect(changes()).toEqual([`start ${uuid()}`, `shutdown ${uuid()}`]);
    await run('guest', 'start', 'web');
    host.effects();
    expect((await run('exec', 'web', '--', 'false')).status).toBe(3);
    expect(changes()).toEqual([]);
    expect(host.libvirt.domain('web').state).toBe('running');
  });

  it('is undone by a snapshot where the policy says so; the snapshot goes in any case', async () => {
    const begin = [`snapshot-create-as --domain ${uuid()} --name S`, `start ${uuid()}`];
    const back = `snapshot-revert --domain ${uuid()} --snapshotname S`;
    const drop = `snapshot-delete --domain ${uuid()} --snapshotname S`;
    host.port.answer = () => ({ status: 1 });
    await run('exec', '--discard', 'onfailure', 'web', '--', 'false');
    expect(changes()).toEqual([...begin, back, drop]);
    host.libvirt.domain('web').state = 'shut off';
    await run('exec', '--discard', 'onsuccess', 'web', '--', 'false');
    expect(changes()).toEqual([...begin, `shutdown ${uuid()}`, drop]);
    host.refuse = ([command]) => (command === 'start' ? 'no memory is left' : undefined);
    expect((await run('exec', '--discard', 'always', 'web', '--', 'true')).status).toBe(125);
    expect(changes()).toEqual([begin[0], back, drop]);
    expect(host.storage.snapshots.get(uuid())).toEqual([]);
  });

  it('gets a signal when its time is up', async () => {
    host.step = 2000;
    host.port.answer = () => 'waits';
    const { status, stderr } = await run('exec', '--timeout', '1', 'web', '--', 'sleep', '9');
    expect(status).toBe(124);
    expect(stderr).toBe('gandi-host: warning: web: the time was up\n');
    expect(host.libvirt.domain('web').state).toBe('shut off');
  });

  it('is told where its guest does not stop again', async () => {
    host.libvirt.override = ([command]) => (command === 'shutdown' ? {} : undefined);
    const { status, stderr } = await run('exec', 'web', '--', 'true');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: 'gandi-host: warning: guest web still runs after 300 s\n',
    });
  });

  it('of a dry run is not run', async () => {
    const { status, stdout } = await run('--dry-run', 'exec', '--discard', 'always', 'web', '--', 'true');
    expect(status).toBe(0);
    expect(stdout).toContain('snapshot-create-as');
    expect(stdout).toContain('# web');
    expect(changes()).toEqual([]);
    expect(host.port.ran).toEqual([]);
  });
});
