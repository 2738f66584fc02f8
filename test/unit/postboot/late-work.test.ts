import { describe, expect, it } from 'vitest';
import { postBoot } from '../../../src/bootstrap/post-boot.ts';
import { recordExtras } from '../../../src/bootstrap/record-extras.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import type { GuestConfig, HostConfiguration, PackagesConfig } from '../../../src/metadata/guest-config.ts';
import {
  planFinalMessage,
  planLateFiles,
  planLateMark,
  planPowerState,
} from '../../../src/postboot/late-end.ts';
import { hasCustomerWork, readOrder } from '../../../src/postboot/order.ts';
import { planPackages } from '../../../src/postboot/packages.ts';
import { POST_BOOT_STEPS } from '../../../src/postboot/steps.ts';
import { planTimeServers } from '../../../src/postboot/time-servers.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { type LateWork, lateWorkMark } from '../../../src/state/late-work.ts';
import { parsePostBootOrder, renderPostBootOrder } from '../../../src/state/post-boot-order.ts';
import { type ContextParts, type FileEntries, makeContext } from '../context.ts';

const MESSAGE = ['up after $UPTIME s, $', '{version}'].join('');

const ordered = (late: LateWork): FileEntries => ({
  '/run/gandi/postboot': renderPostBootOrder({ digest: 'd', late }),
});
const context = (late: LateWork, files: FileEntries = {}, parts: ContextParts = {}) =>
  makeContext({ ...parts, files: { ...ordered(late), ...files } });
const doneMark = (late: LateWork): FileEntries => {
  const { path, content } = lateWorkMark(late);
  return { [path]: content };
};

describe('the order for late work', () => {
  const FILE = { path: '/a', content: '', mode: 0o644, late: true };
  const config: GuestConfig = {
    files: [FILE, { path: '/b', content: '', mode: 0o644 }],
    timeServers: { servers: ['a'], pools: [] },
    finalMessage: 'done',
    powerState: { mode: 'reboot' },
  };
  const late: LateWork = {
    files: [FILE],
    timeServers: { servers: ['a'], pools: [] },
    finalMessage: 'done',
    powerState: { mode: 'reboot' },
  };
  const orderIn = (asked: GuestConfig, parts: ContextParts = {}) => {
    const { changes } = postBoot.plan(
      makeContext({ config: asked, ...parts, files: { '/run/gandi/x': '', ...parts.files } }),
    );
    const paths = changes.flatMap((change) => ('path' in change ? [change.path] : []));
    const write = changes.find((change) => change.kind === 'write-file' && change.content !== '');
    return {
      paths,
      order: write?.kind === 'write-file' ? parsePostBootOrder(String(write.content)) : undefined,
    };
  };

  it('has what comes behind the boot, and is for root alone', () => {
    const { order, paths } = orderIn(config);
    expect(order?.late).toEqual(late);
    // Nothing of it needs the network.
    expect(paths).toEqual(['/run/gandi/postboot']);
    const { changes } = postBoot.plan(makeContext({ config, files: { '/run/gandi/x': '' } }));
    expect(changes[0]).toMatchObject({ mode: 0o600, secret: true });
  });

  it('has the network come where there are packages, and nobody wait for them', () => {
    const { paths } = orderIn({ packages: { names: ['nginx'] } });
    expect(paths).toEqual(['/run/gandi/postboot-background', '/run/gandi/postboot-network']);
  });

  it('is made once for its content, and leaves out files that the admin turned off', () => {
    expect(orderIn(config, { files: doneMark(late) }).order).toBeUndefined();
    expect(orderIn({ ...config, finalMessage: 'x' }, { files: doneMark(late) }).order).toBeDefined();
    expect(orderIn(config, { settings: 'CONFIG_FILES=0\n' }).order?.late?.files).toBeUndefined();
    expect(orderIn({ hostName: 'x' }).order).toBeUndefined();
  });

  it('is work until its mark is there, which the next boot looks for', () => {
    expect(hasCustomerWork(readOrder(context(late).files))).toBe(true);
    expect(hasCustomerWork(readOrder(context(late, doneMark(late)).files))).toBe(false);
    const host: HostConfiguration = {
      state: 'new',
      source: 'nocloud',
      origin: '/dev/sr0',
      parsed: { config: {}, problems: [], refused: [], origins: [] },
    };
    const { files, settings } = context(late);
    expect(recordExtras({ files, settings }, host)?.expected).toEqual([
      { path: '/var/lib/gandi/late/done', line: digestOf(late) },
    ]);
  });

  it('has no step loaded that has nothing to do', () => {
    const loaded = (one: LateWork) =>
      POST_BOOT_STEPS.filter(({ load }) => load?.(context(one)) !== undefined).map(({ name }) => name);
    expect(POST_BOOT_STEPS.filter(({ load }) => load?.(makeContext()) !== undefined)).toEqual([]);
    expect(loaded({ finalMessage: 'x' })).toEqual(['final-message', 'late-mark']);
    const more = { packages: { names: [] }, apt: { files: [] }, locale: { language: 'C' } };
    expect(loaded({ ...late, ...more })).toEqual([
      'apt-sources',
      'packages',
      'locale',
      'time-servers',
      'late-files',
      'final-message',
      'power-state',
      'late-mark',
    ]);
  });
});

