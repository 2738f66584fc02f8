import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GuestFile } from '../test/guest/image.ts';

/** Where the guest finds the peak, in KiB, when the program has ended. */
export const peakMemoryFile = '/run/gandi-peak';

/** Called with a program and its arguments. */
export const peakMemoryWrapper = '/usr/local/lib/peak-memory';

/**
 * Runs a program and writes the largest resident set of any of its processes: ru_maxrss of getrusage(2) for children,
 * the fifth word of the structure. By system call number, for x86-64, since Debian's base has no program that tells it.
 */
const peakMemory = `#!/usr/bin/perl
use strict;
my $status = system(@ARGV);
my $usage = "\\0" x 144;
syscall(98, -1, $usage) == 0 or die "getrusage: $!";
open(my $file, ">", "${peakMemoryFile}") or die "${peakMemoryFile}: $!";
print $file (unpack("q*", $usage))[4];
exit($status >> 8);
`;

/** Beside a drop-in gandi-bootstrap's start would not do the work of gandi-config, which is to be counted. */
const unit = readFileSync(
  fileURLToPath(new URL('../units/gandi-bootstrap.service', import.meta.url)),
  'utf8',
).replace(/^ExecStart=/m, `ExecStart=${peakMemoryWrapper} `);

/** What makes gandi-bootstrap.service tell the memory that its first run takes. */
export const peakMemoryFiles: Readonly<Record<string, GuestFile>> = {
  [peakMemoryWrapper]: { text: peakMemory, mode: 0o755 },
  '/usr/lib/systemd/system/gandi-bootstrap.service': unit,
};
