import { describe, expect, it } from 'vitest';
import { instance, isAnotherInstance } from '../../../src/identity/instance.ts';
import { MACHINE_ID } from '../config/distributions.ts';
import { type FileEntries, makeContext } from '../context.ts';

const RECORD = '/var/lib/gandi/instance.json';
const here = { productUuid: 'aa-01', mac: '00:16:3e:00:00:01', hostName: 'web1' };
const guest: FileEntries = {
  '/etc/machine-id': `${MACHINE_ID}\n`,
  '/etc/hostname': 'web1\n',
  '/sys/class/dmi/id/product_uuid': 'AA-01\n',
  '/run/systemd/system/x': '',
  '/etc/ssh/ssh_host_rsa_key': 'key',
  '/etc/ssh/ssh_host_rsa_key.pub': 'key',
  '/etc/ssh/sshd_config': '',
  '/var/lib/systemd/random-seed': 'seed',
};
const planFor = (files: FileEntries) => instance.plan(makeContext({ files: { ...guest, ...files } }));
const other = { productUuid: 'bb-02', mac: '00:16:3e:00:00:02', hostName: 'golden' };
const clone = { [RECORD]: JSON.stringify(other) };
const write = { kind: 'write-file', path: RECORD, content: `${JSON.stringify(here)}\n`, mode: 0o600 };

describe('isAnotherInstance', () => {
  it.each([
    [{ ...here }, false],
    [{ ...here, hostName: 'web2' }, false],
    [{ ...here, hostName: 'web2', mac: '00:16:3e:00:00:02' }, false],
    [{ productUuid: 'bb-02', mac: '00:16:3e:00:00:02', hostName: 'web2' }, true],
    [{ mac: '00:16:3e:00:00:02', hostName: 'web2' }, true],
    [{ hostName: 'web2' }, false],
    [{}, false],
  ])('%j: %s', (now, another) => {
    expect(isAnotherInstance(here, now)).toBe(another);
  });
});

describe('instance', () => {
  it('records the guest the first time, and keeps the host keys that it has', () => {
    expect(planFor({})).toEqual({
      changes: [{ kind: 'make-directory', path: '/var/lib/gandi', mode: 0o755 }, write],
      notes: [],
    });
    expect(planFor({ [RECORD]: write.content })).toEqual({ changes: [], notes: [] });
  });

  it('notes a new name down', () => {
    expect(planFor({ [RECORD]: JSON.stringify({ ...here, hostName: 'old' }) }).changes).toEqual([write]);
  });

  it('records a clone behind a new random seed', () => {
    const { changes, notes, next } = planFor({ ...clone, '/usr/sbin/sshd': '' });
    expect(changes).toEqual([{ kind: 'remove-file', path: '/var/lib/systemd/random-seed' }, write]);
    expect(notes?.[0]?.text).toContain('golden');
    expect(next).toBeUndefined();
  });

  it('touches no host key where ssh-keygen is missing, and says which ones stay', () => {
    const { notes } = planFor(clone);
    expect(notes?.[0]?.text).toContain('; /etc/ssh/ssh_host_rsa_key stayed as it is there');
  });

  it.each(['', 'uninitialized\n'])('has a machine ID made in place of %j', (text) => {
    expect(planFor({ '/etc/machine-id': text, [RECORD]: write.content }).changes).toEqual([
      expect.objectContaining({ argv: ['systemd-machine-id-setup'] }),
    ]);
  });

  it('takes a damaged record for none', () => {
    expect(planFor({ [RECORD]: '{"mac' }).changes).toEqual([write]);
  });
});
