import { expect, it } from 'vitest';
import { whatFailed } from '../../../src/host-report/what-failed.ts';
import type { Problem } from '../../../src/metadata/guest-config.ts';
import type { Report, StepReport } from '../../../src/state/report.ts';

const report = (given: Partial<Report>): Report => ({
  program: 'gandi-config',
  version: '1.0.0',
  startedAt: '2026-01-02T03:04:05.000Z',
  bootId: 'b1',
  status: 'failed',
  source: '/dev/sdb',
  problems: [],
  steps: [],
  ...given,
});

const step = (name: string, given: Partial<StepReport> = {}): StepReport => ({
  name,
  status: 'failed',
  changes: [],
  notes: [],
  durationMilliseconds: 1,
  ...given,
});

const refused = (path: string, isWarning?: true): Problem => ({
  group: 'host-name',
  path,
  found: '"a b"',
  expected: 'a host name',
  ...(isWarning === undefined ? {} : { isWarning }),
});

it.each(['configured', 'unchanged', 'nothing-found'] as const)(
  'a run that is %s has no failure',
  (status) => {
    const steps = [
      step('users', { status: 'changed', notes: [{ level: 'problem', text: 'of an earlier run' }] }),
    ];
    expect(whatFailed(report({ status, steps, problems: [refused('vm_hostname')] }))).toBeUndefined();
  },
);

it('names the program, each refused field and each step with its own lines', () => {
  const problems = [refused('vm_hostname'), refused('vm_alias', true)];
  const steps = [
    step('users', {
      notes: [
        { level: 'info', text: 'bob is there' },
        { level: 'problem', text: 'usermod: no such group' },
        { level: 'problem', text: 'passwd: locked' },
      ],
    }),
    step('swap'),
    step('hosts', { status: 'changed', notes: [{ level: 'problem', text: 'has not failed' }] }),
  ];
  expect(whatFailed(report({ problems, steps }))?.split('\n')).toEqual([
    'gandi-config: host-name: vm_hostname: found "a b", expected a host name',
    'gandi-config: users: usermod: no such group',
    'gandi-config: users: passwd: locked',
    'gandi-config: swap: failed',
  ]);
});

it('leaves out fields that were only warned about', () => {
  const problems = [refused('vm_hostname', true)];
  expect(whatFailed(report({ problems, steps: [step('swap')] }))).toBe('gandi-config: swap: failed');
});

it('says where to look if a failed run tells nothing', () => {
  expect(whatFailed(report({}))).toBe('gandi-config: failed; see gandi-guest status');
});

it('keeps the first 20 lines, and says how many more there are', () => {
  const steps = (count: number) => Array.from({ length: count }, (_, index) => step(`step${index}`));
  expect(
    whatFailed(report({ steps: steps(20) }))
      ?.split('\n')
      .at(-1),
  ).toBe('gandi-config: step19: failed');
  const lines = whatFailed(report({ steps: steps(23) }))?.split('\n') ?? [];
  expect(lines).toHaveLength(21);
  expect(lines.at(-2)).toBe('gandi-config: step19: failed');
  expect(lines.at(-1)).toBe('gandi-config: 3 more lines; see gandi-guest status');
});
