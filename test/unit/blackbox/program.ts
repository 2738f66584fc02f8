import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const dist = fileURLToPath(new URL('../../../dist', import.meta.url));

/** How a run ended; memory is the peak of the process in bytes. */
export interface Run {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  peakMemory: number;
}

/** Tells on descriptor 3 the ru_maxrss of getrusage(2), behind two struct timeval, of the program that it runs. */
const MEASURING = `
  $status = system { $ARGV[0] } @ARGV;
  $usage = "\\0" x 144;
  syscall(${process.arch === 'arm64' ? 165 : 98}, -1, $usage);
  open(F, ">&=3"); print F unpack("x32 q", $usage);
  exit($status >> 8);`;

/** The command that packaging/launcher.sh starts: the executable where this machine's architecture has one, else the bundle. */
export function builtProgram(): string[] {
  if (!existsSync(join(dist, 'gandi.cjs'))) throw new Error('the program is not built: run make build first');
  const executable = join(dist, 'gandi');
  return existsSync(executable) ? [executable] : [process.execPath, join(dist, 'gandi.cjs')];
}

/** What packaging/launcher.sh asks of the runtime for all but gandi-guest. */
const AS_LAUNCHED = {
  BUN_JSC_useJIT: '0',
  BUN_GC_TIMER_DISABLE: '1',
  BUN_JSC_collectionTimerMaxPercentCPU: '0',
  BUN_JSC_largeHeapSize: '16777216',
};

/** Runs the built program as packaging/launcher.sh does. */
export function gandi(...parameters: string[]): Run {
  const program = builtProgram();
  const { status, stdout, stderr, output } = spawnSync('perl', ['-e', MEASURING, ...program, ...parameters], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, ...(parameters[0] === 'gandi-guest' ? {} : AS_LAUNCHED) },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  return { exitCode: status, stdout, stderr, peakMemory: Number(output[3]) * 1024 };
}

const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-blackbox-'));
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A path of its own, gone after the test file. */
export function freshPath(name: string): string {
  const own = join(folder, String(++count));
  mkdirSync(own);
  return join(own, name);
}

export function fileWith(content: string | Uint8Array, name = 'file'): string {
  const path = freshPath(name);
  writeFileSync(path, content);
  return path;
}

/** A guest's tree before its first boot, with something in it that must stay. */
export function freshRoot(files: Record<string, string> = {}): string {
  const root = freshPath('root');
  const all = { '/etc/os-release': 'ID=debian\n', '/etc/hostname': 'old\n', ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
