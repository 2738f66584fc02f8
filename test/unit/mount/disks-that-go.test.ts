import { beforeEach, describe, expect, it } from 'vitest';
import { captureOutput } from '../captured-output.ts';
import { run as runProgram } from '../images.ts';
import { EDITOR, main, rowsByName, simulatedGuest } from './simulated-run.ts';

const said = captureOutput();
const guest = simulatedGuest();

beforeEach(async () => {
  guest.disks.attach({ name: 'sdb', label: 'data' });
  await main(['rescan', '--new']);
  guest.disks.ran.length = 0;
  said.stdout = '';
});

async function list() {
  said.stdout = '';
  expect(await main(['list', '--json'])).toBe(0);
  return rowsByName(said.stdout);
}

const FLUSH_AND_UNMOUNT = ['sync --file-system /srv/data', 'umount -- /srv/data'];

describe('disks that go', () => {
  it('are unmounted without asking them, hook first', async () => {
    const { disks } = guest;
    disks.addHook('pre-disk-detach');
    disks.takeAway('sdb');
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(disks.ran).toEqual([
      '/etc/gandi/hooks/pre-disk-detach /dev/sdb /srv/data',
      'umount --lazy --no-canonicalize -- /srv/data',
    ]);
    expect(disks.mounts()).toEqual([]);
    expect(disks.files.status('/srv/data')).toBeUndefined();
    expect(said.stderr).toContain('what was not written to it is lost');
    expect(await list()).toMatchObject({ sdb: { present: false, state: 'gone', label: 'data' } });
  });

  it.each(['tmpfs', 'fuse.sshfs'])(
    'have no mount of somebody else taken away whose source is called after them: %s',
    async (type) => {
      const { disks } = guest;
      for (const place of ['/etc', '/var']) disks.mountAs(disks.node('sdb'), place, type);
      disks.takeAway('sdb');
      await main(['rescan', '--new']);
      expect(disks.ran).toEqual(['umount --lazy --no-canonicalize -- /srv/data']);
      expect(disks.mounts()).toEqual(['/etc', '/var']);
    },
  );

  it('stay mounted where somebody else mounted them, which is told', async () => {
    const { disks } = guest;
    disks.mountElsewhere('sdb', '/var/www');
    disks.takeAway('sdb');
    await main(['rescan', '--new']);
    expect(disks.mounts()).toEqual(['/var/www']);
    expect(said.stderr).toMatch(
      /sdb is still mounted by somebody else at \/var\/www: umount --lazy \/var\/www/,
    );
  });

  it('leave alone what is over them by now, and are unmounted once that is gone', async () => {
    const { disks } = guest;
    disks.mountAs('eve', disks.mountPoint('data'), 'fuse.sshfs', disks.mountPoint('data'));
    disks.takeAway('sdb');
    await main(['rescan', '--new']);
    expect(disks.ran).toEqual([]);
    expect(said.stderr).toMatch(/is not unmounted: somebody else has mounted something over \S+\/srv\/data/);
    const recorded = () => JSON.parse(disks.files.readText('/run/gandi/disks.json') ?? '').disks;
    expect(recorded()).toMatchObject([{ state: 'mounted', label: 'data' }]);
    const lines = (disks.files.readText('/proc/self/mountinfo') ?? '').split('\n');
    disks.write('/proc/self/mountinfo', lines.filter((line) => !line.includes(' eve ')).join('\n'));
    await main(['rescan', '--new']);
    expect(disks.ran).toEqual(['umount --lazy --no-canonicalize -- /srv/data']);
    expect(await list()).toMatchObject({ sdb: { state: 'gone' } });
  });

  it('have those of the services that they name stopped that use them', async () => {
    const { disks } = guest;
    disks.answer = (line) => {
      if (line.startsWith('mount')) disks.write('/srv/more/.gandi/services', 'mydb\nother\nssh\n');
      return '';
    };
    disks.attach({ name: 'sdc', label: 'more' });
    await main(['rescan', '--new']);
    guest.holders = ['mydb', 'ssh', 'cups'].map((name) => ({
      ...EDITOR,
      controlGroup: `/system.slice/${name}.service`,
    }));
    disks.ran.length = 0;
    disks.takeAway('sdc');
    await main(['rescan', '--new']);
    expect(disks.ran).toEqual([
      'systemctl stop -- mydb.service',
      'umount --lazy --no-canonicalize -- /srv/more',
    ]);
  });

  it('come back under their name', async () => {
    guest.disks.takeAway('sdb');
    await main(['rescan', '--new']);
    guest.disks.attach({ name: 'sdc', label: 'data' });
    await main(['rescan', '--new']);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
  });

  it('were gone already when somebody asks for it', async () => {
    guest.disks.takeAway('sdb');
    expect(await main(['detach', 'data'])).toBe(0);
    expect(said.stdout).toContain('data was gone already: cleaned up');
  });

  it('stay unmounted if that was done by hand, until they are asked for', async () => {
    const { disks } = guest;
    disks.unmountByHand('data');
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(said.stderr).toContain('it was unmounted by hand');
    await main(['rescan']);
    expect(disks.ran).toEqual([]);
    expect(await list()).toMatchObject({ sdb: { state: 'ejected' } });
    await main(['attach', disks.node('sdb')]);
    expect(disks.mounts()).toEqual(['/srv/data']);
  });
});

