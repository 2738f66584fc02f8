import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const packages = { x64: 'bun-linux-x64-baseline', arm64: 'bun-linux-aarch64' };
const bunPackage = packages[process.arch as keyof typeof packages];
const bun = fileURLToPath(new URL(`../../../node_modules/@oven/${bunPackage}/bin/bun`, import.meta.url));

/**
 * Runs a program of this folder in the runtime that guests have, whose own interface is used there.
 *
 * @returns what it prints on standard output, as bytes.
 */
export async function runByBun(program: string, ...args: string[]): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL(program, import.meta.url));
  const { stdout } = await execa(bun, [entry, ...args], { encoding: 'buffer', stripFinalNewline: false });
  return stdout;
}

/** Runs one at a terminal of its own, by script(1). @returns what the terminal shows */
export async function runByBunAtTerminal(program: string, ...args: string[]): Promise<string> {
  const entry = fileURLToPath(new URL(program, import.meta.url));
  const command = [bun, entry, ...args].map((word) => `'${word}'`).join(' ');
  // With an input that has ended, it ends with the program.
  const { stdout } = await execa('script', ['-qec', command, '/dev/null'], { stdin: 'ignore' });
  return stdout;
}