describe('packages', () => {
  const APT = { '/usr/bin/apt-get': '' };
  const asked: PackagesConfig = { update: true, upgrade: true, names: ['nginx', 'vim=2:9.1'] };
  const parts = (packages: PackagesConfig, files: FileEntries = APT) => {
    const { separate = [], notes = [] } = planPackages(context({ packages }, files));
    return {
      separate,
      notes,
      argv: separate.map(({ changes: [one] }) => one && 'argv' in one && one.argv.join(' ')),
    };
  };

  it('are fetched, upgraded and installed, each under a deadline, and marked behind it', () => {
    const { separate, argv } = parts(asked);
    expect(argv).toEqual([
      'apt-get update',
      expect.stringMatching(/^apt-get -y .*--force-confold dist-upgrade$/),
      expect.stringMatching(/^apt-get -y .*--force-confold install -- nginx vim=2:9\.1$/),
    ]);
    expect(separate[2]).toEqual({
      name: 'packages: install',
      changes: [
        {
          kind: 'run-supervised',
          argv: expect.any(Array),
          scope: `gandi-postboot-install-${digestOf(asked.names).slice(0, 8)}`,
          timeoutSeconds: 3600,
          environment: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'a' },
          logFile: '/var/log/gandi-postboot.log',
          mark: {
            path: '/var/lib/gandi/late/packages-install',
            content: `${digestOf(asked.names)}\n`,
            onEnd: true,
          },
          notInShutdown: true,
          what: 'installing packages',
        },
      ],
    });
  });

  it.each([
    ['dnf', ['dnf -y makecache', 'dnf -y install -- x']],
    ['yum', ['yum -y makecache', 'yum -y install -- x']],
    ['zypper', ['zypper --non-interactive refresh', 'zypper --non-interactive install -- x']],
  ])('are for %s as for apt', (program, argv) => {
    expect(parts({ names: ['x'] }, { [`/usr/bin/${program}`]: '' }).argv).toEqual(argv);
  });

  it.each([
    ['apt-get', 'nginx=1:1.2-3'],
    ['dnf', 'nginx-1:1.2-3'],
    ['yum', 'nginx-1:1.2-3'],
    ['zypper', 'nginx=1:1.2-3'],
  ])('have their version as %s takes it', (program, name) => {
    const { argv } = parts({ names: ['nginx=1:1.2-3'] }, { [`/usr/bin/${program}`]: '' });
    expect(argv.at(-1)).toMatch(new RegExp(` install -- ${name}$`));
  });

  it('are dealt with once; what a shutdown cut off is done again', () => {
    const { separate } = parts(asked);
    const marks = separate.map(({ changes: [one] }) =>
      one?.kind === 'run-supervised' ? one.mark : undefined,
    );
    const [update, upgrade, install] = marks.map((mark) => ({ [mark?.path ?? '']: mark?.content ?? '' }));
    expect(parts(asked, { ...APT, ...update, ...upgrade, ...install }).argv).toEqual([]);
    expect(parts(asked, { ...APT, ...update, ...upgrade }).argv).toHaveLength(1);
    expect(parts({ ...asked, names: ['other'] }, { ...APT, ...update, ...install }).argv).toHaveLength(3);
    expect(parts({ update: true, names: [] }).argv).toEqual(['apt-get update']);
  });

  it.each([
    [['-o=x'], APT, /"-o=x" is no name of a package/],
    [['a b'], APT, /is no name/],
    [['nginx'], {}, /there is no apt-get, dnf, yum or zypper/],
  ] as const)('are refused with a line: %j', (names, files, why) => {
    const { notes, argv } = parts({ names: [...names] }, files);
    expect(argv).toEqual([]);
    expect(notes).toEqual([{ level: 'problem', text: expect.stringMatching(why) }]);
  });
});

