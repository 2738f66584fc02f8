import { describe, expect, it } from 'vitest';
import { timezone, zoneOfCommandLine } from '../../../src/config/timezone.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { type FileEntries, makeContext } from '../context.ts';

const ZONES = Object.fromEntries(
  ['Europe/Paris', 'Asia/Tokyo', 'America/Lima', 'Etc/UTC', 'GMT', 'posix/Etc/GMT', 'Etc/Greenwich'].map(
    (zone) => [`/usr/share/zoneinfo/${zone}`, 'TZif2'],
  ),
);
const link = (zone: string): FileEntries => ({ '/etc/localtime': { link: `/usr/share/zoneinfo/${zone}` } });
const planFor = (files: FileEntries, settings = 'CONFIG_TIMEZONE=Europe/Paris', applied = {}) =>
  timezone.plan(makeContext({ files: { ...ZONES, ...files }, settings, applied }));
const digest = digestOf('Europe/Paris');
const set = [
  { kind: 'make-link', path: '/etc/localtime', target: '../usr/share/zoneinfo/Europe/Paris' },
  { kind: 'write-file', path: '/etc/timezone', content: 'Europe/Paris\n', mode: 0o644 },
];

describe('zoneOfCommandLine', () => {
  it.each([
    ['root=/dev/xvda1 gandi=cet-paris quiet', 'Europe/Paris'],
    ['gandi=cet', 'Europe/Paris'],
    ['gandi=utc-lu', 'Etc/UTC'],
    ['gandi=cetera', 'Etc/UTC'],
    ['gandi=cet-1 gandi=utc', 'Etc/UTC'],
    ['root=/dev/xvda1 nogandi=cet', undefined],
  ])('%s: %s', (commandLine, zone) => {
    expect(zoneOfCommandLine(commandLine)).toBe(zone);
  });
});

describe('07-config_timezone', () => {
  it.each([
    ['none is set', {}],
    ['the distribution’s is set', link('Etc/UTC')],
    ['the distribution’s is set as GMT', link('GMT')],
    ['the distribution’s is set by another name', link('Etc/Greenwich')],
    ['the distribution’s is set among the zones without leap seconds', link('posix/Etc/GMT')],
    ['a link leads nowhere', link('Mars/Olympus')],
    ['a link leads to a directory', link('Europe')],
    ['a copy of the distribution’s is there', { '/etc/localtime': 'TZif2', '/etc/timezone': 'GMT\n' }],
  ])('sets the zone where %s', (_, files) => {
    expect(planFor(files)).toEqual({ changes: set, digest });
  });

  it('takes no name for a zone that leads back to the link', () => {
    const files = { ...link('GMT'), '/usr/share/zoneinfo/localtime': { link: '/etc/localtime' } };
    const { changes, notes } = planFor(files, 'CONFIG_TIMEZONE=localtime');
    expect(changes).toEqual([]);
    expect(notes?.[0]?.text).toMatch(/^there is no time zone localtime /);
  });

  it.each([
    ['a link', link('Asia/Tokyo'), 'Asia/Tokyo'],
    ['a copy with its name', { '/etc/localtime': 'TZif', '/etc/timezone': 'Asia/Tokyo\n' }, 'Asia/Tokyo'],
    ['a copy without a name', { '/etc/localtime': 'TZif' }, 'as it is'],
  ])('keeps a zone that the admin set by %s', (_, files, zone) => {
    const text = `the time zone stays ${zone}: it was set by the admin`;
    expect(planFor(files)).toEqual({ changes: [], notes: [{ level: 'info', text }] });
  });

  it('keeps what the admin sets later, until another zone is asked for', () => {
    const applied = { '07-config_timezone': digest };
    expect(planFor(link('Etc/UTC'), undefined, applied)).toEqual({ changes: [], digest });
    const tokyo = planFor(link('Europe/Paris'), 'CONFIG_TIMEZONE=Asia/Tokyo', applied);
    expect(tokyo.changes[0]).toMatchObject({ target: '../usr/share/zoneinfo/Asia/Tokyo' });
    expect(planFor(link('America/Lima'), 'CONFIG_TIMEZONE=Asia/Tokyo', applied).changes).toEqual([]);
  });

  it('asks for nothing where nobody does', () => {
    expect(planFor(link('Etc/UTC'), '')).toEqual({ changes: [] });
  });

  const noZones: FileEntries = {
    '/usr/share/zoneinfo/leapseconds': '# Allowance for leap seconds\n',
    '/usr/share/zoneinfo/Loose': { link: 'Gone' },
    '/usr/share/zoneinfo/Empty': '',
  };
  it.each(['Europe', 'leapseconds', 'Loose', 'Empty'])(
    'takes %s for no zone, which has no zone file',
    (name) => {
      const { changes, notes } = planFor(noZones, `CONFIG_TIMEZONE=${name}`);
      expect(changes).toEqual([]);
      expect(notes).toMatchObject([
        { level: 'problem', text: expect.stringContaining(`no time zone ${name} in`) },
      ]);
    },
  );

  it('follows a zone that is another by a link', () => {
    const paris: FileEntries = { '/usr/share/zoneinfo/Paris': { link: 'Europe/Paris' } };
    expect(planFor(paris, 'CONFIG_TIMEZONE=Paris').changes).toHaveLength(2);
  });

  it('says that a zone does not exist', () => {
    expect(planFor({}, 'CONFIG_TIMEZONE=Europe/Atlantis').notes).toEqual([
      {
        level: 'problem',
        text: 'there is no time zone Europe/Atlantis in /usr/share/zoneinfo: correct its name, or install the package tzdata',
      },
    ]);
  });

  it.each(['../../etc/passwd', 'Europe/../Paris', '/etc/passwd', 'a b'])('refuses %j as a zone', (name) => {
    const { settings } = makeContext({ settings: `CONFIG_TIMEZONE="${name}"` });
    expect(settings.timeZone).toBeUndefined();
    expect(settings.warnings).toHaveLength(1);
  });
});
