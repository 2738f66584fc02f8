import { describe, expect, it } from 'vitest';
import { parseOperatorOrder } from '../../../src/bootstrap/operator/order.ts';
import { INSTANCE_RECORD, readRecord } from '../../../src/identity/record.ts';
import {
  DISKS_FILE,
  FILE_SYSTEMS_FILE,
  HOST_DISK_FILE,
  SOURCE_FILE,
} from '../../../src/machine/files/paths.ts';
import { parseSettings } from '../../../src/machine/settings/settings.ts';
import { isParsedSettings } from '../../../src/machine/settings/settings-shape.ts';
import { isSeenMountUnits } from '../../../src/machine/system/seen-mount-units.ts';
import { readRememberedDisk } from '../../../src/metadata/gandi/disk/host-disk.ts';
import { readStored } from '../../../src/metadata/stored/store.ts';
import { appliedResolver, RESOLVER_PART } from '../../../src/network/applied.ts';
import { readOrder, SEAL_ORDER } from '../../../src/seal/order.ts';
import { readSealRecord, SEAL_RECORD } from '../../../src/seal/record.ts';
import { readDiskRecords, readPathMemory } from '../../../src/state/disk-records.ts';
import { parsePostBootOrder, parseStartedMarks } from '../../../src/state/post-boot-order.ts';
import { lastReports, latestReport, readApplied } from '../../../src/state/records.ts';
import { temporaryRoot } from '../temporary-root.ts';

const textAt = (path: string, text: string) => temporaryRoot({ [path]: text });

/** Every file of JSON that a program reads back, with what it makes of it. */
const READERS: readonly (readonly [path: string, read: (text: string) => unknown])[] = [
  [DISKS_FILE, (text) => readDiskRecords(textAt(DISKS_FILE, text))],
  [FILE_SYSTEMS_FILE, (text) => readPathMemory(textAt(FILE_SYSTEMS_FILE, text))],
  [SOURCE_FILE, (text) => readStored(textAt(SOURCE_FILE, text))],
  [HOST_DISK_FILE, (text) => readRememberedDisk(textAt(HOST_DISK_FILE, text))],
  [INSTANCE_RECORD, (text) => readRecord(textAt(INSTANCE_RECORD, text))?.instance.source],
  [SEAL_RECORD, (text) => readSealRecord(textAt(SEAL_RECORD, text))],
  [SEAL_ORDER, (text) => readOrder(textAt(SEAL_ORDER, text))?.keep],
  ['/run/gandi/operator/order.json', parseOperatorOrder],
  ['/run/gandi/postboot', parsePostBootOrder],
  ['/var/lib/gandi/postboot.json', parseStartedMarks],
  [
    '/var/lib/gandi/applied/gandi-config.json',
    (text) => readApplied(textAt('/var/lib/gandi/applied/gandi-config.json', text), 'gandi-config'),
  ],
  ['a resolver of a version before', (text) => appliedResolver({ [RESOLVER_PART]: text })],
  ...['/run/gandi/gandi-mount.json', '/var/lib/gandi/gandi-mount.json'].map(
    (path) => [path, (text: string) => latestReport(textAt(path, text), 'gandi-mount')] as const,
  ),
  [
    '/run/gandi/gandi-iface@eth0.json',
    (text) => lastReports(textAt('/run/gandi/gandi-iface@eth0.json', text)),
  ],
];

const OTHER_SHAPES = ['[]', '[1]', 'null', '7', '"a"', '{}', '{"a":1}', '{"a":', ''];

/** What stands for nothing. */
const NOTHING: unknown[] = [undefined, [], {}];

describe.each(READERS)('%s', (_, read) => {
  it.each(OTHER_SHAPES)('is passed over where it says %s', (text) => {
    expect(NOTHING).toContainEqual(read(text));
  });
});

const ADDRESS = { family: 4, address: '192.0.2.1', prefixLength: 24, gateway: '192.0.2.254' };
const FILE = { path: '/a', content: '', mode: 420, owner: { user: 'a', group: 'b' } };
const LATE = {
  files: [FILE],
  apt: { files: [{ path: '/a', text: '' }] },
  packages: { names: ['a'] },
  locale: { language: 'C', keyboard: { layout: 'fr' } },
  timeServers: { servers: ['a'], pools: [] },
  powerState: { mode: 'halt' },
};