describe('time servers', () => {
  const asked = { servers: ['ntp1.example.org'], pools: ['pool.example.org'] };
  const told = (files: FileEntries, timeServers = asked, applied = {}) =>
    planTimeServers(context({ timeServers }, files, { applied }));
  const written = (files: FileEntries) =>
    told(files).changes.flatMap((change) =>
      change.kind === 'write-file' ? [[change.path, change.content]] : [],
    );
  const CHRONY = '(server ntp1\\.example\\.org iburst)\\n(pool pool\\.example\\.org iburst)\\n$';

  it('are for systemd-timesyncd', () => {
    const plan = told({ '/usr/lib/systemd/systemd-timesyncd': '' });
    expect(plan.changes).toEqual([
      {
        kind: 'write-file',
        path: '/etc/systemd/timesyncd.conf.d/50-gandi.conf',
        content: expect.stringMatching(/\n\[Time\]\nNTP=ntp1\.example\.org pool\.example\.org\n$/),
        mode: 0o644,
      },
      {
        kind: 'run-command',
        argv: ['systemctl', 'try-restart', 'systemd-timesyncd.service'],
        timeoutSeconds: 60,
        optional: true,
        why: 'have the time come from the servers that the source names',
      },
    ]);
    expect(told({}, asked, { 'time-servers': plan.digest ?? '' }).changes).toEqual([]);
  });

  it.each([
    [
      '/etc/chrony/chrony.conf',
      'sourcedir /run/x\nsourcedir /etc/chrony/sources.d\n',
      '/etc/chrony/sources.d/gandi.sources',
    ],
    ['/etc/chrony/chrony.conf', 'confdir /etc/chrony/conf.d\n', '/etc/chrony/conf.d/gandi.conf'],
    ['/etc/chrony.conf', 'include /etc/chrony.d/*.conf\n', '/etc/chrony.d/gandi.conf'],
  ])('are for chrony where %s says %j', (main, text, path) => {
    expect(
      written({ '/usr/sbin/chronyd': '', [main]: text, '/usr/lib/systemd/systemd-timesyncd': '' }),
    ).toEqual([[path, expect.stringMatching(new RegExp(CHRONY))]]);
  });

  it.each([
    [
      { '/usr/sbin/chronyd': '', '/etc/chrony.conf': 'pool x\n' },
      asked,
      /put "server ntp1.*", "pool .*" into \/etc\/chrony\.conf$/,
    ],
    [{}, asked, /neither systemd-timesyncd nor chrony/],
    [{ '/usr/sbin/chronyd': '' }, { servers: ['a\nb'], pools: [] }, /is no name or address/],
  ] as const)('are told where nothing can be written: %j', (files, servers, why) => {
    const asking = { servers: [...servers.servers], pools: [...servers.pools] };
    expect(told(files, asking)).toEqual({
      changes: [],
      notes: [{ level: 'problem', text: expect.stringMatching(why) }],
    });
  });
});

