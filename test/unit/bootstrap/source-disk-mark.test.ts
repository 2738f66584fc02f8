import { describe, expect, it } from 'vitest';
import { markSourceDisk } from '../../../src/bootstrap/source-disk-mark.ts';
import type { HostConfiguration } from '../../../src/metadata/guest-config.ts';
import { makeFiles } from '../context.ts';

const DIRECTORY = '/run/gandi/source-disks';

type Host = Parameters<typeof markSourceDisk>[1];

const found = (name: string, state: HostConfiguration['state'] = 'new'): Host => ({
  state,
  place: { name, attachment: '/sys/devices/x/block', isHosts: true },
});

const plan = (host: Host, ...marked: string[]) =>
  markSourceDisk(makeFiles(Object.fromEntries(marked.map((name) => [`${DIRECTORY}/${name}`, '']))), host).map(
    (change) => `${change.kind} ${'path' in change ? change.path : ''}`,
  );

describe('the mark of the disk that the configuration is on', () => {
  it('is left once, for what is new as for what is kept', () => {
    expect(plan(found('/dev/sdb'))).toEqual([`make-directory ${DIRECTORY}`, `write-file ${DIRECTORY}/sdb`]);
    expect(plan(found('/dev/sdb', 'kept'), 'sdb')).toEqual([]);
    expect(plan(found('/dev/cciss/c0d0p1'), 'cciss!c0d0p1')).toEqual([]);
  });

  it.each<[string, Host]>([
    ['what was found cannot be used', found('/dev/sdb', 'broken')],
    ['it is kept of a source that is gone', { state: 'kept' }],
    ['it is on no disk', found('kernel command line')],
    ['it is Gandi’s disk, which becomes swap', { ...found('/dev/sdb'), gandi: {} as never }],
  ])('is not left where %s, and an older one goes', (_, host) => {
    expect(plan(host)).toEqual([]);
    expect(plan(host, 'sdb')).toEqual([`remove-file ${DIRECTORY}/sdb`]);
  });

  it('goes to another disk with the configuration', () => {
    expect(plan(found('/dev/sdc'), 'sdb')).toEqual([
      `remove-file ${DIRECTORY}/sdb`,
      `write-file ${DIRECTORY}/sdc`,
    ]);
  });
});
