import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { isClaimed } from '../../../../src/machine/devices/device-claim.ts';

const folder = mkdtempSync(join(tmpdir(), 'gandi-claim-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('has nobody for what is not there, or what nobody took', () => {
  writeFileSync(join(folder, 'free'), '');
  expect(isClaimed(join(folder, 'free'))).toBe(false);
  expect(isClaimed(join(folder, 'gone'))).toBe(false);
});

it('does not take another error for an answer', () => {
  symlinkSync('round', join(folder, 'round'));
  expect(() => isClaimed(join(folder, 'round'))).toThrow('ELOOP');
});
