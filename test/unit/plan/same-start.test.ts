import { describe, expect, it } from 'vitest';
import type { Files } from '../../../src/machine/files/files.ts';
import { configureInSameStart, isForSameStart } from '../../../src/plan/same-start.ts';
import type { System } from '../../../src/plan/system.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const UNIT = 'gandi-config.service';

/** A guest at its first boot, with the unit as its package enables it. */
const FIRST_BOOT = {
  '/run/systemd/system/.keep': '',
  [`/etc/systemd/system/multi-user.target.wants/${UNIT}`]: '[Unit]\n',
  '/proc/cmdline': 'root=/dev/sda1 ro quiet\n',
  '/proc/sys/kernel/osrelease': '6.1.0-42-amd64\n',
};

type Tree = Parameters<typeof temporaryRoot>[0];
const guest = (changed: Tree = {}) => temporaryRoot({ ...FIRST_BOOT, ...changed });

describe('gandi-bootstrap’s start does gandi-config’s work', () => {
  it.each<[string, Tree]>([
    ['at a first boot', {}],
    [
      'with the distribution’s own target',
      { '/etc/systemd/system/default.target': { link: '/lib/systemd/system/graphical.target' } },
    ],
    ['on a kernel of the 5th series that seeds itself', { '/proc/sys/kernel/osrelease': '5.4.17-1\n' }],
    [
      'with the distribution’s drop-ins for all services',
      { '/usr/lib/systemd/system/service.d/10-timeout-abort.conf': '[Service]\n' },
    ],
    [
      'with a target that is named without a directory',
      { '/etc/systemd/system/default.target': { link: 'graphical.target' } },
    ],
    ['with words of others on the kernel command line', { '/proc/cmdline': 'ds=nocloud net.ifnames=0\n' }],
  ])('%s', (_, changed) => {
    expect(isForSameStart(guest(changed))).toBe(true);
  });

  it.each<[string, Tree]>([
    ['the unit compares a record of an earlier boot', { '/var/lib/gandi/steady/gandi-config': 'x' }],
    ['it has run in this boot', { '/run/gandi/gandi-config.json': '{}' }],
    ['the unit is masked', { [`/etc/systemd/system/${UNIT}`]: { link: '/dev/null' } }],
    ['the unit is masked for this boot', { [`/run/systemd/system/${UNIT}`]: { link: '/dev/null' } }],
    ['the admin changed the unit', { [`/etc/systemd/system/${UNIT}.d/own.conf`]: '[Service]\n' }],
    ['the admin set a property of it', { [`/etc/systemd/system.control/${UNIT}.d/50.conf`]: '[Service]\n' }],
    ['it is masked at the boot prompt', { '/proc/cmdline': `quiet systemd.mask=${UNIT}\n` }],
    ['the boot ends in a rescue shell', { '/proc/cmdline': 'quiet single\n' }],
    ['the boot ends elsewhere', { '/proc/cmdline': 'systemd.unit=rescue.target' }],
    [
      'the default is another target',
      { '/etc/systemd/system/default.target': { link: '/lib/systemd/system/rescue.target' } },
    ],
    ['random numbers may come late', { '/proc/sys/kernel/osrelease': '4.18.0-553.el8\n' }],
    ['all is turned off by now', { '/etc/gandi/disabled': '' }],
    [
      'the system runs, and somebody starts gandi-bootstrap by hand',
      { '/run/systemd/units/invocation:systemd-user-sessions.service': { link: '0123456789abcdef' } },
    ],
    ['the admin has a plugin', { '/etc/gandi/plugins.d/50-own': '#!/bin/sh\n' }],
    ['the admin has a hook', { '/etc/gandi/hooks/post-vm-config': '#!/bin/sh\n' }],
  ])('not where %s', (_, changed) => {
    expect(isForSameStart(guest(changed))).toBe(false);
  });

  it.each<[string, Tree]>([
    ['for all services', { '/etc/systemd/system/service.d/own.conf': '[Service]\n' }],
    ['for all of the toolkit', { '/etc/systemd/system/gandi-.service.d/own.conf': '[Service]\n' }],
    ['for gandi-bootstrap', { '/etc/systemd/system/gandi-bootstrap.service.d/own.conf': '[Service]\n' }],
    ['of another package', { [`/usr/lib/systemd/system/${UNIT}.d/own.conf`]: '[Service]\n' }],
    ['of a local package', { [`/usr/local/lib/systemd/system/${UNIT}.d/own.conf`]: '[Service]\n' }],
    ['of a generator', { [`/run/systemd/generator/${UNIT}.d/own.conf`]: '[Service]\n' }],
  ])('not with drop-ins %s', (_, changed) => {
    expect(isForSameStart(guest(changed))).toBe(false);
  });

  it.each<[string, Tree]>([
    ['of the admin’s', { '/etc/systemd/system/default.target': '[Unit]\nAllowIsolate=yes\n' }],
    [
      'of a generator',
      { '/run/systemd/generator.early/default.target': { link: '/lib/systemd/system/rescue.target' } },
    ],
    ['for this boot', { '/run/systemd/system/default.target': { link: '/lib/systemd/system/halt.target' } }],
    ['in place of the usual one', { '/etc/systemd/system/multi-user.target': { link: '/dev/null' } }],
    ['in quotes', { '/proc/cmdline': 'quiet "systemd.unit=rescue.target"\n' }],
  ])('not with a target %s', (_, changed) => {
    expect(isForSameStart(guest(changed))).toBe(false);
  });

  it('not where a link to nothing takes the place of the package’s', () => {
    const wants = 'systemd/system/multi-user.target.wants';
    const tree = { ...FIRST_BOOT, [`/usr/lib/${wants}/${UNIT}`]: '[Unit]\n' };
    expect(isForSameStart(temporaryRoot({ ...tree, [`/etc/${wants}/${UNIT}`]: { link: '/dev/null' } }))).toBe(
      false,
    );
  });

  it('not where the unit is not enabled', () => {
    const { [`/etc/systemd/system/multi-user.target.wants/${UNIT}`]: _, ...others } = FIRST_BOOT;
    expect(isForSameStart(temporaryRoot(others))).toBe(false);
  });
});

