import { type CompletionCommand, type CompletionOption, HEADER, type Values } from './completion.ts';

/** A word that zsh reads as it is. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Characters that separate the parts of a specification of _arguments and _describe (zshcompsys(1)). */
const escapeSpec = (text: string): string => text.replace(/[\\[\]:]/g, '\\$&');

function action(values: Values): string {
  switch (values.kind) {
    case 'files':
      return '_files';
    case 'directories':
      return '_files -/';
    case 'interfaces':
      return '_net_interfaces';
    case 'unknown':
      return '';
    case 'words':
      return `(${values.words.join(' ')})`;
  }
}

/** Specifications of one option, one for each way to write it; the one excludes the other. */
function optionSpecs({ flags, description, values, repeated }: CompletionOption): string[] {
  const exclusion = repeated ? '*' : flags.length > 1 ? `(${flags.join(' ')})` : '';
  const value = values === undefined ? '' : `:value:${action(values)}`;
  return flags.map((flag) => {
    const joined = values !== undefined && flag.startsWith('--') ? '=' : '';
    return quote(`${exclusion}${flag}${joined}[${escapeSpec(description)}]${value}`);
  });
}

function specs(command: CompletionCommand, indent: string): string {
  const positions = command.arguments.map(({ name, values }) =>
    quote(`:${escapeSpec(name)}:${action(values)}`),
  );
  // Of a command that has commands, these are its first word.
  const below = command.commands.map(({ name }) => name).join(' ');
  const words = below === '' ? [] : [quote(`:command:(${below})`), quote('*:argument:_files')];
  const all = [...command.options.flatMap(optionSpecs), ...positions, ...(indent === '  ' ? [] : words)];
  return all.map((spec) => ` \\\n${indent}${spec}`).join('');
}

function renderCommands({ name, commands }: CompletionCommand): string {
  const described = commands.map(
    (one) => `    ${quote(`${escapeSpec(one.name)}:${escapeSpec(one.description)}`)}`,
  );
  const cases = commands.map((one) => `        ${one.name}) _arguments -S${specs(one, '          ')} ;;`);
  return `case $state in
  command)
    local -a commands=(
${described.join('\n')}
    )
    _describe 'command of ${name}' commands
    ;;
  arguments)
    case $words[1] in
${cases.join('\n')}
    esac
    ;;
esac
`;
}

/** A completion for zsh, to be found by compinit in a directory of $fpath. */
export function renderZsh(program: CompletionCommand): string {
  const head = `#compdef ${program.name}\n${HEADER}\n`;
  if (program.commands.length === 0) return `${head}_arguments -S${specs(program, '  ')}\n`;
  return `${head}local context state state_descr line
typeset -A opt_args

_arguments -S -C${specs(program, '  ')} \\
  ': :->command' \\
  '*:: :->arguments'

${renderCommands(program)}`;
}
