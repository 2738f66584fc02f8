import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { shellWord } from '../../../../../src/metadata/user-data/cloud-config/commands.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';
import { saidBy, textsOf } from '../said.ts';

test.each([
  ['[echo a, [echo, b c]]', `echo a\n'echo' 'b c'\n`],
  ['[[chmod, 0644, /f]]', `'chmod' '0644' '/f'\n`],
  [`[[echo, "it's"]]`, `'echo' 'it'\\''s'\n`],
  ['[a, null, b]', 'a\nb\n'],
  ['["a: b"]', 'a: b\n'],
  ['["42"]', '42\n'],
  ['[[sleep, 1]]', `'sleep' '1'\n`],
])('runcmd: %s', async (list, text) => {
  const { config, lines } = await saidBy(`runcmd: ${list}`);
  expect(lines).toEqual([]);
  expect(textsOf(config).runcmd).toBe(`#!/bin/sh\n${text}`);
  expect(config.scripts).toMatchObject([{ when: 'post-boot', repeat: 'once' }]);
});

test('bootcmd runs early at each boot', async () => {
  const { config } = await saidBy('bootcmd: [a]');
  expect(config.scripts).toMatchObject([{ name: 'bootcmd', when: 'early', repeat: 'each-boot' }]);
});

test.each([
  ['- echo "a: b"', '[1]: a map, for there is ": " in it or ":" at its end'],
  ['- 42', '[1]: "42", a number to YAML'],
  ['- 22:30', '[1]: "22:30", a number to YAML'],
  ['- yes', '[1]: "yes", a boolean to YAML'],
  ['- 2026-01-01', '[1]: "2026-01-01", a date to YAML'],
  ['- [echo, {a: b}]', '[1][1]: a map'],
  ['- [echo, null]', '[1][1]: nothing'],
])('an item %j costs the whole list', async (item, line) => {
  const { config, lines } = await saidBy(`runcmd:\n- ok\n${item}\n`);
  expect(lines).toEqual([`post-boot: user-data runcmd${line}`]);
  expect(config.scripts).toBeUndefined();
});

test.each(['cloud-init-per once x touch /a', '[cloud-init-per, once, x, touch, /a]'])(
  '%s is told',
  async (item) => {
    const { config, lines } = await saidBy(`bootcmd: [${item}]`);
    expect(lines).toEqual(['post-boot: user-data bootcmd[0]: "cloud-init-per", a program of cloud-init']);
    expect(config.scripts).toHaveLength(1);
  },
);

test.each([
  ['runcmd: echo a', 'a text'],
  ['runcmd: {a: b}', 'a map'],
])('%s is no list', async (yaml, found) => {
  expect((await saidBy(yaml)).lines).toEqual([`post-boot: user-data runcmd: ${found}`]);
});

test.each(['*a', '!a', '!', '@a', '%a'])('a command that begins with %s says where', async (command) => {
  const { config, lines } = await saidBy(`runcmd:\n- ${command} b\n`);
  expect(lines).toHaveLength(1);
  expect(config.scripts).toBeUndefined();
});

it('gives the shell each word as it is', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: 'binary' }).filter((text) => !/[\0\ud800-\udfff]/.test(text)),
        { maxLength: 60 },
      ),
      (words) => {
        const command = `printf '%s\\0' end ${words.map(shellWord).join(' ')}`;
        const printed = execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
        expect(printed).toBe(['end', ...words, ''].join('\0'));
      },
    ),
    { numRuns: Math.min(PROPERTY_RUNS, 12) },
  );
});
