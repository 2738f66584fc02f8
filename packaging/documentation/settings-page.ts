import { SETTING_SECTIONS, type SettingDefinition } from '../../src/machine/settings/setting-definitions.ts';
import { EXPECTED } from '../../src/machine/settings/setting-kinds.ts';
import {
  entry,
  namedEntry,
  nameSection,
  paragraph,
  type Release,
  renderPage,
  section,
  seeAlso,
  subsection,
  usage,
} from './roff.ts';

const DESCRIPTION = [
  'Settings of gandi-guest are lines `NAME=value`, as in a shell, where nothing is evaluated: no variables and no commands. Quotes may stand around a value; `#` begins a comment. Of several lines for one name the last counts.',
  'A setting that is missing has its default. A line that is not understood, an unknown name and a value that is not valid are told with the line’s number at each run, and the setting stays as it was. An empty file is a valid one.',
  'A switch is `0` or `1`; `no`, `off`, `false`, `yes`, `on` and `true` are understood, too.',
  'Programs of the admin’s and hooks find every setting in their environment.',
];

function settingEntry({ name, kind, summary, default: value }: SettingDefinition): string {
  const expected = `Expected: ${EXPECTED[kind]}. Default: ${value === '' ? 'nothing' : `\`${value}\``}.`;
  return entry(usage(`${name}=<value>`), `${summary}.`, expected);
}

/** The page gandi-settings(5), from the definitions that the programs read settings by. */
export function renderSettingsPage(release: Release): string {
  const sections = SETTING_SECTIONS.map(
    ({ title, settings }) => subsection(title) + settings.map(settingEntry).join(''),
  );
  return renderPage('gandi-settings', 5, release, [
    nameSection('gandi-settings', 'settings of gandi-guest'),
    `${section('synopsis')}.I /etc/default/gandi\n.br\n.I /etc/sysconfig/gandi\n`,
    `${section('description')}${DESCRIPTION.map(paragraph).join('')}`,
    `${section('settings')}${sections.join('')}`,
    section('files'),
    namedEntry('/etc/default/gandi', 'It is read if it exists.'),
    namedEntry('/etc/sysconfig/gandi', 'It is read if the other does not exist, as on RPM systems.'),
    `${section('examples')}${paragraph('Leave network and resolver to the admin, and mount data disks below /data:')}`,
    '.PP\n.nf\nCONFIG_NETWORK=0\nCONFIG_NAMESERVER=0\nCONFIG_DISK_ROOT=/data\n.fi\n',
    seeAlso([
      'gandi-bootstrap(8)',
      'gandi-mount(8)',
      'gandi-config(8)',
      'gandi-postboot(8)',
      'gandi-guest(8)',
    ]),
  ]);
}
