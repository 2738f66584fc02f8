import { describe, expect, it } from 'vitest';
import type { DataDisk } from '../../../../src/guest/data-disks.ts';
import { diagnose } from '../../../../src/guest/doctor/diagnosis.ts';
import { instance } from '../../../../src/identity/instance.ts';
import type { Facts } from '../../../../src/machine/system/facts.ts';
import { asAsked, notAsAsked, type Row } from '../../../../src/verify/row.ts';
import { type FileEntries, makeContext } from '../../context.ts';

const healthy: FileEntries = {
  '/usr/lib/systemd/system/gandi-bootstrap.service': '',
  '/etc/systemd/system/sysinit.target.wants/gandi-bootstrap.service': '',
  '/usr/sbin/sshd': '',
  '/etc/ssh/ssh_host_ed25519_key': 'key',
};

const disk = (state: DataDisk['state']): DataDisk => ({
  node: '/dev/sdb',
  name: 'sdb',
  deviceNumber: '8:16',
  state,
  since: '2026-01-01T00:00:00.000Z',
  failed: state === 'failed',
});

/** Level and subject of each finding. */
function findingsFor(
  files: FileEntries,
  { settings = '', facts = {} as Partial<Facts>, disks = [] as DataDisk[], rows = [] as Row[] } = {},
) {
  const context = makeContext({ files: { ...healthy, ...files }, settings, facts });
  return diagnose({ ...context, disks, rows }).map(({ level, subject, text, remedy }) => {
    expect(text).not.toBe('');
    expect(remedy).not.toBe('');
    return `${level} ${subject}`;
  });
}

const told = (name: string, status: string, level: string, text: string) => ({
  name,
  status,
  changes: [],
  notes: [{ level, text }],
  durationMilliseconds: 1,
});

const report = JSON.stringify({
  program: 'gandi-config',
  status: 'failed',
  source: '/etc/default/gandi',
  problems: [],
  steps: [
    told('05-mine', 'failed', 'problem', 'exit status 1'),
    told('11-config_ssh', 'unchanged', 'info', 'root may log in'),
  ],
});

