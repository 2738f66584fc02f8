import { expect, it } from 'vitest';
import { scripts } from '../../../src/postboot/scripts.ts';
import { markedAs, scriptMark } from '../../../src/state/source-scripts.ts';
import { type FileEntries, makeContext } from '../context.ts';

const DIGEST = '0123456789abcdef';
const ONE = { name: 'user-data', argv: ['/bin/sh', '/var/lib/gandi/scripts/user-data'], digest: DIGEST };
const TWO = {
  name: 'firstboot',
  argv: ['/bin/sh', '/x'],
  digest: 'e'.repeat(64),
  untilSuccess: true,
  timeoutSeconds: 9,
};

const plan = (files: FileEntries = {}) =>
  scripts.plan(
    makeContext({
      settings: 'CONFIG_POSTBOOT_TIMEOUT=60',
      files: { '/run/gandi/postboot': JSON.stringify({ digest: 'd', scripts: [ONE, TWO] }), ...files },
    }),
  );

it('each script is a part of its own, so that one that fails costs no other', () => {
  const common = {
    kind: 'run-supervised',
    logFile: '/var/log/gandi-postboot.log',
  };
  expect(plan()).toEqual({
    changes: [],
    separate: [
      {
        name: 'scripts: user-data',
        changes: [
          {
            ...common,
            argv: ONE.argv,
            scope: 'gandi-postboot-user-data-01234567',
            timeoutSeconds: 60,
            mark: { path: '/var/lib/gandi/scripts/user-data.run', content: `${DIGEST}\n` },
            what: 'the script user-data',
          },
        ],
      },
      {
        name: 'scripts: firstboot',
        changes: [
          {
            ...common,
            argv: TWO.argv,
            scope: 'gandi-postboot-firstboot-eeeeeeee',
            timeoutSeconds: 9,
            mark: {
              path: '/var/lib/gandi/scripts/firstboot.run',
              content: `${TWO.digest}\n`,
              onSuccess: true,
            },
            what: 'the script firstboot',
            // The one before it may have asked for a reboot.
            notInShutdown: true,
          },
        ],
      },
    ],
  });
});

it('one that has run since is left out', () => {
  const { separate } = plan({ [scriptMark('user-data')]: markedAs(DIGEST) });
  expect(separate?.map(({ name }) => name)).toEqual(['scripts: firstboot']);
});

it.each([
  ['behind the host’s script', { script: ['/gandi/script'] }],
  ['behind the host’s command', { command: 'true' }],
  ['behind packages', { late: { packages: { names: ['git'] } } }],
])('a shutdown is asked for before the first one, too, %s', (_, before) => {
  const order = JSON.stringify({ digest: 'd', scripts: [ONE], ...before });
  const marks = JSON.stringify({ script: 'd', command: 'd' });
  const files = { '/run/gandi/postboot': order, '/var/lib/gandi/postboot.json': marks };
  expect(plan(files).separate?.[0]?.changes[0]).toMatchObject({ notInShutdown: true });
});

it('one that is started behind another which ran is not the first', () => {
  const { separate } = plan({ [scriptMark('user-data')]: markedAs(DIGEST) });
  expect(separate?.[0]?.changes[0]).toMatchObject({ notInShutdown: true });
});

it.each([
  ['without an order', {}],
  ['with one that has no scripts', { '/run/gandi/postboot': '{"digest":"d"}' }],
])('nothing is run %s', (_, files) => {
  expect(scripts.plan(makeContext({ files }))).toEqual({ changes: [], separate: [] });
});
