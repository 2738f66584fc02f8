import { expect, it } from 'vitest';
import { main as program } from '../../../src/guest/program.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { captureOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { seededGuest } from '../metadata/seeded-guest.ts';
import { simulatedSystem } from '../simulated-system.ts';

const said = captureOutput();

interface Finding {
  level: string;
  subject: string;
  text: string;
}

async function diagnose(
  loadAddresses: () => Promise<never> | Promise<{ presentAddresses: () => [] }>,
  entries: Record<string, string> = {},
) {
  const { files } = seededGuest({
    '/gandi/config': '{"vm_hostname":"web1"}',
    '/proc/sys/kernel/hostname': 'other\n',
    '/etc/default/gandi': 'CONFIG_CRN=0\n',
    ...entries,
  });
  const system = simulatedSystem({
    open: () => ({ files, live: true }),
    commands: systemCommands,
    loadFacts: async () => ({ observeFacts: () => makeContext().facts }),
    loadAddresses,
  });
  said.stdout = '';
  const status = await program(['doctor', '--json'], system);
  return { status, findings: JSON.parse(said.stdout).findings as Finding[] };
}

const subjects = (findings: readonly Finding[]) => findings.map(({ subject }) => subject);

it('a running guest is compared with what the host asked for', async () => {
  const { status, findings } = await diagnose(async () => ({ presentAddresses: () => [] }));
  expect(status).toBe(1);
  expect(JSON.stringify(findings)).toContain('web1');
  expect(subjects(findings)).not.toContain('verify');
  expect(subjects(findings)).toContain('/etc/default/gandi line 1');
});

it('what cannot be compared is a finding, beside all the others', async () => {
  const { status, findings } = await diagnose(() =>
    Promise.reject(new Error('EACCES: permission denied, open')),
  );
  expect(status).toBe(1);
  expect(findings[0]).toMatchObject({
    level: 'problem',
    subject: 'verify',
    text: 'what is cannot be compared with what was asked: permission denied',
  });
  expect(subjects(findings)).toContain('/etc/default/gandi line 1');
});

it('a program that left no report of this boot is told, unless something else says why', async () => {
  const addresses = async () => ({ presentAddresses: () => [] as [] });
  const report = { program: 'gandi-bootstrap', status: 'unchanged', problems: [], steps: [] };
  const unit = { '/usr/lib/systemd/system/gandi-config.service': '[Unit]\n' };
  const wanted = { '/etc/systemd/system/multi-user.target.wants/gandi-config.service': '' };
  const told = async (entries: Record<string, string>) =>
    (await diagnose(addresses, entries)).findings
      .filter(({ text }) => text.includes('has not run in this boot'))
      .map(({ level, subject }) => `${level} ${subject}`);
  const ran = { '/run/gandi/gandi-bootstrap.json': JSON.stringify(report) };
  expect(await told({ ...unit, ...wanted })).toEqual(['warning gandi-bootstrap', 'warning gandi-config']);
  expect(await told({ ...ran, ...unit, ...wanted })).toEqual(['warning gandi-config']);
  // It is not to start: a finding of its own.
  expect(await told({ ...ran, ...unit })).toEqual([]);
  expect(await told({ ...unit, ...wanted, '/etc/gandi/disabled': '' })).toEqual([]);
});
