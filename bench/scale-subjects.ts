import type { GuestInterface } from '../test/guest/machine-interfaces.ts';
import type { SeedFiles } from '../test/guest/nocloud-seed.ts';
import { passwordHash } from '../test/guest/toolkit.ts';
import { noCloudFiles } from './source-disks.ts';

/** Something of which a host may ask for little or much. */
export interface ScaleSubject {
  readonly name: string;
  readonly title: string;
  /** What is counted, behind a number. */
  readonly unit: string;
  /** Three or more, from the least to the most. */
  readonly sizes: readonly number[];
  /** The NoCloud seed that asks for so many. */
  files(size: number, publicKey: string): SeedFiles;
  /** Those of the guest, where they are not the usual two. */
  interfaces?(size: number): readonly GuestInterface[];
}

function withUsers(count: number, publicKey: string): SeedFiles {
  const user = (name: string) => ({
    name,
    shell: '/bin/bash',
    lock_passwd: false,
    passwd: passwordHash,
    ssh_authorized_keys: [publicKey],
  });
  const users = Array.from({ length: count }, (_, index) => user(`user${index}`));
  return {
    ...noCloudFiles(publicKey),
    'user-data': `#cloud-config\n${JSON.stringify({ users }, null, 1)}\n`,
  };
}

/** A file as people write it into a `#cloud-config`: lines of 40 characters behind their indentation. */
function withFile(kilobytes: number, publicKey: string): SeedFiles {
  const line = `      ${'setting = value # as it was '.padEnd(39, '.')}\n`;
  const lines = line.repeat(Math.ceil((kilobytes * 1000) / line.length));
  const text = `#cloud-config\nwrite_files:\n  - path: /opt/large\n    content: |\n${lines}`;
  return { ...noCloudFiles(publicKey), 'user-data': text };
}

const networkOf = (index: number) => `10.${100 + index}.0`;

/** Each with an address, the first with a route. */
function withInterfaces(count: number, publicKey: string): SeedFiles {
  const config = Array.from({ length: count }, (_, index) => ({
    type: 'physical',
    name: `eth${index}`,
    subnets: [
      {
        type: 'static',
        address: `${networkOf(index)}.15/24`,
        ...(index === 0 ? { gateway: `${networkOf(index)}.2` } : {}),
      },
    ],
  }));
  return { ...noCloudFiles(publicKey), 'network-config': JSON.stringify({ version: 1, config }) };
}

export const SCALE_SUBJECTS: readonly ScaleSubject[] = [
  {
    name: 'interfaces',
    title: 'network interfaces, each with an address',
    unit: 'interfaces',
    sizes: [1, 8, 64],
    files: withInterfaces,
    interfaces: (count) =>
      Array.from({ length: count }, (_, index) => ({
        network: `${networkOf(index)}.0/24`,
        hostAddress: `${networkOf(index)}.2`,
      })),
  },
  { name: 'users', title: 'users that are made', unit: 'users', sizes: [1, 10, 100], files: withUsers },
  {
    name: 'user-data',
    title: 'user-data with a file',
    unit: 'KB of user-data',
    sizes: [1, 100, 1000],
    files: withFile,
  },
];

/** By so much a piece may cost more among many than among few. */
const TOLERANCE = 1.25;

/**
 * Whether each further piece costs about as much where there are many as where there are few.
 * @param points at least three, from the least size to the most
 */
export function isNoWorseThanLinear(points: readonly { size: number; value: number }[]): boolean {
  const slopes = points.slice(1).map(({ size, value }, index) => {
    const { size: before, value: less } = points[index] ?? { size: 0, value: 0 };
    return (value - less) / (size - before);
  });
  const [first = 0] = slopes;
  return slopes.every((slope) => slope <= first * TOLERANCE);
}