/** Files that count as a whole, or not at all; each of these is whole. */
const WHOLE: readonly (readonly [name: string, whole: unknown, read: (value: unknown) => unknown])[] = [
  ['what was parsed of settings', { text: '', settings: parseSettings('', '/a') }, isParsedSettings],
  [
    'what was seen of mount units',
    {
      entries: [{ source: '/dev/sdb', mountPoint: '/a', type: 'ext4' }],
      seen: [['/a', { ino: 1, size: 1, ctimeMs: 1.5 }]],
    },
    isSeenMountUnits,
  ],
  [
    'a source',
    {
      layout: 1,
      source: 'nocloud',
      attachment: '/sys/devices/x',
      origin: 'x',
      digest: 'x',
      config: {
        hostName: 'a',
        interfaces: [
          {
            addresses: [ADDRESS],
            virtual: { kind: 'bond', members: ['a'] },
            dhcp4: { metric: 1 },
            routes: [{ family: 4, to: 'a' }],
            rules: [{ family: 6, from: 'a', table: 1 }],
          },
        ],
        users: [{ name: 'a', sshKeys: ['a'], groups: ['b'] }],
        login: { disableRoot: true },
        scripts: [{ name: 'a', content: '', when: 'early', repeat: 'once' }],
        mounts: [{ device: 'a', mountPoint: '/a', type: 'ext4', options: ['x'] }],
        swapFile: { size: 'auto' },
        storedUserData: { path: '/a' },
        ...LATE,
      },
      refused: ['network'],
      problems: [{ group: 'network', path: '', found: '', expected: '' }],
      origins: [{ setting: 'a', value: 'b', field: 'c' }],
    },
    (value) => readStored({ readText: () => JSON.stringify(value) }),
  ],
  [
    'a report',
    {
      program: 'gandi-mount',
      version: '1',
      startedAt: '2026-01-01T00:00:00.000Z',
      bootId: 'b',
      status: 'configured',
      source: '/gandi/config',
      sources: [{ source: 'a', outcome: 'b' }],
      problems: [{ group: 'network', path: '', found: '', expected: '' }],
      steps: [
        {
          name: 'a',
          status: 'changed',
          changes: ['a'],
          notes: [{ level: 'info', text: 'a' }],
          parts: [{ name: 'a', status: 'failed', text: 'b' }],
          slowChanges: [{ change: 'a', durationMilliseconds: 1 }],
          durationMilliseconds: 1,
        },
      ],
    },
    (value) => latestReport(textAt('/run/gandi/gandi-mount.json', JSON.stringify(value)), 'gandi-mount'),
  ],
  ['late work', LATE, (value) => parsePostBootOrder(JSON.stringify({ digest: 'd', late: value }))?.late],
  [
    'what is asked',
    {
      hostName: 'a',
      interfaces: [{ name: 'eth0', mtu: 1500, addresses: [ADDRESS] }],
      missing: ['a'],
      nameServers: ['a'],
      searchDomains: ['a'],
      accounts: [{ name: 'a', keys: ['a'] }],
      swap: '/dev/sdb1',
    },
    (value) => parsePostBootOrder(JSON.stringify({ digest: 'd', asked: value }))?.asked,
  ],
];

/** A value with another one in the place of each of its parts in turn, however deep. */
function damaged(value: unknown): [at: string, damaged: unknown][] {
  const here: [string, unknown][] = [['', typeof value === 'object' ? 7 : { wrong: [] }]];
  if (typeof value !== 'object' || value === null) return here;
  const within = Object.entries(value).flatMap(([name, part]) =>
    damaged(part).map(([at, other]): [string, unknown] => {
      const copy: unknown = structuredClone(value);
      Object.assign(copy as object, { [name]: other });
      return [`.${name}${at}`, copy];
    }),
  );
  return [...here, ...within];
}

describe.each(WHOLE)('%s', (_, whole, read) => {
  it('counts where it is whole', () => {
    expect([undefined, false]).not.toContain(read(whole));
  });

  it.each(damaged(whole))('is none with something else at "%s"', (_at, value) => {
    expect([undefined, false]).toContain(read(value));
  });
});
