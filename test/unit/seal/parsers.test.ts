import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  restoreAnacrontab,
  restoreCrontab,
  restorePhp,
  staggerAnacrontab,
  staggerCrontab,
  staggerPhp,
} from '../../../src/identity/cron-tables.ts';
import { homesOf, parseAccounts } from '../../../src/seal/accounts.ts';
import { encryptedDevices } from '../../../src/seal/parts/boot.ts';
import { withoutCloudInit } from '../../../src/seal/parts/cloud-init.ts';
import { isRotated } from '../../../src/seal/parts/logs.ts';
import { holdsHash, lockPasswords } from '../../../src/seal/parts/passwords.ts';
import { readSealRecord, sealRecordText } from '../../../src/seal/record.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';
import { makeFiles } from '../context.ts';

const NO_HOSTS: ReadonlySet<string> = new Set();

/** Lines with what tables are made of, and anything else. */
const table = fc
  .array(
    fc.oneof(
      fc.array(
        fc.constantFrom(
          'root',
          'ann',
          '',
          'x',
          '!',
          '*',
          '$6$a$b',
          '0',
          '1000',
          '/root',
          '/',
          '/home/../etc',
        ),
        {
          minLength: 1,
          maxLength: 9,
        },
      ),
      fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 9 }),
    ),
  )
  .map((lines) => lines.map((fields) => fields.join(':')).join('\n'));

