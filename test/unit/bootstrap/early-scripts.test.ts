import { describe, expect, it } from 'vitest';
import { planEarlyScripts } from '../../../src/bootstrap/early-scripts.ts';
import { BOOTSTRAP_STEPS } from '../../../src/bootstrap/steps.ts';
import { sha256 } from '../../../src/machine/runtime/digest.ts';
import type { ScriptConfig } from '../../../src/metadata/guest-config.ts';
import { markedAs, scriptMark } from '../../../src/state/source-scripts.ts';
import { type FileEntries, makeContext } from '../context.ts';

const SHELL = '#!/bin/sh\ntrue\n';
const DIGEST = sha256(SHELL);

const script = (more: Partial<ScriptConfig> = {}): ScriptConfig => ({
  name: 'bootcmd',
  content: Buffer.from(SHELL).toString('base64'),
  when: 'early',
  repeat: 'each-boot',
  ...more,
});
const context = (scripts: ScriptConfig[], files: FileEntries = {}) =>
  makeContext({ config: { scripts }, files, host: { instanceId: 'iid-1' } });
const plan = (scripts: ScriptConfig[], files?: FileEntries) => planEarlyScripts(context(scripts, files));

describe('an early script', () => {
  it('runs under a deadline, in a group of its own, and is marked for this boot', () => {
    expect(plan([script()])).toEqual({
      changes: [
        { kind: 'make-directory', path: '/var/lib/gandi/scripts', mode: 0o700 },
        {
          kind: 'write-file',
          path: '/var/lib/gandi/scripts/bootcmd',
          content: Buffer.from(SHELL),
          mode: 0o700,
          secret: true,
        },
      ],
      notes: [],
      separate: [
        {
          name: 'early-scripts: bootcmd',
          changes: [
            {
              kind: 'run-supervised',
              argv: ['/bin/sh', '/var/lib/gandi/scripts/bootcmd'],
              scope: `gandi-early-bootcmd-${DIGEST.slice(0, 8)}`,
              early: true,
              timeoutSeconds: 120,
              environment: { INSTANCE_ID: 'iid-1' },
              logFile: '/run/gandi/early-scripts.log',
              mark: { path: '/run/gandi/script-bootcmd.run', content: `${DIGEST}\n` },
              what: 'the early script bootcmd',
            },
          ],
        },
      ],
    });
  });

  it('does not run twice in a boot, nor where it is for once', () => {
    expect(plan([script()], { [scriptMark('bootcmd', true)]: markedAs(DIGEST) }).separate).toEqual([]);
    const once = script({ repeat: 'once' });
    expect(plan([once]).separate).toMatchObject([{ changes: [{ mark: { path: scriptMark('bootcmd') } }] }]);
    expect(plan([once], { [scriptMark('bootcmd')]: markedAs(DIGEST) }).separate).toEqual([]);
  });

  it('leaves the boot its time, however many there are', () => {
    const secondsOf = (count: number, timeoutSeconds?: number) =>
      plan(
        Array.from({ length: count }, (_, index) =>
          script({ name: `s${index}`, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) }),
        ),
      ).separate?.map(({ changes }) => changes[0]?.kind === 'run-supervised' && changes[0].timeoutSeconds);
    expect(secondsOf(1, 5000)).toEqual([300]);
    expect(secondsOf(1, 7)).toEqual([7]);
    expect(secondsOf(10)).toEqual(Array(10).fill(30));
  });

  it('is none of an unpacked image', () => {
    const image = { ...context([script()]), facts: { ...makeContext().facts, live: false } };
    expect(planEarlyScripts(image)).toEqual({ changes: [] });
  });

  it('is loaded where there is one, comes before files, and those behind the boot are not its business', () => {
    const step = BOOTSTRAP_STEPS.find(({ name }) => name === 'early-scripts');
    const names = BOOTSTRAP_STEPS.map(({ name }) => name);
    expect(names.indexOf('early-scripts')).toBeLessThan(names.indexOf('files'));
    expect(step?.load?.(context([script({ when: 'post-boot' })]))).toBeUndefined();
    expect(step?.load?.(context([script()]))).toBeInstanceOf(Promise);
    expect(plan([script({ when: 'post-boot' })]).separate).toEqual([]);
  });
});
