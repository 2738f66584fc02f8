/**
 * Options that name ports: of ifenslave, bridge-utils-interfaces(5), Open vSwitch and ifupdown2. ifupdown takes a hyphen
 * and an underscore for the same.
 */
const PORT_OPTIONS = ['bond-slaves', 'slaves', 'bridge-ports', 'ovs-ports', 'ovs-bonds'];

/** Options whose value is a command. */
const COMMAND_OPTIONS = ['pre-up', 'up', 'post-up'];

const optionOf = (keyword: string) => keyword.replaceAll('_', '-');

/** Whether an option of a stanza may say what is part of its interface. */
export function namesPorts(keyword: string): boolean {
  const option = optionOf(keyword);
  return PORT_OPTIONS.includes(option) || COMMAND_OPTIONS.includes(option);
}

/** A whole name by a regular expression of the admin's; one that is not understood is taken to fit. */
function fitsWhole(pattern: string, name: string): boolean {
  try {
    return new RegExp(`^(${pattern})$`).test(name);
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

/** Names, `none`, `all`, and expressions behind `regex` (bridge-utils-interfaces(5)); ifupdown2 has `glob` for that. */
function isListed(words: readonly string[], name: string): boolean {
  let isExpression = false;
  for (const word of words) {
    if (word === 'regex' || word === 'noregex') isExpression = word === 'regex';
    else if (isExpression ? fitsWhole(word, name) : word === name || word === 'all') return true;
  }
  return false;
}

/** Commands that make an interface part of another one, up to its name: ip-link(8), brctl(8), ifenslave(8). */
const COMMANDS = [
  /\bip\s+(-\S+\s+)*l(ink|in|i)?\s+set\s+(dev\s+)?(?<port>\S+)\s+.*\bmaster\b/,
  /\bip\s+(-\S+\s+)*l(ink|in|i)?\s+set\s+master\s+\S+\s+(dev\s+)?(?<port>\S+)/,
  /\bbrctl\s+addif\s+\S+\s+(?<port>.+)/,
  /\bifenslave\s+(-\S+\s+)*\S+\s+(?<port>.+)/,
];

/**
 * Whether a line makes an interface part of the one that its stanza is for.
 * @param words of the line, its option first
 */
export function isPort([keyword = '', ...words]: readonly string[], name: string): boolean {
  if (PORT_OPTIONS.includes(optionOf(keyword))) return isListed(words, name);
  const command = words.join(' ');
  return COMMANDS.some((pattern) =>
    pattern
      .exec(command)
      ?.groups?.port?.split(/[\s;&|]+/)
      .includes(name),
  );
}