describe('passwd', () => {
  it('tells people’s homes from what is the system’s', () => {
    const accounts = parseAccounts(
      [
        'root:x:0:0:root:/root:/bin/bash',
        'daemon:x:1:1::/usr/sbin:/usr/sbin/nologin',
        'nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin',
        'postgres:x:100:100::/var/lib/postgresql:/bin/bash',
        'host1::1000:1000::/home/host1/:/bin/bash',
        'old:$1$x:1001:1001::/home/../etc:/bin/sh',
        '+nis::::::',
        'short:x:1',
      ].join('\n'),
      new Set(['host1']),
    );
    expect(accounts).toEqual([
      { name: 'root', uid: 0, gid: 0, isHosts: true, home: '/root' },
      { name: 'daemon', uid: 1, gid: 1, isHosts: false },
      { name: 'nobody', uid: 65534, gid: 65534, isHosts: false },
      { name: 'postgres', uid: 100, gid: 100, isHosts: false, home: '/var/lib/postgresql' },
      { name: 'host1', uid: 1000, gid: 1000, isHosts: true, home: '/home/host1', plainField: '' },
      { name: 'old', uid: 1001, gid: 1001, isHosts: false, plainField: '$1$x' },
    ]);
    expect(homesOf(accounts).map(({ home }) => home)).toEqual([
      '/home/host1',
      '/var/lib/postgresql',
      '/root',
    ]);
  });

  it('never gives a home that holds the system, whatever stands there', () => {
    fc.assert(
      fc.property(table, (text) => {
        for (const { home } of homesOf(parseAccounts(text, NO_HOSTS)))
          expect(home).toMatch(/^\/(?!$|etc$|usr$|var$|proc(\/|$)|dev(\/|$)|sys(\/|$)).*/s);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('shadow', () => {
  it('locks the fields that are meant, makes none empty, and leaves every other byte', () => {
    fc.assert(
      fc.property(table, (text) => {
        const locked = lockPasswords(
          text,
          ({ name, field }) => name === 'root' && (field === '' || holdsHash(field)),
        );
        const [before, after] = [text.split('\n'), locked.split('\n')];
        expect(after.length).toBe(before.length);
        for (const [index, line] of after.entries()) {
          const [name, field, ...rest] = line.split(':');
          const [oldName, old, ...oldRest] = (before[index] ?? '').split(':');
          expect([name, ...rest]).toEqual([oldName, ...oldRest]);
          if (name !== 'root' || old === undefined) expect(field).toBe(old);
          else expect(field === '' || holdsHash(field ?? '')).toBe(false);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it.each([
    ['', false],
    ['!', false],
    ['*', false],
    ['!!', false],
    ['x', false],
    ['!$6$abc', true],
    ['$y$j9T$abc', true],
  ])('holds a hash in %j: %s', (field, expected) => {
    expect(holdsHash(field)).toBe(expected);
  });
});

describe('tables of cron', () => {
  const DEBIAN =
    '17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n25 6\t* * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n47 6\t* * 7\troot\ttest -x x || { run-parts --report /etc/cron.weekly; }\n52 6\t1 * *\troot\ttest -x x || { run-parts --report /etc/cron.monthly; }\n3 3 * * * root mine\n';
  const HOURLY = '01 * * * * root run-parts /etc/cron.hourly\n';
  const PHP = '09,39 *     * * *     root   [ -x /usr/lib/php/sessionclean ]\n';
  const ANACRON =
    '1\t5\tcron.daily\trun-parts /etc/cron.daily\n7\t10\tcron.weekly\tx\n@monthly\t15\tcron.monthly\tx\n';
  const id = fc.stringMatching(/^[0-9a-f]{32}$/);

  it('are the distribution’s again, whatever the machine ID was', () => {
    fc.assert(
      fc.property(id, (identity) => {
        expect(restoreCrontab(staggerCrontab(DEBIAN, identity), identity, '17')).toBe(DEBIAN);
        expect(restoreCrontab(staggerCrontab(HOURLY, identity), identity, '01')).toBe(HOURLY);
        expect(restorePhp(staggerPhp(PHP, identity), identity)).toBe(PHP);
        expect(restoreAnacrontab(staggerAnacrontab(ANACRON, identity), identity)).toBe(ANACRON);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it('keep the admin’s times', () => {
    const own = DEBIAN.replace('17 *', '5 *').replace('25 6', '30 4');
    fc.assert(
      fc.property(id, (identity) => {
        const restored = restoreCrontab(own, identity, '17');
        expect(restored.split('\n').at(-2)).toBe('3 3 * * * root mine');
        // A time that is by chance this guest's own cannot be told from it.
        if (!restored.startsWith('17 ')) expect(restored.split('\n')[0]).toBe(own.split('\n')[0]);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('fstab', () => {
  it('loses the lines of cloud-init alone', () => {
    const lines = [
      'LABEL=root / ext4 defaults 0 1',
      '/dev/vdb /mnt auto defaults,nofail,x-systemd.requires=cloud-init.service,comment=cloudconfig 0 2',
      '# /dev/vdb /mnt auto comment=cloudconfig 0 2',
      '/dev/vdc /srv ext4 comment=cloudconfigured 0 2',
      '',
    ];
    expect(withoutCloudInit(lines.join('\n'))).toBe([lines[0], lines[2], lines[3], ''].join('\n'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const left = withoutCloudInit(text);
        if (!text.includes('comment=cloudconfig')) expect(left).toBe(text);
        expect(withoutCloudInit(left)).toBe(left);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('crypttab', () => {
  it('names devices whose key all clones would have', () => {
    const text =
      '# comment\nroot UUID=x none luks\nswap /dev/vdb2 /dev/urandom swap\nextra\t/dev/vdc\t/etc/key\n';
    expect(encryptedDevices(text)).toEqual(['root', 'extra']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        for (const name of encryptedDevices(any)) expect(name).toMatch(/^[^\s#]\S*$/);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

it.each([
  ['syslog', false],
  ['dpkg.log', false],
  ['syslog.1', true],
  ['syslog.2.gz', true],
  ['messages-20260101', true],
  ['messages-20260101.xz', true],
  ['Xorg.0.log.old', true],
  ['postgresql-15-main.log', false],
])('the log %s was put aside: %s', (name, expected) => {
  expect(isRotated(name)).toBe(expected);
});

it('a record that is damaged says nothing, and one that is whole all of it', () => {
  const record = {
    state: 'sealed',
    at: '2026-01-02T03:04:05.000Z',
    version: '1',
    sealed: ['logs'],
    kept: [],
    wiped: ['/swap'],
    users: [],
  } as const;
  const readFrom = (text: string) => readSealRecord(makeFiles({ '/var/lib/gandi/seal.json': text }));
  expect(readFrom(sealRecordText(record))).toEqual(record);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const found = readFrom(text);
      expect(found === undefined || found.state === 'sealed' || found.state === 'sealing').toBe(true);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