describe('the end of late work', () => {
  it('writes late files as early ones are written', () => {
    const files = [{ path: '/opt/a', content: 'YQ==', mode: 0o600, owner: { user: 'web', group: 'web' } }];
    const there = { '/etc/passwd': 'web:x:5:6::/:/bin/sh\n', '/etc/group': 'web:x:6:\n', '/opt/x': '' };
    expect(planLateFiles(context({ files }, there)).separate).toMatchObject([
      { name: 'files: /opt/a', changes: [{ path: '/opt/a', content: 'a', owner: { uid: 5, gid: 6 } }] },
    ]);
  });

  it('says its message on the console, once', () => {
    const { changes, digest = '' } = planFinalMessage(
      context({ finalMessage: MESSAGE }, { '/proc/uptime': '12.34 5.6\n' }),
    );
    expect(changes).toMatchObject([
      {
        argv: ['tee', '/dev/console'],
        input: expect.stringMatching(/^up after 12\.34 s, \d+\.\S+\n$/),
        optional: true,
      },
    ]);
    const applied = { 'final-message': digest };
    expect(planFinalMessage(context({ finalMessage: MESSAGE }, {}, { applied })).changes).toEqual([]);
  });

  it('is marked where all is done, and not where something is to be tried again', () => {
    const late: LateWork = { packages: { names: ['x'] }, finalMessage: 'x' };
    const installed = {
      '/var/lib/gandi/late/packages-install': `${digestOf(['x'])}\n`,
      '/var/lib/gandi/late/packages-update': `${digestOf({ names: ['x'] })}\n`,
    };
    const { path, content } = lateWorkMark(late);
    const mark = [{ kind: 'write-file', path, content, mode: 0o600 }];
    const changes = (files: FileEntries, failed: string[] = []) =>
      planLateMark(context(late, files, { failed })).changes;
    expect(changes(installed)).toEqual(mark);
    expect(changes({})).toEqual([]);
    expect(changes({}, ['packages'])).toEqual(mark);
    expect(changes(installed, ['late-files'])).toEqual([]);
    expect(changes(installed, ['time-servers'])).toEqual([]);
    expect(changes({ ...installed, ...doneMark(late) })).toEqual([]);
  });

  it.each([
    [{ mode: 'poweroff' }, 'on-active=5s', 'shutdown -P now'],
    [{ mode: 'reboot', delayMinutes: 2 }, 'on-active=120s', 'shutdown -r now'],
    [{ mode: 'halt', delayMinutes: 0, message: 'bye all' }, 'on-active=5s', "shutdown -H now 'bye all'"],
  ] as const)('ends the guest’s run once: %j', (powerState, timer, command) => {
    const plan = planPowerState(context({ powerState }));
    expect(plan.changes.map(({ kind }) => kind)).toEqual(['write-file', 'run-command']);
    expect(plan.changes.map(describeChange)[1]).toContain(
      `${timer} --timer-property=AccuracySec=1s -- ${command} (`,
    );
    const [mark] = plan.changes;
    const marked = mark?.kind === 'write-file' ? { [mark.path]: String(mark.content) } : {};
    expect(planPowerState(context({ powerState }, marked)).changes).toEqual([]);
    expect(
      planPowerState(context({ powerState: { mode: 'reboot', delayMinutes: 9 } }, marked)).changes,
    ).toHaveLength(2);
  });

  it('asks a command whether the run is to end, whose text systemd does not see', () => {
    const condition = 'test "$(cat /x)" = %n';
    const powerState = { mode: 'reboot', delayMinutes: 1, condition, message: 'for $5' } as const;
    const { changes } = planPowerState(context({ powerState }));
    const path = '/var/lib/gandi/late/power-state-condition';
    expect(changes).toMatchObject([
      { path: '/var/lib/gandi/late/power-state' },
      { path, content: `${condition}\n`, mode: 0o600 },
      { kind: 'run-command' },
    ]);
    const [, , run] = changes;
    const argv: readonly string[] = run?.kind === 'run-command' ? run.argv : [];
    expect(argv).toContain('--on-active=5s');
    expect(argv.slice(argv.indexOf('--') + 1)).toEqual([
      '/bin/sh',
      '-c',
      `/bin/sh ${path} || exit 0; sleep 55; exec "$$@"`,
      'sh',
      ...['shutdown', '-r', 'now', 'for $$5'],
    ]);
  });

  it('restarts the guest once where packages say that they need it, and nothing else ends its run', () => {
    const packages: PackagesConfig = { names: ['x'], restart: 'if-required' };
    const needed = { '/run/reboot-required': '' };
    const plan = (late: LateWork, files: FileEntries) => planPowerState(context(late, files)).changes;
    expect(plan({ packages }, {})).toEqual([]);
    expect(plan({ packages: { names: ['x'] } }, needed)).toEqual([]);
    const changes = plan({ packages }, needed);
    expect(changes.map(describeChange)[1]).toContain('-- shutdown -r now (');
    const [mark] = changes;
    const marked = mark?.kind === 'write-file' ? { [mark.path]: String(mark.content) } : {};
    expect(plan({ packages }, { ...needed, ...marked })).toEqual([]);
    expect(plan({ packages, powerState: { mode: 'halt' } }, needed).map(describeChange)[1]).toContain(
      'shutdown -H now',
    );
  });
});
