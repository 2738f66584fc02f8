import type { GuestConfig, KeyboardConfig } from '../../guest-config.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';

/** A locale as locale(1) lists it, such as `fr_FR.UTF-8` or `sr_RS@latin` (locale(7)). */
const LOCALE = /^[A-Za-z0-9]{1,20}(?:_[A-Za-z0-9]{1,20})?(?:\.[A-Za-z0-9-]{1,20})?(?:@[A-Za-z0-9]{1,20})?$/;
/** One or more names of xkeyboard-config(7), by commas. */
const NAMES = /^[A-Za-z0-9_:(),+-]{1,200}$/;
const SWITCH = /^(?:true|yes|on|false|no|off)$/i;

/** `locale` and `keyboard` (cc_locale, cc_keyboard). */
export function readLocale(config: CloudConfig): Pick<GuestConfig, 'locale'> {
  const reader = config.reader('locale', 'source');
  // A switch asks for what the image has.
  const isSwitch = SWITCH.test(reader.text('locale') ?? '');
  const language = isSwitch
    ? undefined
    : reader.parsed('locale', 'a name such as fr_FR.UTF-8', (text) => (LOCALE.test(text) ? text : undefined));
  reader.findings.origin('locale', language, 'locale');
  const keyboard = readKeyboard(config);
  if (language === undefined && keyboard === undefined) return {};
  return {
    locale: {
      ...(language === undefined ? {} : { language }),
      ...(keyboard === undefined ? {} : { keyboard }),
    },
  };
}

function readKeyboard(config: CloudConfig): KeyboardConfig | undefined {
  const map = config.map('keyboard', 'source');
  if (map === undefined) return undefined;
  const nameOf = (key: string) =>
    map.parsed(key, 'a name as in xkeyboard-config(7)', (text) => (NAMES.test(text) ? text : undefined));
  const [layout, model, variant, options] = ['layout', 'model', 'variant', 'options'].map(nameOf);
  map.finish();
  if (layout === undefined && !isRefused(map.findings))
    map.refuse('layout', 'nothing', 'such as "layout: de"');
  if (layout === undefined || isRefused(map.findings)) return undefined;
  map.findings.origin(
    'keyboard',
    [layout, variant].filter((name) => name !== undefined).join(' '),
    'keyboard',
  );
  return {
    layout,
    ...(model === undefined ? {} : { model }),
    ...(variant === undefined ? {} : { variant }),
    ...(options === undefined ? {} : { options }),
  };
}
