import {
  hasParts,
  isAbsentOr,
  isAnyOf,
  isFlag,
  isListOf,
  isMapOf,
  isNumeric,
  isOneOf,
  isText,
  isTexts,
} from '../formats/shape.ts';
import type { ParsedSettings, Settings, SettingsWarning } from './settings.ts';

/** The settings as they were parsed, in a file. */
const isSettings = hasParts<Settings>({
  path: isText,
  switches: isMapOf(isFlag),
  sources: isTexts,
  reportChannels: isAnyOf(isOneOf('auto'), isTexts),
  defaultUser: isAbsentOr(isText),
  swapFile: isAnyOf(isNumeric, isOneOf('auto', 'never')),
  seedWaitSeconds: isNumeric,
  networkManager: isText,
  mountParameters: isText,
  diskRoot: isText,
  mountMode: isOneOf('udev', 'autofs', 'off'),
  diskBuses: isTexts,
  diskFileSystems: isTexts,
  diskGroup: isText,
  diskWaitSeconds: isNumeric,
  noDhcp: isTexts,
  timeZone: isAbsentOr(isText),
  motdFile: isText,
  postBootSeconds: isNumeric,
  pluginSeconds: isNumeric,
  pluginDirectory: isText,
  hookDirectory: isText,
  environment: isMapOf(isText),
  warnings: isListOf(hasParts<SettingsWarning>({ line: isNumeric, text: isText })),
});

/** Whether a value that was read from a file is what was parsed. */
export const isParsedSettings = hasParts<ParsedSettings>({ text: isText, settings: isSettings });
