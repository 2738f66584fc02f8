import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of guest tests that take more than a minute each, the longest first. */
const LONG = [
  'network-managers-trixie',
  'packages',
  'disks-burst',
  'network-managers-bookworm',
  'disks',
  'first-boot',
  'postboot',
  'interfaces',
  'disks-faults',
  'power-cut',
  'hostile',
  'config',
  'disks-autofs',
  'root-file-systems',
  'partitioned-root',
  'selinux',
];

/** One of these as the last would keep one worker busy alone. The others stay in vitest's order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.indexOf(basename(moduleId, '.test.ts'));
      return place < 0 ? LONG.length : place;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
