import type { FileView } from '../../machine/files/files.ts';
import { TURNED_OFF } from '../../machine/files/paths.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Facts } from '../../machine/system/facts.ts';
import { defaultHostKey, HOST_KEY_TYPES, hasSshd, hostKeysOf } from '../../machine/system/sshd-config.ts';
import { enabledUnits, isMask, UNIT_DIRECTORIES } from '../../machine/system/units.ts';
import { PROGRAMS } from '../../state/programs.ts';
import { DAMAGE_REMEDY, damagedRecords, interfacePrograms, latestReport } from '../../state/records.ts';
import { describeProblem } from '../../state/report.ts';
import type { Row } from '../../verify/row.ts';
import type { DataDisk } from '../data-disks.ts';
import type { Finding } from './finding.ts';
import { identityFindings } from './identity-findings.ts';

/** All that a diagnosis looks at. */
export interface Patient {
  files: FileView;
  settings: Settings;
  facts: Facts;
  /** Those of this boot; none of an unpacked image. */
  disks: readonly DataDisk[];
  /** What the host asked for beside what is; none of an unpacked image. */
  rows: readonly Row[];
}

const OUR_RULES = '/usr/lib/udev/rules.d';
const ADMIN_RULES = '/etc/udev/rules.d';

/** What a finding about it is about. */
export const COMMAND_LINE = 'kernel command line';

function settingsFindings({ settings }: Patient): Finding[] {
  return settings.warnings.map(({ line, text }) => ({
    level: 'warning',
    subject: line > 0 ? `${settings.path} line ${line}` : settings.path,
    text,
    remedy: 'correct the line',
  }));
}

function unitFindings({ files, facts }: Patient): Finding[] {
  if (files.status(TURNED_OFF) !== undefined) {
    const text = 'nothing is configured at boot while this file is there';
    return [{ level: 'problem', subject: TURNED_OFF, text, remedy: `rm ${TURNED_OFF}` }];
  }
  if (facts.kernelCommandLine.split(/\s+/).includes('gandi.disabled')) {
    const text = 'gandi.disabled turned everything off at this boot';
    return [{ level: 'problem', subject: COMMAND_LINE, text, remedy: 'boot without it' }];
  }
  const isEnabled = enabledUnits(files);
  const units = PROGRAMS.flatMap((program) => program.units.slice(0, 1).map(({ name }) => name));
  return units.flatMap((unit): Finding[] => {
    const installed = UNIT_DIRECTORIES.some((place) => files.status(`${place}/${unit}`) !== undefined);
    if (!installed || isEnabled(unit)) return [];
    const masked = UNIT_DIRECTORIES.some((place) => isMask(files, `${place}/${unit}`));
    const remedy = `systemctl ${masked ? 'unmask' : 'enable'} ${unit}, unless that is on purpose`;
    const text = masked ? 'it is masked' : 'it does not start at boot';
    return [{ level: 'warning', subject: unit, text, remedy }];
  });
}

/** An admin's file of the same name takes the place of one of our rules (udev(7)). */
function ruleFindings({ files }: Patient): Finding[] {
  return files
    .list(OUR_RULES)
    .filter((name) => name.includes('gandi') && name.endsWith('.rules'))
    .filter((name) => files.status(`${ADMIN_RULES}/${name}`) !== undefined)
    .map((name) => ({
      level: 'warning',
      subject: `${ADMIN_RULES}/${name}`,
      text: `it takes the place of ${OUR_RULES}/${name}: what that does for hot-plugged devices is not done`,
      remedy: 'remove it, unless that is on purpose',
    }));
}

function diskFindings({ disks }: Patient): Finding[] {
  return disks
    .filter(({ failed }) => failed)
    .map(({ node, why = 'it is not mounted' }) => ({
      level: 'problem',
      subject: `data disk ${node}`,
      text: why,
      remedy:
        'see journalctl -b -u gandi-mount -u gandi-checks -u gandi-disks; gandi-mount rescan tries again',
    }));
}

