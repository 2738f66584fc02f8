import { cleanJson, cleanJsonLine } from '../../machine/runtime/clean-text.ts';
import { type Effects, realEffects, shownEffects } from '../libvirt/apply.ts';
import { Virsh } from '../libvirt/virsh.ts';
import type { HostSystem } from './host-system.ts';
import { PROGRAM } from './program-name.ts';
import { type HostSettings, readSettings } from './settings.ts';

/** Options that all commands have. */
export interface CommonOptions {
  /** URI of libvirt. */
  connect?: string;
  dryRun?: boolean;
  json?: boolean;
  /** False with --no-progress. */
  progress?: boolean;
  yes?: boolean;
  /** File of settings. */
  config?: string;
}

/** What a command of gandi-host works with. */
export interface HostContext {
  system: HostSystem;
  options: CommonOptions;
  settings: HostSettings;
  virsh: Virsh;
  /** The one place of effects; of a dry run, where that was asked for. */
  effects: Effects;
  /** One document for programs. */
  printJson(value: unknown): void;
  /** What was done, for people or, as a line of JSON, for programs; nothing in a dry run, which does nothing. */
  tell(text: string, value: Readonly<Record<string, unknown>>): void;
  /** One line for an admin on standard error. */
  warn(text: string): void;
}

/** Where libvirt's own choice depends on who asks, ours does not: guests of a host are the system's. */
const DEFAULT_URI = 'qemu:///system';

/**
 * @param options of the command line
 * @throws Error in one line if a file of settings is not there
 */
export function openHost(system: HostSystem, options: CommonOptions): HostContext {
  const { connect, config } = options;
  const { environment, output, files } = system;
  const given = connect === undefined ? {} : { connect };
  const settings = readSettings(files, environment, given, config, system.uid);
  const warn = (text: string) => output.printError(`${PROGRAM}: warning: ${text}\n`);
  for (const warning of settings.warnings) warn(warning);
  const uri = settings.values.connect.value || environment.LIBVIRT_DEFAULT_URI || DEFAULT_URI;
  const virsh = new Virsh(system.commands, uri);
  const show = (text: string) => output.print(text);
  const showJson = (value: unknown) => output.print(`${cleanJsonLine(value)}\n`);
  const effects = options.dryRun
    ? shownEffects(virsh, show, options.json ? showJson : undefined)
    : realEffects(virsh);
  const printJson = (value: unknown) => output.print(cleanJson(value));
  const tell = (text: string, value: Readonly<Record<string, unknown>>) => {
    if (options.dryRun) return;
    if (options.json) showJson(value);
    else output.print(`${text}\n`);
  };
  return { tell, system, options, settings, virsh, effects, printJson, warn };
}
