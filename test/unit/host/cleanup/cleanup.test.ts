import { describe, expect, it } from 'vitest';
import { FakeHost, IMAGE, POOL } from '../fake-host.ts';
import { uuidOf } from '../fake-libvirt.ts';

/** Of the process that the fake is: it is at work where its command line can be read. */
const AT_WORK = { '/proc/77/cmdline': 'gandi-host\0golden\0create\0' };

/** A host on which commands were killed in the middle: a guest, a version and a whole image were begun. */
async function hostWithLeftovers(files: Record<string, string> = {}): Promise<FakeHost> {
  const host = new FakeHost(files);
  await host.gandiHost('golden', 'create', 'base', '--from', IMAGE);
  await host.gandiHost('guest', 'create', 'web', '--from', 'base');
  // What is killed does not undo what it did.
  host.refuse = ([command]) =>
    /^(vol-upload|vol-delete|undefine)$/.test(command ?? '') ? 'killed' : undefined;
  await host.gandiHost('guest', 'create', 'begun', '--from', 'base');
  await host.gandiHost('golden', 'update', 'base');
  await host.gandiHost('golden', 'create', 'half', '--from', IMAGE);
  host.refuse = () => undefined;
  host.effects();
  return host;
}

describe('what commands left that were killed', () => {
  it('is removed, guests first, and nothing else', async () => {
    const host = await hostWithLeftovers();
    host.libvirt.domains.push({ uuid: uuidOf(1), name: 'stranger', state: 'running' });
    host.storage.addVolume('gandi', 'stranger.qcow2');
    // Names such as ours have, of numbers that were never given out, or of no version.
    for (const name of ['base.v9.qcow2', 'base.v2.img', 'base.vx.qcow2'])
      host.storage.addVolume('gandi', name);
    const { status, stdout, stderr } = await host.gandiHost('cleanup');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout.split('\n').sort()).toEqual(
      [
        '',
        'removed golden image half that was never finished',
        'removed guest begun that was never finished',
        'removed volume gandi/base.v2.qcow2 of a version of base that was never finished',
        'removed volume gandi/half.v1.qcow2 of a version of half that was never finished',
      ].sort(),
    );
    expect(stdout).toMatch(/^removed guest/);
    expect(stdout).toMatch(/golden image half that was never finished\n$/);
    expect(host.libvirt.domains.map(({ name }) => name)).toEqual(['base', 'web', 'stranger']);
    expect(host.storage.names()).toEqual([
      ...['base.v1.qcow2', 'base.v2.img', 'base.v9.qcow2', 'base.vx.qcow2'],
      ...['stranger.qcow2', 'web.root.qcow2', 'web.seed.img'],
    ]);
    expect(await host.gandiHost('cleanup')).toEqual({ status: 3, stdout: '', stderr: '' });
  });

  it('goes with disks that were to be kept, where nobody has used them', async () => {
    const host = await hostWithLeftovers();
    await host.gandiHost('cleanup');
    await host.gandiHost('guest', 'create', 'two', '--from', 'base', '--disk', 'data:1G:keep');
    const { uuid } = host.libvirt.domain('two');
    const xml = host.xml.get(uuid) ?? '';
    host.xml.set(uuid, xml.replace('state="ready"', 'state="ready" disposable="yes"'));
    expect((await host.gandiHost('cleanup')).stdout).toBe(
      'kept: volume two.data.qcow2\nremoved guest two of a run that was killed\n',
    );
    await host.gandiHost('guest', 'create', 'three', '--from', 'base', '--disk', 'data:1G:keep');
    const three = host.libvirt.domain('three').uuid;
    host.xml.set(three, (host.xml.get(three) ?? '').replace('state="ready"', 'state="creating"'));
    expect((await host.gandiHost('cleanup')).stdout).toBe('removed guest three that was never finished\n');
    expect(host.storage.names().filter((name) => name.includes('.data.'))).toEqual(['two.data.qcow2']);
  });

  it('goes with an image whose version nobody has tried yet, unless that is needed', async () => {
    const host = new FakeHost();
    await host.gandiHost('golden', 'create', 'late', '--from', IMAGE);
    const { uuid } = host.libvirt.domain('late');
    const untried = (xml: string) =>
      xml.replaceAll('state="ready"', 'state="untested"').replace('state="untested"', 'state="creating"');
    host.xml.set(uuid, untried(host.xml.get(uuid) ?? '').replace(/ current="\d+"/, ''));
    host.storage.addVolume('gandi', 'theirs.qcow2', { backing: `${POOL}/late.v1.qcow2` });
    const needed = await host.gandiHost('cleanup');
    expect(needed.status).toBe(1);
    expect(needed.stderr).toContain('golden image late that was never finished stays: late@1 is needed by');
    expect(host.storage.names()).toEqual(['late.v1.qcow2', 'theirs.qcow2']);
    host.storage.pools.get('gandi')?.volumes.delete('theirs.qcow2');
    expect((await host.gandiHost('cleanup')).stdout).toBe(
      'removed golden image late that was never finished\n',
    );
    expect(host.storage.names()).toEqual([]);
    expect(host.libvirt.domains).toEqual([]);
  });

  it('is no leftover as long as who makes it is at work', async () => {
    const host = await hostWithLeftovers(AT_WORK);
    const before = host.state();
    expect((await host.gandiHost('cleanup')).status).toBe(3);
    expect(host.state()).toEqual(before);
  });

  it('stays where somebody came to need it', async () => {
    const host = await hostWithLeftovers();
    host.storage.addVolume('gandi', 'theirs.qcow2', { backing: `${POOL}/base.v2.qcow2` });
    expect((await host.gandiHost('cleanup')).stdout).not.toContain('base.v2');
    expect(host.storage.names()).toContain('base.v2.qcow2');
  });

  it('is told as JSON, and a dry run changes nothing', async () => {
    const host = await hostWithLeftovers();
    const before = host.state();
    const dry = await host.gandiHost('--dry-run', 'cleanup');
    expect(dry.status).toBe(0);
    expect(dry.stdout).toContain('vol-delete --pool gandi --vol base.v2.qcow2');
    expect(host.state()).toEqual(before);
    const { removed } = JSON.parse((await host.gandiHost('--json', 'cleanup')).stdout);
    expect(removed.map(({ kind }: { kind: string }) => kind)).toEqual([
      'guest',
      'volume',
      'volume',
      'golden',
    ]);
  });

  it('that cannot be removed is told, and the others still go', async () => {
    const host = await hostWithLeftovers();
    host.refuse = ([command, ...words]) =>
      command === 'vol-delete' && words.includes('base.v2.qcow2') ? 'it is busy' : undefined;
    const { status, stdout, stderr } = await host.gandiHost('cleanup');
    expect(status).toBe(1);
    expect(stderr).toBe(
      'gandi-host: warning: volume gandi/base.v2.qcow2 of a version of base that was never finished stays: it is busy\n',
    );
    expect(stdout).toContain('removed golden image half');
  });
});

describe('directories in which images were built', () => {
  it('stay where they are somebody else’s', async () => {
    const host = new FakeHost({
      '/builds/gandi-host-78-BBBBBBBB/x': '',
      '/builds/gandi-host-80-CCCCCCCC': '',
    });
    Object.assign(host.system, { uid: host.system.uid + 1 });
    expect((await host.gandiHost('cleanup', '--work-directory', '/builds')).status).toBe(3);
    expect(host.effects()).toEqual([]);
  });

  it('go where their process is gone; others are nobody’s business', async () => {
    const host = new FakeHost({
      ...AT_WORK,
      '/builds/gandi-host-77-AAAAAAAA/x': '',
      '/builds/gandi-host-78-BBBBBBBB/x': '',
      '/builds/gandi-host-79-short/x': '',
      '/builds/other/x': '',
      '/proc/79/cmdline': 'vim\0',
    });
    const { status, stdout } = await host.gandiHost('cleanup', '--work-directory', '/builds');
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'removed directory /builds/gandi-host-78-BBBBBBBB of a build\n',
    });
    expect(host.effects()).toEqual(['rm -rf -- /builds/gandi-host-78-BBBBBBBB']);
  });
});
