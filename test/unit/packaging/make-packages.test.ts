import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

describe.each(['deb', 'rpm'])('packaging/make-%s.sh', (kind) => {
  it('makes no package without the executable, which npm may have left out', () => {
    const make = () =>
      execFileSync(`packaging/make-${kind}.sh`, ['amd64'], {
        env: { ...process.env, EXECUTABLE: 'dist/nowhere' },
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(make).toThrow(`make-${kind}: dist/nowhere is missing: npm left out Bun`);
  });
});

it.each(['deb', 'rpm'])(
  'makes a %s of the architecture that the environment names, or the command',
  (kind) => {
    const steps = (args: readonly string[], named: Readonly<Record<string, string>>) =>
      execFileSync('make', ['--dry-run', `guest-${kind}`, ...args], {
        env: { ...process.env, MAKEFLAGS: '', ...named },
        encoding: 'utf8',
      });
    for (const text of [steps(['ARCHITECTURE=arm64'], {}), steps([], { ARCHITECTURE: 'arm64' })])
      expect(text).toContain(`packaging/make-${kind}.sh arm64`);
  },
);
