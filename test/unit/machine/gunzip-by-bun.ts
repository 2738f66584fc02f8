import { gunzip } from '../../../src/machine/changes/modules/gunzip.ts';

/** Run by Bun: unpacks the file of the first argument to standard output, or says why it cannot. */
const [path = ''] = process.argv.slice(2);
try {
  for await (const piece of gunzip(path)) process.stdout.write(piece);
} catch (error) {
  process.stdout.write((error as Error).message);
}
