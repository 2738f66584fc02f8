import { describeYaml, type Findings } from '../../fields/map-reader.ts';
import { plainKind } from '../../fields/plain-kind.ts';
import { quote } from '../../fields/problem.ts';
import { isNull, isYamlList, isYamlMap, isYamlScalar, type YamlValue } from '../../fields/yaml/yaml-text.ts';
import type { ScriptConfig } from '../../guest-config.ts';
import type { CloudConfig, Item } from './cloud-config.ts';

const EXPECTED = 'a list of commands, each a text or a list of its words';
/** Bytes of the script that is made. */
const SCRIPT_BYTES_LIMIT = 1024 * 1024;

/** Hosts have cloud-init turned off for later boots: where it is not installed there is no such directory. */
const OF_CLOUD_INIT = /^\s*(?:echo [^\n;&|<>]*>|touch)\s*\/etc\/cloud\/cloud-init\.disabled\s*$/;

/**
 * `bootcmd`, early at each boot, and `runcmd`, once when the guest has booted: each list becomes one script of sh(1), in
 * which a command that fails does not end it (cloud-init, util.shellify). An item that is neither text nor list costs the
 * whole list: nobody knows which commands need the one before.
 */
export function readCommands(config: CloudConfig): ScriptConfig[] {
  return [
    ...scriptOf(config, 'bootcmd', { when: 'early', repeat: 'each-boot' }),
    ...scriptOf(config, 'runcmd', { when: 'post-boot', repeat: 'once' }),
  ];
}

function scriptOf(
  config: CloudConfig,
  name: string,
  times: Pick<ScriptConfig, 'when' | 'repeat'>,
): ScriptConfig[] {
  const items = config.list(name, 'post-boot', EXPECTED) ?? [];
  const lines = items.map(lineOf);
  if (items.some(({ findings }) => findings.refusing.length > 0)) return [];
  const commands = lines.filter((line) => line !== undefined);
  const text = ['#!/bin/sh', ...commands, ''].join('\n');
  if (commands.length === 0) return [];
  const findings = config.findings(name, 'post-boot');
  if (text.length > SCRIPT_BYTES_LIMIT) {
    findings.refuse(name, `${text.length} characters`, `at most ${SCRIPT_BYTES_LIMIT}`);
    return [];
  }
  const when = name === 'bootcmd' ? 'early, at each boot' : 'once, when the guest has booted';
  findings.origin(name, `${commands.length} commands, ${when}`, name);
  return [{ name, content: Buffer.from(text).toString('base64'), ...times }];
}

/** A command as a line of a script; undefined where there is none, or it is refused. */
export function lineOf({ value, path, findings }: Item): string | undefined {
  if (isYamlList(value)) return wordsOf(value, path, findings);
  if (isYamlMap(value)) {
    findings.refuse(path, 'a map, for there is ": " in it or ":" at its end', 'the command in quotes');
    return undefined;
  }
  if (isNull(value)) return undefined;
  if (value.tag !== undefined) {
    findings.refuse(path, '"!" in front, a tag to YAML', 'the command in quotes');
    return undefined;
  }
  if (plainKind(value) !== 'text') {
    findings.refuse(path, `${quote(value.text)}, a ${plainKind(value)} to YAML`, 'the command in quotes');
    return undefined;
  }
  tellOwnProgram(value.text, path, findings);
  if (isUnfit(value.text)) findings.refuse(path, 'text with a zero character', 'a command');
  return OF_CLOUD_INIT.test(value.text) ? `if [ -d /etc/cloud ]; then ${value.text.trim()}; fi` : value.text;
}

/** Files for `bootcmd` have it run something once; it fails where cloud-init is not installed. */
function tellOwnProgram(text: string, path: string, findings: Findings): void {
  if (/^\s*cloud-init-per(?:\s|$)/.test(text))
    findings.passOver(
      path,
      '"cloud-init-per", a program of cloud-init',
      'the command alone, in "runcmd" if it is to run once',
    );
}

/** Words stay as they are written, each in single quotes: `0644` is no number here. */
function wordsOf(words: readonly YamlValue[], path: string, findings: Findings): string | undefined {
  if (words.length === 0) return undefined;
  const quoted = words.map((word, index) => {
    if (isYamlScalar(word) && !isNull(word) && !isUnfit(word.text)) return shellWord(word.text);
    const found = isYamlScalar(word) ? 'nothing' : describeYaml(word);
    findings.refuse(`${path}[${index}]`, found, 'a word of the command, in quotes');
    return '';
  });
  tellOwnProgram(quoted[0]?.replaceAll("'", '') ?? '', path, findings);
  return quoted.join(' ');
}

const isUnfit = (text: string) => text.includes('\0');

/** A word that sh(1) takes as it is, whatever is in it. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
