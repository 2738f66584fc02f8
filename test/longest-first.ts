import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of tests that take long for their suite, the longest of each suite first. */
const LONG = [
  'guest/metadata-hosts',
  'guest/network-managers',
  'guest/operator',
  'guest/seal',
  'guest/configdrive',
  'guest/nocloud',
  'guest/smartos',
  'guest/packages',
  'guest/postboot',
  'guest/tool-seeds',
  'guest/disks-faults',
  'guest/metadata-service',
  'guest/disks-waited-for',
  'guest/network-configuration.disposable',
  'guest/disks',
  'guest/first-boot',
  'guest/root-file-systems',
  'guest/partitioned-root',
  'guest/interfaces',
  'guest/disks-left-alone',
  'guest/power-cut',
  'guest/hostile',
  'guest/users',
  'guest/disks-held',
  'guest/upgrade',
  'guest/disks-harmful',
  'guest/disks-burst',
  'guest/host-disk',
  'guest/config.disposable',
  'guest/source-steps.disposable',
  'guest/users-match.disposable',
  'guest/disks-autofs',
  'host-guests/guest',
  'host-guests/run',
  'host-guests/images',
  'packages/upgrade',
  'packages/debian',
  'packages/rpm',
  'unit/whole-boot/interruption',
  'unit/bootstrap/interruption',
  'unit/mount/interruption',
  'unit/metadata/gandi/source',
  'unit/packaging/steady',
  'unit/blackbox/modules',
  'unit/mount/held-disks',
  'unit/machine/commands',
  'unit/packaging/steady-disks',
  'unit/blackbox/install',
];

/** One of these as the last would keep one worker busy alone. The others stay in vitest's order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return place < 0 ? LONG.length : place;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
