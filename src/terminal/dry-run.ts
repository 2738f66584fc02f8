import { createTwoFilesPatch } from 'diff';
import type { Change } from '../machine/changes/change.ts';
import { describeChange } from '../machine/changes/change-kinds.ts';
import type { FileView } from '../machine/files/files.ts';
import { encodeText } from '../machine/formats/text/text-bytes.ts';
import { colours } from './colours.ts';

const MASKED = '(content not shown: secret)';

function colourDiffLine(line: string): string {
  if (line.startsWith('+')) return colours.green(line);
  if (line.startsWith('-')) return colours.red(line);
  if (line.startsWith('@@')) return colours.cyan(line);
  return line;
}

/** Lines of a program are nobody's to read. */
const byteCounts = (content: string, old: string | undefined): string =>
  `${encodeText(content).length} bytes${old === undefined ? '' : ` in place of ${encodeText(old).length}`}, not text`;

function fileDiff(change: Extract<Change, { kind: 'write-file' }>, files: FileView): string[] {
  if (change.secret === true) return [MASKED];
  if (typeof change.content !== 'string') return [`${change.content.length} bytes`];
  const read = (): string | undefined =>
    change.linksRefusedBelow === undefined
      ? files.readText(change.path)
      : files.readTextWithoutLinks(change.linksRefusedBelow, change.path);
  const old = read();
  if (change.content.includes('\0') || old?.includes('\0') === true) return [byteCounts(change.content, old)];
  const oldName = old === undefined ? '/dev/null' : change.path;
  const patch = createTwoFilesPatch(oldName, change.path, old ?? '', change.content, '', '', { context: 3 });
  // What the library puts before is its own title and ruler.
  return patch.slice(patch.indexOf('--- ')).trimEnd().split('\n').map(colourDiffLine);
}

/**
 * A change that was planned and not made, for people: its description, the difference for a file, the input for a
 * command. Secrets are masked.
 * @param outcome `skipped`: it needs a running system and there is none
 */
export function renderPlanned(change: Change, outcome: 'planned' | 'skipped', files: FileView): string {
  const mark =
    outcome === 'skipped' ? colours.yellow('skipped (needs the running system)') : colours.bold('would');
  const lines = [`  ${mark} ${describeChange(change)}`];
  if (change.kind === 'write-file') lines.push(...fileDiff(change, files).map((line) => `    ${line}`));
  if (change.kind === 'run-command' && change.input !== undefined) {
    const input = change.secretInput === true ? MASKED : JSON.stringify(change.input);
    lines.push(`    standard input: ${input}`);
  }
  return `${lines.join('\n')}\n`;
}