function networkFindings({ facts, settings }: Patient): Finding[] {
  if (!settings.switches.CONFIG_NETWORK || facts.networkManager !== undefined) return [];
  const text = 'no network manager was recognised: none is installed and enabled';
  const remedy = `enable one, or set CONFIG_NETWORK=0 in ${settings.path} and configure the network yourself`;
  return [{ level: 'problem', subject: 'network', text, remedy }];
}

function sshFindings({ files }: Patient): Finding[] {
  if (!hasSshd(files)) return [];
  const keys = hostKeysOf(files);
  if (keys.some((path) => (files.status(path)?.size ?? 0) > 0)) return [];
  const text = `the SSH server has no host key (${keys.join(', ')}) and does not start`;
  const isMadeByUs = HOST_KEY_TYPES.some((type) => keys.includes(defaultHostKey(type)));
  const remedy = isMadeByUs
    ? 'gandi-config --only 11-config_ssh'
    : 'make it with ssh-keygen, or correct HostKey in the configuration of sshd';
  return [{ level: 'problem', subject: 'sshd', text, remedy }];
}

function damageFindings({ files }: Patient): Finding[] {
  return damagedRecords(files).map(({ path, reason }) => ({
    level: 'warning',
    subject: path,
    // The subject says which file.
    text: `nothing is known of what it said: ${reason.replace(`${path}: `, '')}`,
    remedy: DAMAGE_REMEDY,
  }));
}

function reportFindings({ files }: Patient): Finding[] {
  const reporting = PROGRAMS.filter(({ report }) => report !== 'never').map(({ name }): string => name);
  return [...reporting, ...interfacePrograms(files)].flatMap((program): Finding[] => {
    const report = latestReport(files, program)?.report;
    if (report === undefined) return [];
    const refused = report.problems.map(
      (problem): Finding => ({
        level: problem.isWarning === true ? 'warning' : 'problem',
        subject: `${program}, ${report.source}`,
        text: describeProblem(problem),
        remedy: 'have the host correct it; gandi-guest inspect shows what it gave',
      }),
    );
    const failed = report.steps.flatMap(({ name, notes, parts }) =>
      // The parts are disks, whose records are findings of their own.
      (parts === undefined ? notes : [])
        .filter(({ level }) => level !== 'info')
        .map(
          ({ level, text }): Finding => ({
            level: level === 'problem' ? 'problem' : 'warning',
            subject: `${program}, step ${name}`,
            text,
            remedy: `see journalctl -b -u ${program}`,
          }),
        ),
    );
    return [...refused, ...failed];
  });
}

/** What differs from what was asked now, whatever the programs reported. */
function differences({ rows }: Patient): Finding[] {
  return rows.flatMap(({ what, verdict, line }): Finding[] => {
    if (line === undefined) return [];
    const level = verdict === 'differs' ? 'problem' : 'warning';
    const remedy =
      verdict === 'differs'
        ? 'gandi-guest verify shows all that was asked beside what is; undo the change, or let the host ask for it'
        : 'look again in a while: gandi-guest verify';
    return [{ level, subject: what, text: line, remedy }];
  });
}

/** A step's problem, and a disk's, say the same in more words. */
function withoutKnown(found: readonly Finding[], known: readonly Finding[]): Finding[] {
  return found.filter(
    ({ subject, text }) => !known.some((each) => each.subject === subject || each.text === text),
  );
}

/** Everything that is wrong with a guest's configuration, problems first. */
export function diagnose(patient: Patient): Finding[] {
  const findings = [
    settingsFindings,
    unitFindings,
    ruleFindings,
    diskFindings,
    networkFindings,
    sshFindings,
    identityFindings,
    damageFindings,
    reportFindings,
  ].flatMap((look) => look(patient));
  findings.push(...withoutKnown(differences(patient), findings));
  const weight = ({ level }: Finding) => (level === 'problem' ? 0 : 1);
  return findings.sort((one, other) => weight(one) - weight(other));
}
