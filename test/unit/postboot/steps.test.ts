import { describe, expect, it } from 'vitest';
import { POST_BOOT_STEPS } from '../../../src/postboot/steps.ts';
import { type FileEntries, makeContext } from '../context.ts';

const order = { digest: 'd'.repeat(64), script: ['/gandi/script', 'a b'], command: 'echo $HOME' };
const ORDER = '/run/gandi/postboot';
const STARTED = '/var/lib/gandi/postboot.json';

/** Changes of every step, as one list, from a fresh look at the files. */
function changesFor(files: FileEntries, settings = 'CONFIG_POSTBOOT_TIMEOUT=60') {
  return POST_BOOT_STEPS.flatMap((step) => step.plan(makeContext({ files, settings })).changes);
}

const supervised = {
  kind: 'run-supervised',
  timeoutSeconds: 60,
  logFile: '/var/log/gandi-postboot.log',
};
const script = {
  ...supervised,
  argv: ['/gandi/script', 'a b'],
  scope: 'gandi-postboot-script-dddddddd',
  mark: { path: STARTED, content: `{"script":"${order.digest}"}\n` },
  what: '/gandi/script',
};
const command = {
  ...supervised,
  argv: ['/bin/sh', '-c', 'eval "exec < /dev/null; $(cat)"'],
  input: 'echo $HOME',
  scope: 'gandi-postboot-command-dddddddd',
  mark: { path: STARTED, content: `{"script":"${order.digest}","command":"${order.digest}"}\n` },
  what: "the host's command",
  notInShutdown: true,
};
describe('gandi-postboot', () => {
  it('runs the script, then the command', () => {
    const first = changesFor({ [ORDER]: JSON.stringify(order) });
    expect(first[0]).toEqual(script);
    const files = { [ORDER]: JSON.stringify(order), [STARTED]: script.mark.content };
    expect(changesFor(files)).toEqual([command]);
    expect(changesFor({ ...files, [STARTED]: command.mark.content })).toEqual([]);
    const { notInShutdown: _, ...alone } = command;
    const commandAlone = JSON.stringify({ digest: order.digest, command: order.command });
    expect(changesFor({ [ORDER]: commandAlone })).toMatchObject([
      { ...alone, mark: { path: STARTED, content: `{"command":"${order.digest}"}\n` } },
    ]);
    expect(changesFor({ [ORDER]: commandAlone })[0]).not.toHaveProperty('notInShutdown');
  });

  it('takes an order that nobody waits for', () => {
    expect(changesFor({ '/run/gandi/postboot-background': JSON.stringify(order) })).toContainEqual(script);
  });

  it('begins a new log for a new configuration, and goes on with that of a begun one', () => {
    const removal = { kind: 'remove-file', path: '/var/log/gandi-postboot.log' };
    const files = { [ORDER]: JSON.stringify(order), '/var/log/gandi-postboot.log': 'old\n' };
    expect(changesFor(files)).toContainEqual(removal);
    expect(changesFor({ ...files, [STARTED]: script.mark.content })).not.toContainEqual(removal);
  });

  it('stops autofs', () => {
    expect(changesFor({ [ORDER]: '{"digest":"x","stopAutofs":true}' })).toMatchObject([
      { argv: ['systemctl', 'stop', 'autofs.service'] },
    ]);
  });

  it('removes the host’s first-boot script behind all else', () => {
    const files = { [ORDER]: JSON.stringify(order), '/gandi/init': 'pass\n' };
    expect(changesFor(files).at(-1)).toEqual({ kind: 'remove-file', path: '/gandi/init' });
  });

  it.each(['', 'garbage', '[]', '{"script":["x"]}'])('does nothing by an order %j', (text) => {
    expect(changesFor({ [ORDER]: text, '/gandi/init': '' })).toEqual([]);
  });
});
