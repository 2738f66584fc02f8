import { type CompletionCommand, type CompletionOption, HEADER, type Values } from './completion.ts';

/** A word that fish reads as it is. */
const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** Options of complete(1) for what can stand at a place. */
function places(values: Values): string {
  switch (values.kind) {
    case 'files':
      return '-F';
    case 'directories':
      return "-x -a '(__fish_complete_directories)'";
    case 'interfaces':
      return "-x -a '(ls /sys/class/net)'";
    case 'unknown':
      return '-x';
    case 'words':
      return `-x -a ${quote(values.words.join(' '))}`;
  }
}

function optionLine(start: string, { flags, description, values }: CompletionOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = values === undefined ? '' : ` ${values.kind === 'files' ? '-r -F' : places(values)}`;
  return `${start} ${names.join(' ')} -d ${quote(description)}${value}\n`;
}

/** A completion for fish 3. */
export function renderFish(program: CompletionCommand): string {
  const { name, commands } = program;
  const names = commands.map((command) => command.name).join(' ');
  // Files are offered only where one is meant.
  const head = `# fish completion for ${name}\n${HEADER}\ncomplete -c ${name} -f\n`;
  if (commands.length === 0)
    return head + program.options.map((option) => optionLine(`complete -c ${name}`, option)).join('');
  const before = `complete -c ${name} -n 'not __fish_seen_subcommand_from ${names}'`;
  const choices = commands.map(
    (command) => `${before} -a ${command.name} -d ${quote(command.description)}\n`,
  );
  const inside = commands.map((command) => {
    const start = `complete -c ${name} -n '__fish_seen_subcommand_from ${command.name}'`;
    const values = command.arguments.map((argument) => `${start} ${places(argument.values)}\n`);
    const below = command.commands.map((one) => `${start} -a ${one.name} -d ${quote(one.description)}\n`);
    const options = [command, ...command.commands].flatMap((one) => one.options);
    const once = new Map(options.map((option) => [option.flags.join(), option]));
    return [...below, ...[...once.values()].map((option) => optionLine(start, option)), ...values].join('');
  });
  return [head, ...program.options.map((option) => optionLine(before, option)), ...choices, ...inside].join(
    '',
  );
}
