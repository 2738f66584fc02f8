import { describe, expect, it } from 'vitest';
import { userDataFile } from '../../../src/bootstrap/user-data-file.ts';
import { type FileEntries, makeContext } from '../context.ts';

const PATH = '/var/db/mdata-user-data';
const content = Buffer.from('a\u0000\u00ff', 'latin1');

const planFor = (stored: { content?: string } | undefined, files: FileEntries = {}) =>
  userDataFile.plan(
    makeContext({
      files,
      config: stored === undefined ? {} : { storedUserData: { path: PATH, ...stored } },
    }),
  );
const write = { kind: 'write-file', path: PATH, content, mode: 0o400, secret: true };

describe('user-data-file', () => {
  it('writes what the host has, for root alone, and its directory', () => {
    const stored = { content: content.toString('base64') };
    expect(planFor(stored)).toEqual({
      changes: [{ kind: 'make-directory', path: '/var/db', mode: 0o755 }, write],
    });
    expect(planFor(stored, { [PATH]: 'another' })).toEqual({ changes: [write] });
  });

  it('removes it once the host has none', () => {
    expect(planFor({}, { [PATH]: 'a' })).toEqual({ changes: [{ kind: 'remove-file', path: PATH }] });
    expect(planFor({})).toEqual({ changes: [] });
  });

  it('leaves it alone where the host did not say, and for other sources', () => {
    expect(planFor(undefined, { [PATH]: 'a' })).toEqual({ changes: [] });
  });
});
