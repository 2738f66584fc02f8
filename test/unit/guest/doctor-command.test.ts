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

async function diagnose(loadAddresses: () => Promise<never> | Promise<{ presentAddresses: () => [] }>) {
  const { files } = seededGuest({
    '/gandi/config': '{"vm_hostname":"web1"}',
    '/proc/sys/kernel/hostname': 'other\n',
    '/etc/default/gandi': 'CONFIG_CRN=0\n',
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
