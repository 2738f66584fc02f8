import { quote } from '../../fields/problem.ts';
import { isYamlScalar } from '../../fields/yaml-text.ts';
import type { GuestConfig, PowerStateConfig } from '../../guest-config.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';

/** Characters of what the console says. */
const MESSAGE_CHARACTERS = 4096;
const MODES = ['poweroff', 'reboot', 'halt'] as const;
const DELAY = 'now, or minutes as "+5"';
const MINUTES_MOST = 100_000;

/** `final_message` and `power_state` (cc_final_message, cc_power_state_change). */
export function readEnding(config: CloudConfig): Pick<GuestConfig, 'finalMessage' | 'powerState'> {
  const reader = config.reader('final_message', 'post-boot');
  const finalMessage = reader.parsed('final_message', 'a text', messageOf);
  reader.findings.origin('final message', finalMessage && quote(finalMessage), 'final_message');
  const powerState = readPowerState(config);
  return {
    ...(finalMessage === undefined ? {} : { finalMessage }),
    ...(powerState === undefined ? {} : { powerState }),
  };
}

/** A console obeys control characters. */
const messageOf = (text: string) =>
  text.length <= MESSAGE_CHARACTERS && !/[^\P{Cc}\n\t]|\p{Cs}/u.test(text) ? text : undefined;

function readPowerState(config: CloudConfig): PowerStateConfig | undefined {
  const power = config.map('power_state', 'post-boot');
  if (power === undefined) return undefined;
  const mode = power.parsed('mode', MODES.join(', '), (text) => MODES.find((name) => name === text));
  const delayMinutes = power.parsed('delay', DELAY, minutesOf);
  const message = power.parsed('message', 'a text', messageOf);
  // What it is about is over: the guest ends when all is done.
  power.text('timeout');
  const condition = power.value('condition');
  const isText = condition !== undefined && isYamlScalar(condition);
  const isOff = isText && /^(?:false|no|off)$/i.test(condition.text);
  if (condition !== undefined && !isOff && !(isText && /^(?:true|yes|on)$/i.test(condition.text)))
    power.refuse(
      'condition',
      'a command, which is not asked',
      'true or false; a command belongs into "runcmd"',
    );
  power.finish();
  if (mode === undefined && !isRefused(power.findings)) power.refuse('mode', 'nothing', MODES.join(', '));
  if (mode === undefined || isOff || isRefused(power.findings)) return undefined;
  const delay =
    delayMinutes === undefined || delayMinutes === 0 ? 'at once' : `after ${delayMinutes} minutes`;
  power.findings.origin('at the end', `${mode}, ${delay}`, 'power_state');
  return {
    mode,
    ...(delayMinutes === undefined ? {} : { delayMinutes }),
    ...(message === undefined ? {} : { message }),
  };
}

function minutesOf(text: string): number | undefined {
  if (text === 'now') return 0;
  const minutes = /^\+?\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return minutes <= MINUTES_MOST ? minutes : undefined;
}
