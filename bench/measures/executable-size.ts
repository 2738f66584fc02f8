import { stat } from 'node:fs/promises';
import { execa } from 'execa';
import { builtProgram } from '../../test/guest/toolkit.ts';
import { megabyte, type Sample } from '../measure.ts';

/** The executable as it lies in the guest, and as a package holds it. */
export async function executableSize(): Promise<Sample[]> {
  const { size } = await stat(builtProgram);
  const compressed = await execa('sh', ['-c', 'xz -T0 -6 --stdout "$0" | wc -c', builtProgram]);
  const title = 'executable';
  return [
    { id: 'size', title, value: size, unit: 'MB', atMost: 115 * megabyte },
    {
      id: 'size-xz',
      title: `${title}, compressed with xz`,
      value: Number(compressed.stdout),
      unit: 'MB',
      atMost: 43 * megabyte,
    },
  ];
}