/** What a boot runs on. */
function systemOf(files: Files, environment: System['environment'] = { GANDI_BOOT: '1' }): System {
  return simulatedSystem({ environment, open: () => ({ files, live: true }) });
}

const left = (files: Files) => files.readText('/run/gandi/done-gandi-config');

describe('what is left for the unit of gandi-config', () => {
  it('is the exit status, and the lines that the program said', async () => {
    const files = guest();
    await configureInSameStart(systemOf(files), () =>
      Promise.resolve((_, { say }) => {
        say('gandi-config', 'info', 'motd: write /etc/motd');
        say('gandi-config', 'problem', 'ssh: no room');
        return Promise.resolve(1);
      }),
    );
    expect(left(files)).toBe('1\ngandi-config: motd: write /etc/motd\ngandi-config: problem: ssh: no room\n');
  });

  it('is a line also where nothing was said', async () => {
    const files = guest();
    await configureInSameStart(systemOf(files), () => Promise.resolve(() => Promise.resolve(0)));
    expect(left(files)).toBe('0\ngandi-config: nothing was to be changed\n');
  });

  it('is a failure where the program ended by one', async () => {
    const files = guest();
    await configureInSameStart(systemOf(files), () =>
      Promise.resolve(() => Promise.reject(new Error('no lock'))),
    );
    expect(left(files)).toBe('1\ngandi-config: problem: no lock\n');
  });

  it.each<[string, Files, System['environment']]>([
    ['an admin started gandi-bootstrap', guest(), {}],
    [
      'the unit is masked',
      guest({ [`/etc/systemd/system/${UNIT}`]: { link: '/dev/null' } }),
      { GANDI_BOOT: '1' },
    ],
  ])('is nothing where %s: the program is not loaded', async (_, files, environment) => {
    await configureInSameStart(systemOf(files, environment), () => Promise.reject(new Error('loaded')));
    expect(left(files)).toBeUndefined();
  });
});
