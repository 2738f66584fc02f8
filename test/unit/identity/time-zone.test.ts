import { describe, expect, it } from 'vitest';
import { BOOTSTRAP_STEPS } from '../../../src/bootstrap/steps.ts';
import { planTimeZone } from '../../../src/identity/time-zone.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { type ContextParts, makeContext } from '../context.ts';

const ZONE = { '/usr/share/zoneinfo/Europe/Paris': 'TZif2', '/etc/timezone': 'Etc/UTC\n' };
const plan = (timeZone: string, parts: ContextParts = {}) =>
  planTimeZone(makeContext({ config: { timeZone }, files: ZONE, ...parts }));

describe('the time zone of the source', () => {
  it('becomes the guest’s, once', () => {
    expect(plan('Europe/Paris')).toEqual({
      changes: [
        { kind: 'make-link', path: '/etc/localtime', target: '../usr/share/zoneinfo/Europe/Paris' },
        { kind: 'write-file', path: '/etc/timezone', content: 'Europe/Paris\n', mode: 0o644 },
      ],
      digest: digestOf('Europe/Paris'),
    });
    const applied = { 'time-zone': digestOf('Europe/Paris') };
    expect(plan('Europe/Paris', { applied }).changes).toEqual([]);
    const link = { '/etc/localtime': { link: '/usr/share/zoneinfo/Europe/Paris' } };
    expect(plan('Europe/Paris', { files: { ...ZONE, ...link } }).changes).toMatchObject([
      { path: '/etc/timezone' },
    ]);
  });

  it('gives way to the one that the settings name', () => {
    expect(plan('Europe/Paris', { settings: 'CONFIG_TIMEZONE=Etc/UTC\n' })).toEqual({ changes: [] });
  });

  it('is told where there is no such zone, and asked for again', () => {
    expect(plan('Europe/Parid')).toEqual({
      changes: [],
      notes: [{ level: 'problem', text: expect.stringMatching(/no time zone Europe\/Parid .*tzdata$/) }],
    });
  });

  it('is not looked at where the source names none', () => {
    const step = BOOTSTRAP_STEPS.find(({ name }) => name === 'time-zone');
    expect(step?.load?.(makeContext({ config: {} }))).toBeUndefined();
    expect(step?.load?.(makeContext({ config: { timeZone: 'Etc/UTC' } }))).toBeInstanceOf(Promise);
  });
});
