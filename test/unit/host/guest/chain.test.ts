import { beforeEach, describe, expect, it } from 'vitest';
import { DIGEST, FakeHost, IMAGE, POOL } from '../fake-host.ts';

let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);

/** A guest of an image that is an overlay of another one. */
beforeEach(async () => {
  host = new FakeHost();
  await run('golden', 'create', 'base', '--from', IMAGE);
  await run('golden', 'create', 'dev', '--from', 'base', '--packages', 'git');
  await run('guest', 'create', 'web', '--from', 'dev');
  host.effects();
});

describe('the images below a guest', () => {
  it('are looked at, down to the last one, before it is started', async () => {
    expect((await run('guest', 'verify', 'web')).status).toBe(0);
    host.storage.volume('gandi', 'base.v1.qcow2').changed += 1;
    for (const command of ['verify', 'start']) {
      const { status, stderr } = await run('guest', command, 'web');
      expect(status).toBe(1);
      expect(stderr).toContain(`base@1: ${POOL}/base.v1.qcow2 was changed since it was made`);
    }
    expect(host.effects()).toEqual([]);
  });

  it('are those that its disk is an overlay of, as far as libvirt knows of them', async () => {
    host.storage.volume('gandi', 'base.v1.qcow2').changed += 1;
    const { backing: _, ...whole } = host.storage.volume('gandi', 'dev.v1.qcow2');
    host.storage.pools.get('gandi')?.volumes.set('dev.v1.qcow2', whole);
    expect((await run('guest', 'verify', 'web')).status).toBe(0);
  });

  it('are no longer looked at where their domain was undefined, which leaves their disk', async () => {
    host.storage.volume('gandi', 'base.v1.qcow2').changed += 1;
    const { domains } = host.libvirt;
    domains.splice(
      domains.findIndex(({ name }) => name === 'base'),
      1,
    );
    expect((await run('guest', 'start', 'web')).status).toBe(0);
  });

  it('are read as a whole where that is asked for, each of them', async () => {
    expect((await run('guest', 'verify', 'web', '--checksum')).status).toBe(0);
    expect(host.effects().filter((one) => one.startsWith('sha256sum'))).toEqual([
      `sha256sum --binary -- ${POOL}/dev.v1.qcow2`,
      `sha256sum --binary -- ${POOL}/base.v1.qcow2`,
    ]);
    host.programs.sha256sum = ([, , , path = '']) => ({
      stdout: `${path.includes('base') ? 'cd'.repeat(32) : DIGEST} *disk\n`,
    });
    expect((await run('guest', 'verify', 'web', '--checksum')).stderr).toContain(
      'base@1: /var/lib/libvirt/images/gandi/base.v1.qcow2 has another checksum than it was made with',
    );
  });

  it('are not called whole where no checksum was noted', async () => {
    const { uuid } = host.libvirt.domain('dev');
    host.xml.set(uuid, (host.xml.get(uuid) ?? '').replace(/ sha256="[^"]*"/, ''));
    const { status, stderr } = await run('guest', 'verify', 'web', '--checksum');
    expect(status).toBe(1);
    expect(stderr).toContain('dev@1: no checksum was noted when it was made');
  });
});
