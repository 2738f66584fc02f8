import type { MapReader } from '../../fields/map-reader.ts';
import { quote } from '../../fields/problem.ts';
import { isYamlScalar } from '../../fields/yaml/yaml-text.ts';
import type { GuestConfig, PowerStateConfig } from '../../guest-config.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';
import { lineOf } from './commands.ts';

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
  const { isOff, condition } = readCondition(power);
  power.finish();
  if (mode === undefined && !isRefused(power.findings)) power.refuse('mode', 'nothing', MODES.join(', '));
  if (mode === undefined || isOff || isRefused(power.findings)) return undefined;
  const delay =
    delayMinutes === undefined || delayMinutes === 0 ? 'at once' : `after ${delayMinutes} minutes`;
  const where = condition === undefined ? '' : ', where a command says so';
  power.findings.origin('at the end', `${mode}, ${delay}${where}`, 'power_state');
  return {
    mode,
    ...(condition === undefined ? {} : { condition }),
    ...(delayMinutes === undefined ? {} : { delayMinutes }),
    ...(message === undefined ? {} : { message }),
  };
}

/** True, false, or a command whose success means true. */
function readCondition(power: MapReader): { isOff?: boolean; condition?: string } {
  const value = power.value('condition');
  if (value === undefined) return {};
  if (isYamlScalar(value) && value.isPlain && /^(?:true|yes|on)$/i.test(value.text)) return {};
  if (isYamlScalar(value) && value.isPlain && /^(?:false|no|off)$/i.test(value.text)) return { isOff: true };
  const condition = lineOf({ value, path: power.at('condition'), findings: power.findings });
  return condition === undefined ? {} : { condition };
}

function minutesOf(text: string): number | undefined {
  if (text === 'now') return 0;
  const minutes = /^\+?\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return minutes <= MINUTES_MOST ? minutes : undefined;
}