describe('eject', () => {
  it.each([
    ['its label', () => 'data'],
    ['its device', () => guest.disks.node('sdb')],
    ['its mount point', () => guest.disks.mountPoint('data')],
  ])('unmounts by %s, and says that it can be detached', async (_, name) => {
    const { disks } = guest;
    expect(await main(['eject', name()]), said.stderr).toBe(0);
    expect(disks.ran).toEqual(FLUSH_AND_UNMOUNT);
    expect(disks.mounts()).toEqual([]);
    expect(disks.files.status('/srv/data')).toBeUndefined();
    expect(said.stdout).toMatch(/sdb was unmounted from \S+\/srv\/data: it can be detached\n/);
    said.stdout = '';
    expect(await main(['eject', disks.node('sdb')])).toBe(0);
    expect(said.stdout).toMatch(/sdb is not mounted: it can be detached\n/);
  });

  it('unmounts nothing that somebody mounted over it, and asks nothing of it', async () => {
    const { disks } = guest;
    disks.addHook('pre-disk-detach');
    disks.mountAs('eve', disks.mountPoint('data'), 'fuse.sshfs', disks.mountPoint('data'));
    expect(await main(['eject', 'data', '--force'])).toBe(1);
    expect(disks.ran).toEqual([]);
    expect(said.stderr).toMatch(
      /stays mounted at \S+: somebody else has mounted something over \S+\/srv\/data/,
    );
  });

  it('looks again right before it unmounts', async () => {
    const { disks } = guest;
    disks.answer = (line) => {
      const place = disks.mountPoint('data');
      if (line.startsWith('sync')) disks.mountAs('eve', place, 'fuse.sshfs', place);
      return '';
    };
    expect(await main(['eject', 'data'])).toBe(1);
    expect(disks.ran).toEqual(['sync --file-system /srv/data']);
  });

  it('takes over what somebody unmounted and mounted there anew', async () => {
    const { disks } = guest;
    disks.unmountByHand('data');
    disks.mountElsewhere('sdb', disks.mountPoint('data'));
    await main(['rescan', '--new']);
    expect(await main(['eject', 'data']), said.stderr).toBe(0);
    expect(disks.mounts()).toEqual([]);
  });

  it('keeps it unmounted at later events, until it is asked for', async () => {
    await main(['eject', 'data']);
    await main(['rescan', '--new']);
    expect(guest.disks.mounts()).toEqual([]);
    await main(['attach', guest.disks.node('sdb')]);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
  });

  it('does nothing in a dry run', async () => {
    expect(await main(['eject', 'data', '--dry-run'])).toBe(0);
    expect(guest.disks.ran).toEqual([]);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
  });

  it('says who uses it, and stops nothing in vain', async () => {
    guest.holders = [EDITOR];
    expect(await main(['eject', 'data'])).toBe(1);
    expect(said.stderr).toContain('it is in use by process 4711 (vim) with /srv/data/notes');
    expect(guest.disks.ran).toEqual([]);
  });

  it('waits for its users to end', async () => {
    guest.holders = [EDITOR];
    setTimeout(() => {
      guest.holders = [];
    }, 50);
    expect(await main(['eject', 'data', '--wait', '20'])).toBe(0);
    expect(guest.disks.mounts()).toEqual([]);
  });

  it('ends its users by force', async () => {
    const { disks } = guest;
    guest.holders = [EDITOR];
    disks.fail = (line) => {
      if (line.startsWith('kill -s TERM')) guest.holders = [];
      return undefined;
    };
    expect(await main(['eject', 'data', '--force'])).toBe(0);
    expect(disks.ran).toEqual(['kill -s TERM -- 4711', ...FLUSH_AND_UNMOUNT]);
  });

  it('stops the services that the disk names, and starts them again where it stays', async () => {
    const { disks } = guest;
    disks.write('/srv/data/.gandi/services', 'mydb\n../evil\n');
    guest.holders = [{ ...EDITOR, controlGroup: '/system.slice/mydb.service' }];
    disks.answer = (line) => (line.includes('is-active') ? 'active\n' : '');
    disks.fail = (line) => {
      if (line.startsWith('systemctl stop')) guest.holders = [];
      return line.startsWith('umount') ? 'umount: exit status 32: target is busy' : undefined;
    };
    expect(await main(['eject', 'data'])).toBe(1);
    expect(disks.ran).toEqual([
      'systemctl is-active -- mydb.service',
      'systemctl stop -- mydb.service',
      ...FLUSH_AND_UNMOUNT,
      'systemctl start -- mydb.service',
    ]);
    expect(said.stderr).toMatch(/stays mounted at \S+: umount: exit status 32: target is busy/);
  });

  const usedBy = (...units: string[]) =>
    units.map((unit) => ({ ...EDITOR, controlGroup: `/system.slice/${unit}` }));

  it('stops only those whose processes use it and that run, and starts those again', async () => {
    const { disks } = guest;
    disks.write('/srv/data/.gandi/services', 'mydb\nother\nending\nmulti-user.target\nssh\n');
    guest.holders = usedBy('mydb.service', 'ending.service');
    disks.answer = (line) => (line.includes('is-active') ? 'active\ndeactivating\n' : '');
    disks.fail = (line) => {
      if (line.startsWith('systemctl stop')) guest.holders = [];
      return line.startsWith('umount') ? 'umount: exit status 32: target is busy' : undefined;
    };
    expect(await main(['eject', 'data'])).toBe(1);
    expect(disks.ran).toEqual([
      'systemctl is-active -- mydb.service ending.service',
      'systemctl stop -- mydb.service',
      ...FLUSH_AND_UNMOUNT,
      'systemctl start -- mydb.service',
    ]);
  });

  it.each([
    ['the system’s own', 'ssh.service\n', '/system.slice/ssh.service'],
    [
      'a user’s of that name',
      'mydb\n',
      '/user.slice/user-1000.slice/user@1000.service/app.slice/mydb.service',
    ],
    ['one of another name', 'mydb\n', '/system.slice/other.service'],
  ])('is refused, and stops nothing, for a service that uses it: %s', async (_, list, controlGroup) => {
    const { disks } = guest;
    disks.write('/srv/data/.gandi/services', list);
    guest.holders = [{ ...EDITOR, controlGroup }];
    disks.answer = (line) => (line.includes('is-active') ? 'active\n' : '');
    expect(await main(['eject', 'data'])).toBe(1);
    expect(said.stderr).toContain('it is in use by process 4711');
    expect(disks.ran).toEqual([]);
  });

  it('stops nothing of which systemd does not say whether it runs', async () => {
    const { disks } = guest;
    disks.write('/srv/data/.gandi/services', 'mydb\n');
    guest.holders = usedBy('mydb.service');
    expect(await main(['eject', 'data'])).toBe(1);
    expect(disks.ran).toEqual(['systemctl is-active -- mydb.service']);
    expect(said.stderr).toContain('mydb.service: not stopped, for it is not known whether they run');
  });

  it('has a disk that could not be mounted stay so', async () => {
    const { disks } = guest;
    disks.fail = (line) => (line.startsWith('mount') ? 'mount: exit status 32: bad superblock' : undefined);
    disks.attach({ name: 'sdc', label: 'other' });
    expect(await main(['rescan', '--new'])).toBe(1);
    disks.fail = () => undefined;
    expect(await main(['eject', 'other'])).toBe(0);
    expect(said.stdout).toMatch(/sdc is not mounted: it can be detached\n/);
    expect(await main(['rescan'])).toBe(0);
    expect(disks.mounts()).toEqual(['/srv/data']);
    expect(await list()).toMatchObject({ sdc: { state: 'ejected' } });
    runProgram('mkfs.ext4', ['-q', '-F', '-L', 'new', disks.node('sdc')]);
    expect(await main(['eject', 'new'])).toBe(0);
    expect(await main(['rescan'])).toBe(0);
    expect(disks.mounts()).toEqual(['/srv/data']);
  });

  it('takes a disk over that is mounted by hand afterwards', async () => {
    const { disks } = guest;
    await main(['eject', 'data']);
    disks.mountElsewhere('sdb', disks.mountPoint('data'));
    expect(await main(['attach', disks.node('sdb')]), said.stderr).toBe(0);
    expect(said.stderr).toMatch(/sdb was mounted at \S+\/srv\/data by hand/);
    disks.takeAway('sdb');
    await main(['rescan', '--new']);
    expect(disks.mounts()).toEqual([]);
  });

  it('cleans up after one that was mounted by hand afterwards and then went', async () => {
    const { disks } = guest;
    await main(['eject', 'data']);
    disks.mountElsewhere('sdb', disks.mountPoint('data'));
    disks.takeAway('sdb');
    await main(['rescan', '--new']);
    expect(disks.ran.at(-1)).toBe('umount --lazy --no-canonicalize -- /srv/data');
    expect(disks.mounts()).toEqual([]);
    expect(disks.files.status('/srv/data')).toBeUndefined();
  });

  it('runs the hook before it looks who uses it, and not again for a second try', async () => {
    const { disks } = guest;
    disks.addHook('pre-disk-detach');
    guest.holders = [EDITOR];
    expect(await main(['eject', 'data'])).toBe(1);
    expect(disks.ran).toEqual(['/etc/gandi/hooks/pre-disk-detach /dev/sdb /srv/data']);
    guest.holders = [];
    expect(await main(['eject', 'data'])).toBe(0);
    expect(disks.ran.slice(1)).toEqual(FLUSH_AND_UNMOUNT);
  });

  it('takes the name of a directory for that of one disk, and does not choose between two of one label', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdc', label: 'data' });
    disks.attach({ name: 'sdd', label: 'my films' });
    disks.attach({ name: 'sde', label: 'my films' });
    await main(['rescan', '--new']);
    const [data, ...others] = disks.mounts();
    expect(data).toBe('/srv/data');
    expect(others).toHaveLength(3);
    expect(await main(['eject', 'data'])).toBe(0);
    expect(disks.mounts()).toEqual(others);
    expect(await main(['eject', 'my films'])).toBe(1);
    expect(said.stderr).toMatch(/several disks have the label my films: name one of \/\S+, \/\S+\n/);
    expect(disks.mounts()).toEqual(others);
  });

  it('leaves alone what somebody else mounted, and knows no other disk', async () => {
    const { disks } = guest;
    await main(['eject', 'data']);
    disks.mountElsewhere('sdb', '/mnt');
    expect(await main(['eject', disks.node('sdb')])).toBe(1);
    expect(said.stderr).toContain('is mounted at /mnt by somebody else');
    expect(await main(['eject', 'nothing'])).toBe(3);
    expect(said.stderr).toContain('there is no data disk "nothing"');
  });
});
