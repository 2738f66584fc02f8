import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stampOf } from '../../../../src/bootstrap/operator/order.ts';
import { runOperator } from '../../../../src/bootstrap/operator/run.ts';
import { takeOperatorScript } from '../../../../src/bootstrap/operator/take.ts';
import type { Commands } from '../../../../src/machine/commands/commands.ts';
import type { Files } from '../../../../src/machine/files/files.ts';
import { OPERATOR_ORDER, OPERATOR_SCRIPT, OPERATOR_STAMP } from '../../../../src/machine/files/paths.ts';
import { captureOutput } from '../../captured-output.ts';
import { makeContext } from '../../context.ts';
import { cutPower, intercept, leaveHalfAFile, recordChanges } from '../../fault-injection.ts';
import { simulatedSystem } from '../../simulated-system.ts';
import { temporaryRoot } from '../../temporary-root.ts';

captureOutput();

const ORDER = { after: 'poweroff', instance: 'i-1', digest: 'd1', secrets: [] };
const START = 'systemctl --no-block start gandi-operator.service';

/** A guest whose power can be cut: what is in /run is gone then. */
class CutGuest {
  readonly files: Files = temporaryRoot({
    '/etc/default/gandi': 'CONFIG_REPORT=none\n',
    '/proc/sys/kernel/random/boot_id': 'one\n',
    '/root/.keep': '',
  });
  asked: string[] = [];
  readonly #ran = join(this.files.root, 'root/ran');
  readonly #commands: Commands = {
    run: (argv) => {
      const line = argv.join(' ');
      this.asked.push(line);
      if (line === 'systemctl --no-block poweroff') process.emit('SIGTERM');
      const exitCode = line.startsWith('systemctl is-active') ? 3 : 0;
      return Promise.resolve({ argv, exitCode, stdout: '', stderr: '' });
    },
  };
  readonly #machine = { files: this.files, commands: this.#commands, live: true, intercept };
  readonly #system = simulatedSystem({
    open: () => this.#machine,
    commands: this.#commands,
    intercept,
  });

  lose(): void {
    rmSync(join(this.files.root, 'run'), { recursive: true, force: true });
    this.asked = [];
  }

  /** What gandi-bootstrap leaves, where the script is due. */
  prepareStage(): void {
    if (this.files.readText(OPERATOR_STAMP) === stampOf(ORDER)) return;
    const argv = ['/bin/sh', '-c', `echo ran >> ${this.#ran}`];
    mkdirSync(join(this.files.root, dirname(OPERATOR_ORDER)), { recursive: true });
    writeFileSync(join(this.files.root, OPERATOR_SCRIPT), 'it');
    writeFileSync(join(this.files.root, OPERATOR_ORDER), JSON.stringify({ ...ORDER, argv }));
  }

  stage = () => runOperator(this.#system, { graceSeconds: 0.5, shutdownSeconds: 0.2, show: () => undefined });

  /** How often the script has run. */
  runs(): number {
    if (this.files.status('/root/ran') === undefined) return 0;
    return readFileSync(this.#ran, 'utf8').trim().split('\n').length;
  }

  take = () => {
    const { settings, host } = makeContext({});
    const content = Buffer.from('#!/bin/sh\nexit 0\n');
    const withScript = { ...host, operatorScript: { content, field: 'operator-script' } };
    return takeOperatorScript({ system: this.#system, machine: this.#machine, settings, host: withScript });
  };
}

describe('an operator stage whose power is cut at any of its changes', () => {
  it('has its script run once, by the next boot if not by this one', async () => {
    const whole = new CutGuest();
    whole.prepareStage();
    const { changes } = await recordChanges(whole.stage);
    expect(whole.runs()).toBe(1);
    expect(changes.length).toBeGreaterThan(4);
    for (let number = 0; number < changes.length; number++) {
      const guest = new CutGuest();
      guest.prepareStage();
      await cutPower(guest.stage, number, (change) => {
        if (change.kind === 'write-file') leaveHalfAFile(guest.files, change.path);
      });
      const isStamped = guest.files.readText(OPERATOR_STAMP) === stampOf(ORDER);
      expect(guest.runs(), `cut at change ${number}`).toBe(isStamped ? 1 : 0);
      guest.lose();
      guest.prepareStage();
      await guest.stage();
      expect(guest.runs(), `cut at change ${number}`).toBe(1);
    }
  });

  it('is asked for by the next boot, where the one that found the script was cut off', async () => {
    const whole = new CutGuest();
    const { changes, result } = await recordChanges(whole.take);
    expect(result).toBe(true);
    for (let number = 0; number < changes.length; number++) {
      const guest = new CutGuest();
      await cutPower(guest.take, number, (change) => {
        if (change.kind === 'write-file') leaveHalfAFile(guest.files, change.path);
      });
      // The unit is started when all is there that it reads.
      expect(guest.asked).not.toContain(START);
      guest.lose();
      expect(await guest.take(), `cut at change ${number}`).toBe(true);
      expect(guest.asked.filter((line) => line === START)).toHaveLength(1);
    }
  });
});
