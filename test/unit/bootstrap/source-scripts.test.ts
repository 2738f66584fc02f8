import { describe, expect, it } from 'vitest';
import { postBoot } from '../../../src/bootstrap/post-boot.ts';
import { dueScripts } from '../../../src/bootstrap/source-scripts.ts';
import { sha256 } from '../../../src/machine/runtime/digest.ts';
import type { ScriptConfig } from '../../../src/metadata/guest-config.ts';
import { parsePostBootOrder } from '../../../src/state/post-boot-order.ts';
import { markedAs, parseOrderedScript, scriptMark } from '../../../src/state/source-scripts.ts';
import { type FileEntries, makeContext } from '../context.ts';

const SHELL = '#!/bin/sh\ntrue\n';

const script = (content: string, more: Partial<ScriptConfig> = {}): ScriptConfig => ({
  name: 'user-data',
  content: Buffer.from(content, 'latin1').toString('base64'),
  when: 'post-boot',
  repeat: 'once',
  ...more,
});

const context = (scripts: ScriptConfig[], files: FileEntries = {}) =>
  makeContext({ config: { scripts }, files, host: { source: 'nocloud', instanceId: 'iid-1' } });
const due = (scripts: ScriptConfig[], files: FileEntries = {}) => dueScripts(context(scripts, files));
const ran = (content: string, name = 'user-data') => ({ [scriptMark(name)]: markedAs(sha256(content)) });

describe('a script of a source', () => {
  it('is put where root alone reads it, and is started by the interpreter that it names', () => {
    const file = {
      kind: 'write-file',
      path: '/var/lib/gandi/scripts/user-data',
      content: Buffer.from(SHELL),
      mode: 0o700,
      secret: true,
    };
    expect(due([script(SHELL)])).toEqual({
      scripts: [
        {
          name: 'user-data',
          argv: ['/bin/sh', '/var/lib/gandi/scripts/user-data'],
          digest: sha256(SHELL),
        },
      ],
      changes: [{ kind: 'make-directory', path: '/var/lib/gandi/scripts', mode: 0o700 }, file],
      notes: [],
    });
    expect(due([script(SHELL)], { '/var/lib/gandi/scripts/x': '' }).changes).toEqual([file]);
  });

  it.each([
    ['#! /usr/bin/env python3 \n', ['/usr/bin/env', 'python3']],
    ['#!/bin/sh -e -x\n', ['/bin/sh', '-e -x']],
    ['#!/bin/sh', ['/bin/sh']],
    ['#!\t/bin/sh\n', ['/bin/sh']],
  ])('gets what the kernel makes of its first line %j', (content, interpreter) => {
    expect(due([script(content)]).scripts[0]?.argv).toEqual([
      ...interpreter,
      '/var/lib/gandi/scripts/user-data',
    ]);
  });

  it('keeps bytes that are no text', () => {
    const content = `${SHELL}\xff\x00\xfe`;
    const { scripts, changes } = due([script(content)]);
    expect(changes[1]).toMatchObject({ content: Buffer.from(content, 'latin1') });
    expect(scripts[0]?.digest).toBe(sha256(Buffer.from(content, 'latin1')));
  });

  it.each([
    ['#!/bin/sh\r\ntrue\r\n', /CRLF/],
    ['#!/bin/sh\rtrue\r', /CR alone/],
    ['\xef\xbb\xbf#!/bin/sh\n', /byte order mark/],
    ['echo x\n', /does not begin with #!/],
    ['#!\n', /does not begin with #!/],
    ['', /does not begin with #!/],
  ])('is refused with a line: %j', (content, why) => {
    const { scripts, changes, notes } = due([script(content)]);
    expect({ scripts, changes }).toEqual({ scripts: [], changes: [] });
    expect(notes).toEqual([{ level: 'problem', text: expect.stringMatching(/^user-data is not run: /) }]);
    expect(notes[0]?.text).toMatch(why);
  });

  it('costs no other one where it is refused', () => {
    const { scripts, notes } = due([script('x'), script(SHELL, { name: 'firstboot' })]);
    expect(scripts.map(({ name }) => name)).toEqual(['firstboot']);
    expect(notes).toHaveLength(1);
  });

  it('runs once for its content', () => {
    expect(due([script(SHELL)], ran(SHELL)).scripts).toEqual([]);
    expect(due([script(`${SHELL}#\n`)], ran(SHELL)).scripts).toHaveLength(1);
    expect(due([script(SHELL)], ran(SHELL, 'other')).scripts).toHaveLength(1);
  });

  it('runs again until it succeeds where it is meant to, with a time of its own', () => {
    const often = script(SHELL, { repeat: 'until-success', timeoutSeconds: 60 });
    expect(due([often]).scripts).toMatchObject([{ untilSuccess: true, timeoutSeconds: 60 }]);
    expect(due([often], ran(SHELL)).scripts).toEqual([]);
  });
});

describe('a script that runs at each boot', () => {
  const often = script(SHELL, { repeat: 'each-boot' });
  const stored = { '/var/lib/gandi/scripts/user-data': { text: SHELL, mode: 0o700 } };

  it('is ordered at each, and written once', () => {
    expect(due([often]).scripts).toMatchObject([{ eachBoot: true }]);
    expect(due([often], { ...ran(SHELL), ...stored })).toMatchObject({
      scripts: [{ eachBoot: true }],
      changes: [],
    });
  });

  it('does not run twice in a boot', () => {
    const inThisBoot = { [scriptMark('user-data', true)]: markedAs(sha256(SHELL)) };
    expect(scriptMark('user-data', true)).toBe('/run/gandi/script-user-data.run');
    expect(due([often], inThisBoot).scripts).toEqual([]);
  });

  it('is read back from the order as it was written', () => {
    const [ordered] = due([often]).scripts;
    expect(parseOrderedScript(JSON.parse(JSON.stringify(ordered)))).toEqual(ordered);
  });
});

it('leaves to gandi-bootstrap what runs early', () => {
  expect(due([script(SHELL, { when: 'early' })])).toEqual({ scripts: [], changes: [], notes: [] });
});

describe('the order for gandi-postboot', () => {
  const orderIn = (scripts: ScriptConfig[], files: FileEntries = {}) => {
    const { changes, notes } = postBoot.plan(context(scripts, { '/run/gandi/x': '', ...files }));
    const written = changes.find(
      (one) => one.kind === 'write-file' && one.path.startsWith('/run/gandi/postboot'),
    );
    const order = written?.kind === 'write-file' ? parsePostBootOrder(String(written.content)) : undefined;
    return { paths: changes.flatMap((one) => ('path' in one ? one.path : [])), order, notes };
  };

  it('has the scripts, which wait for the network', () => {
    const { paths, order } = orderIn([script(SHELL)]);
    expect(order?.scripts).toMatchObject([{ name: 'user-data', digest: sha256(SHELL) }]);
    expect(paths).toContain('/run/gandi/postboot-network');
    // A script is there before anybody is told to run it.
    expect(paths.indexOf('/var/lib/gandi/scripts/user-data')).toBeLessThan(
      paths.findIndex((path) => path.startsWith('/run/gandi/postboot')),
    );
  });

  it('is not made for scripts that have run, and a refused one is told', () => {
    expect(orderIn([script(SHELL)], ran(SHELL)).order).toBeUndefined();
    const { order, notes } = orderIn([script('#!/bin/sh\r\n')]);
    expect(order).toBeUndefined();
    expect(notes).toMatchObject([{ level: 'problem' }]);
  });
});
