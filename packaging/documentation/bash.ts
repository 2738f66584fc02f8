import { type CompletionCommand, functionName, HEADER, type Values } from './completion.ts';

/** A word that bash reads as it is. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Sets COMPREPLY to what can stand at a place; a name with blanks stays one. */
function reply(values: Values): string {
  const compgen = (how: string) => `mapfile -t COMPREPLY < <(compgen ${how} -- "$current")`;
  switch (values.kind) {
    case 'files':
      // Outside of a completion, as in a test, there are no options to set.
      return `${compgen('-f')}; compopt -o filenames 2> /dev/null`;
    case 'directories':
      return `${compgen('-d')}; compopt -o filenames 2> /dev/null`;
    case 'interfaces':
      return compgen('-W "$(ls /sys/class/net)"');
    case 'unknown':
      return ':';
    case 'words':
      return compgen(`-W ${quote(values.words.join(' '))}`);
  }
}

interface Level {
  /** The words that choose it, with dots between them: none for the program itself. */
  key: string;
  command: CompletionCommand;
}

/** Program, subcommands and theirs. */
function levels(command: CompletionCommand, key = ''): Level[] {
  const below = command.commands.flatMap((one) => levels(one, key === '' ? one.name : `${key}.${one.name}`));
  return [{ key, command }, ...below];
}

/** Arms of `case "$command:…"`. */
function arms(
  program: CompletionCommand,
  ofLevel: (command: CompletionCommand) => { patterns: string[]; code: string }[],
): string {
  return levels(program)
    .flatMap(({ key, command }) =>
      ofLevel(command).map(({ patterns, code }) => {
        const all = patterns.map((pattern) => `${key}:${pattern}`).join(' | ');
        return `    ${all}) ${code} ;;\n`;
      }),
    )
    .join('');
}

const withValue = ({ options }: CompletionCommand) =>
  options.flatMap(({ flags, values }) => (values === undefined ? [] : [{ flags, values }]));

function argumentArms(program: CompletionCommand): string {
  return arms(program, ({ arguments: own, commands }) => {
    const places: Values[] =
      commands.length > 0
        ? [{ kind: 'words', words: commands.map(({ name }) => name) }]
        : own.map(({ values }) => values);
    return places.map((values, index) => ({ patterns: [String(index)], code: reply(values) }));
  });
}

/** A completion for bash 4.2 or later; it needs nothing of the package bash-completion. */
export function renderBash(program: CompletionCommand): string {
  const name = functionName(program.name);
  const skip = arms(program, (command) =>
    withValue(command).map(({ flags }) => ({
      patterns: flags,
      code: `[[ \${COMP_WORDS[index + 1]} == = ]] && index=$((index + 1)); index=$((index + 1))`,
    })),
  );
  // The subcommand's own arms come first; its key is that of the level, and its name.
  const choose = levels(program)
    .filter(({ command }) => command.commands.length > 0)
    .map(({ key, command }) => {
      const patterns = command.commands.map((one) => `${key}:${one.name}`).join(' | ');
      return `    ${patterns}) command=\${command:+$command.}$word ;;
`;
    })
    .join('');
  return `# bash completion for ${program.name}
${HEADER}
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' position=0 index word
  COMPREPLY=()
  # bash takes the = of --option=value for a word of its own.
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "$command:$word" in
${skip}${choose}    *:-*) ;;
    *) position=$((position + 1)) ;;
    esac
  done
  case "$command:$previous" in
${arms(program, (command) => withValue(command).map(({ flags, values }) => ({ patterns: flags, code: `${reply(values)}; return` })))}  esac
  if [[ $current == -* ]]; then
    case "$command:" in
${arms(program, ({ options }) => [{ patterns: [''], code: reply({ kind: 'words', words: options.flatMap(({ flags }) => flags) }) }])}    esac
    return
  fi
  case "$command:$position" in
${argumentArms(program)}  esac
}
complete -F ${name} ${program.name}
`;
}
