import type { Plan, Step, StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';
import { additionalInterfaces, interfaceValues } from './interface/kernel-values.ts';
import { planKernelValues, type WantedValue } from './kernel-values.ts';
import { parseSysctlFile } from './sysctl-file.ts';

const OWN_FILE = '/etc/gandi/sysctl.conf';

function plan({ facts, files, host }: StepContext): Plan {
  if (!facts.live) return { changes: [] };
  const { values, notUnderstood } = parseSysctlFile(files.readText(OWN_FILE) ?? '');
  const warnings: Note[] = notUnderstood.map((rest) => ({
    level: 'warning',
    text: `${OWN_FILE} line ${rest.line}: ${JSON.stringify(rest.text)} is not understood; expected key = value`,
  }));
  const last = new Map(values.map((value) => [value.key.join('/'), value]));
  const own = [...last.values()].map(
    ({ line, ...value }): WantedValue => ({ ...value, origin: `${OWN_FILE} line ${line}` }),
  );
  const additional = additionalInterfaces(host.parsed.config.interfaces ?? [], facts.interfaces);
  // What the file says of an interface counts more.
  const ofInterfaces = additional.flatMap(interfaceValues).filter(({ key }) => !last.has(key.join('/')));
  const { changes, notes } = planKernelValues(files, [...own, ...ofInterfaces]);
  return { changes, notes: [...warnings, ...notes] };
}

/** The kernel values of /etc/gandi/sysctl.conf, unless the admin wants others. */
export const sysctl: Step = {
  name: '02-config_sysctl',
  setting: 'CONFIG_SYSCTL',
  summary:
    'kernel values of /etc/gandi/sysctl.conf, and of additional interfaces, that the admin does not set',
  plan,
};
