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
