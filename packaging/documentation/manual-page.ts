import type { Command, Help } from 'commander';
import { SETTINGS } from '../../src/machine/settings/setting-definitions.ts';
import { EXIT_MEANINGS } from '../../src/terminal/exit-status.ts';
import type { ExitMeanings } from '../../src/terminal/program.ts';
import { ENVIRONMENT, type ManualText } from './manual-texts.ts';
import type { DocumentedProgram } from './programs.ts';
import {
  entry,
  namedEntry,
  nameSection,
  paragraph,
  type Release,
  renderPage,
  section,
  seeAlso,
  subsection,
  usage,
} from './roff.ts';

/** What `--help` says, as a text of its own: a capital first and a full stop at the end. */
function sentence(text: string): string {
  const whole = /[.!?]$/.test(text) ? text : `${text}.`;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}

function optionEntries(command: Command, help: Help): string {
  return help
    .visibleOptions(command)
    .map((option) => entry(usage(help.optionTerm(option)), sentence(help.optionDescription(option))))
    .join('');
}

/** Commands that do something, with the names of those above them. */
function leaves(command: Command, help: Help, above = ''): { term: string; one: Command }[] {
  return help.visibleCommands(command).flatMap((one) => {
    const own = help.visibleCommands(one).filter((sub) => sub.name() !== 'help');
    if (own.length > 0) return leaves(one, help, `${above}${one.name()} `);
    return above !== '' && one.name() === 'help'
      ? []
      : [{ term: `${above}${help.subcommandTerm(one)}`, one }];
  });
}

function synopsis(name: string, command: Command, help: Help): string {
  const commands = help.visibleCommands(command);
  // commander adds `help` to programs that do nothing without a subcommand.
  const alone = commands.some((one) => one.name() === 'help') ? [] : ['[options]'];
  const lines = [...alone, ...leaves(command, help).map(({ term }) => term)];
  return lines.map((line) => `${usage(`${name} ${line}`)}\n`).join('.br\n');
}

function commandSection(command: Command, help: Help): string {
  const parts = leaves(command, help).map(({ term, one }) => {
    const parameters = help
      .visibleArguments(one)
      .map((argument) => entry(usage(`<${argument.name()}>`), sentence(help.argumentDescription(argument))));
    // Every subcommand has --help; saying it once, in the program's own options, is enough.
    const own = help.visibleOptions(one).filter(({ long }) => long !== '--help');
    const options = own.map((option) =>
      entry(usage(help.optionTerm(option)), sentence(help.optionDescription(option))),
    );
    const text = paragraph(sentence(help.subcommandDescription(one)));
    return `${subsection(term)}${text}${parameters.join('')}${options.join('')}`;
  });
  return parts.length === 0 ? '' : `${section('commands')}${parts.join('')}`;
}

/** Which setting a step asks, and for what. */
function switchText({ setting }: DocumentedProgram['steps'][number]): string[] {
  const definition = SETTINGS.find(({ name }) => name === setting);
  if (definition === undefined) return [];
  return [definition.default === '0' ? `Off unless \`${setting}=1\`.` : `Turned off by \`${setting}=0\`.`];
}

function stepSection(steps: DocumentedProgram['steps']): string {
  if (steps.length === 0) return '';
  const entries = steps.map((step) => namedEntry(step.name, sentence(step.summary), ...switchText(step)));
  return `${section('steps')}${paragraph('In this order:')}${entries.join('')}`;
}

function exitSection(more: readonly string[], meanings: ExitMeanings = EXIT_MEANINGS): string {
  const entries = meanings.map(([status, meaning]) => namedEntry(String(status), sentence(meaning)));
  return `${section('exit status')}${entries.join('')}${more.map(paragraph).join('')}`;
}

const listSection = (title: string, entries: readonly (readonly [string, string])[]): string =>
  `${section(title)}${entries.map(([name, text]) => namedEntry(name, text)).join('')}`;

/**
 * The page of section 8 of a program, as roff for man(7): its command line and steps from its own code, the rest from
 * `text`.
 */
export function renderProgramPage(
  { name, command, steps, exitMeanings }: DocumentedProgram,
  text: ManualText,
  release: Release,
): string {
  const help = command.createHelp();
  return renderPage(name, 8, release, [
    nameSection(name, command.description()),
    `${section('synopsis')}${synopsis(name, command, help)}`,
    `${section('description')}${text.description.map(paragraph).join('')}`,
    `${section('options')}${optionEntries(command, help)}`,
    commandSection(command, help),
    stepSection(steps),
    exitSection(text.exit ?? [], exitMeanings),
    listSection('environment', [...(text.environment ?? []), ...ENVIRONMENT]),
    listSection('files', text.files),
    seeAlso(text.seeAlso),
  ]);
}
