import { describe, expect, it } from 'vitest';
import { escapePath, unitForPath } from '../../../../../src/machine/formats/text/unit-names.ts';

describe('names of units for paths', () => {
  // As systemd-escape(1) of systemd 252 prints them with --path.
  it.each([
    ['/srv/data', 'srv-data'],
    ['/srv/my-data_2', 'srv-my\\x2ddata_2'],
    ['/srv/u 9é.x', 'srv-u\\x209\\xc3\\xa9.x'],
    ['/.hidden/.data', '\\x2ehidden-.data'],
    ['/dev/disk/by-uuid/1234-ABCD', 'dev-disk-by\\x2duuid-1234\\x2dABCD'],
  ])('of %s', (path, escaped) => {
    expect(escapePath(path)).toBe(escaped);
    expect(unitForPath(path, 'mount')).toBe(`${escaped}.mount`);
  });

  it('has none for a path that is too long for one', () => {
    expect(unitForPath(`/srv/${'x'.repeat(245)}`, 'mount')).toHaveLength(255);
    expect(unitForPath(`/srv/${'x'.repeat(246)}`, 'mount')).toBeUndefined();
  });
});
