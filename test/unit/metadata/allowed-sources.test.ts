import { expect, it } from 'vitest';
import { allowedSources } from '../../../src/metadata/allowed-sources.ts';
import { SOURCES } from '../../../src/metadata/sources.ts';
import { makeFiles } from '../context.ts';

const ALL = SOURCES.map(({ name }) => name);

/** Names that count, whether they were asked for, and what is told. */
function allowed(setting: string, commandLine?: string) {
  const files =
    commandLine === undefined ? undefined : makeFiles({ '/proc/cmdline': `root=/dev/vda ${commandLine}\n` });
  const { allowed: sources, isAsked, problems } = allowedSources(setting.split(' '), files);
  return { names: sources.map(({ name }) => name), isAsked, problems };
}

it.each([
  ['all', undefined, ALL, false],
  ['all', '', ALL, false],
  ['none', '', [], true],
  ['nocloud', '', ['nocloud'], true],
  // Whatever the order, sources are asked in their own.
  ['cpio gandi', '', ['gandi', 'cpio'], true],
  ['all', 'gandi.source=nocloud', ['nocloud'], true],
  ['all', 'gandi.source=CPIO,nocloud quiet', ['nocloud', 'cpio'], true],
  ['all', 'gandi.source=gandi gandi.source=cpio', ['cpio'], true],
  ['all', 'gandi.source=none', [], true],
  ['all', 'gandi.source=all', ALL, false],
  ['all', 'gandi.source="cpio,nocloud"', ['nocloud', 'cpio'], true],
  ['all', '"gandi.source=cpio" quiet', ['cpio'], true],
  ['all', 'xgandi.source=cpio', ALL, false],
  // The setting is the admin's, the command line may be the host's.
  ['gandi', 'gandi.source=cpio', ['gandi'], true],
  ['none', 'gandi.source=cpio', [], true],
])('CONFIG_SOURCES=%j and %j on the kernel command line', (setting, commandLine, names, isAsked) => {
  expect(allowed(setting, commandLine)).toEqual({ names, isAsked, problems: [] });
});

it.each([
  ['nocloud oracle', '', 'CONFIG_SOURCES', ['nocloud']],
  ['all', 'gandi.source=oracle', 'gandi.source on the kernel command line', []],
])('tells of a name that no source has: %j and %j', (setting, commandLine, path, names) => {
  const { problems, ...rest } = allowed(setting, commandLine);
  expect(rest).toEqual({ names, isAsked: true });
  expect(problems).toEqual([
    {
      group: 'source',
      path,
      found: 'no source of the name oracle',
      expected: `some of ${ALL.join(', ')}`,
    },
  ]);
});