describe('diagnose', () => {
  it('finds nothing in a healthy guest', () => {
    expect(findingsFor({})).toEqual([]);
  });

  it.each<[string, FileEntries, object, string]>([
    ['a line of the settings', {}, { settings: 'CONFIG_CRN=0' }, 'warning /etc/default/gandi line 1'],
    ['the kill switch', { '/etc/gandi/disabled': '' }, {}, 'problem /etc/gandi/disabled'],
    [
      'the kill switch of the boot prompt',
      {},
      { facts: { kernelCommandLine: 'root=x gandi.disabled' } },
      'problem kernel command line',
    ],
    [
      'a unit that is not enabled',
      { '/usr/lib/systemd/system/gandi-config.service': '' },
      {},
      'warning gandi-config.service',
    ],
    [
      'a masked unit',
      {
        '/usr/lib/systemd/system/gandi-config.service': '',
        '/etc/systemd/system/gandi-config.service': { link: '/dev/null' },
        '/etc/systemd/system/multi-user.target.wants/gandi-config.service': '',
      },
      {},
      'warning gandi-config.service',
    ],
    [
      'a unit that an empty file masks',
      {
        '/usr/lib/systemd/system/gandi-config.service': '',
        '/etc/systemd/system/gandi-config.service': '',
        '/etc/systemd/system/multi-user.target.wants/gandi-config.service': '',
      },
      {},
      'warning gandi-config.service',
    ],
    [
      'a rule that another takes the place of',
      {
        '/usr/lib/udev/rules.d/86-gandi.rules': '',
        '/etc/udev/rules.d/86-gandi.rules': { link: '/dev/null' },
      },
      {},
      'warning /etc/udev/rules.d/86-gandi.rules',
    ],
    ['no network manager', {}, { facts: { networkManager: undefined } }, 'problem network'],
    ['no host key', { '/etc/ssh/ssh_host_ed25519_key': '' }, {}, 'problem sshd'],
    [
      'no host key where the admin named one',
      { '/etc/ssh/sshd_config': 'HostKey /etc/ssh/ssh_host_site_key\n' },
      {},
      'problem sshd',
    ],
    ['a disk that failed', {}, { disks: [disk('failed')] }, 'problem data disk /dev/sdb'],
    [
      'a failed step of an interface that came',
      { '/run/gandi/gandi-iface@eth1.json': report },
      {},
      'problem gandi-iface@eth1, step 05-mine',
    ],
    [
      'a failed step',
      { '/var/lib/gandi/gandi-config.json': report },
      {},
      'problem gandi-config, step 05-mine',
    ],
    [
      'a warning about what the source says',
      {
        '/var/lib/gandi/gandi-config.json': JSON.stringify({
          ...JSON.parse(report),
          problems: [{ group: 'source', path: 'x', found: 'a', expected: 'b', isWarning: true }],
          steps: [],
        }),
      },
      {},
      'warning gandi-config, /etc/default/gandi',
    ],
    [
      'something else in the place of a report',
      { '/run/gandi/gandi-config.json': '{' },
      {},
      'warning /run/gandi/gandi-config.json',
    ],
  ])('finds %s', (_, files, parts, finding) => {
    expect(findingsFor(files, parts)).toEqual([finding]);
  });

  it.each<[string, FileEntries]>([
    [
      'a guest with autofs, whose rules for udev tell of gandi-mount',
      {
        '/usr/lib/udev/rules.d/86-gandi.rules':
          '# for gandi-mount\nENV{SYSTEMD_WANTS}+="gandi-disks.service"',
        '/etc/auto.master.d/gandi.autofs': '',
        '/usr/lib/systemd/system/autofs.service': '',
        '/etc/systemd/system/multi-user.target.wants/autofs.service': '',
      },
    ],
    [
      'an SSH server with a key of the admin’s',
      {
        '/etc/ssh/sshd_config': 'HostKey /etc/ssh/ssh_host_site_key\n',
        '/etc/ssh/ssh_host_site_key': 'key',
        '/etc/ssh/ssh_host_ed25519_key': '',
      },
    ],
  ])('finds nothing in %s', (_, files) => {
    expect(findingsFor(files, { disks: [disk('mounted'), disk('left-alone')] })).toEqual([]);
  });

  it.each<[string, Row[], string[]]>([
    ['what is as asked', [asAsked('host name', 'web1')], []],
    [
      'what differs',
      [notAsAsked({ what: 'swap', asked: '/dev/sdb1', shown: 'none' }, '/dev/sdb1 is not used')],
      ['problem swap'],
    ],
    [
      'what may still become as asked',
      [notAsAsked({ what: 'address', asked: 'a', shown: 'none' }, 'not there', { text: 'b', passes: true })],
      ['warning address'],
    ],
    [
      'what a step has told already',
      [notAsAsked({ what: 'plugin', asked: 'a', shown: 'b' }, 'exit status 1')],
      ['problem gandi-config, step 05-mine'],
    ],
  ])('compares what was asked with what is: %s', (_, rows, findings) => {
    const reports: FileEntries = findings[0]?.includes('05-mine')
      ? { '/var/lib/gandi/gandi-config.json': report }
      : {};
    expect(findingsFor(reports, { rows })).toEqual(findings);
  });

  it('tells of a disk that failed once', () => {
    const rows = [notAsAsked({ what: 'data disk /dev/sdb', asked: 'mounted', shown: 'failed' }, 'b')];
    expect(findingsFor({}, { disks: [disk('failed')], rows })).toEqual(['problem data disk /dev/sdb']);
  });

  it('tells problems first', () => {
    const parts = { settings: 'x', facts: { networkManager: undefined } };
    expect(findingsFor({}, parts).map((finding) => finding.split(' ')[0])).toEqual(['problem', 'warning']);
  });
});

it('says a near miss once: by its record, not by the report of the boot, and not at later boots', async () => {
  const path = '/var/lib/gandi/instance.json';
  const uuid = { '/sys/class/dmi/id/product_uuid': '00112233-4455-6677-8899-aabbccddeeff\n' };
  const plan = async (record: string) =>
    await instance.plan(makeContext({ files: { ...healthy, ...uuid, [path]: record } }));
  const other = { productUuid: 'ffeeddcc-0000-4000-8000-000000000001', macs: ['00:16:3e:00:00:01'] };
  const { changes, notes = [] } = await plan(JSON.stringify({ layout: 2, ...other }));
  expect(notes).toHaveLength(1);
  const [write] = changes;
  const kept = write?.kind === 'write-file' ? String(write.content) : '';
  const ofBoot = {
    ...JSON.parse(report),
    steps: [{ name: 'instance', status: 'changed', changes: [], notes, durationMilliseconds: 1 }],
  };
  const files = { ...uuid, [path]: kept, '/run/gandi/gandi-bootstrap.json': JSON.stringify(ofBoot) };
  expect(findingsFor(files)).toEqual(['warning instance']);
  expect(await plan(kept)).toEqual({ changes: [], notes: [] });
});
