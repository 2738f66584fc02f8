import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { KeyboardConfig } from '../metadata/guest-config.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import type { Plan, PlanPart, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { readOrder } from './order.ts';

const LANGUAGE = 'locale: language';
const KEYBOARD = 'locale: keyboard';
/** One locale takes seconds; on a slow disk and processor, more. */
const GENERATION_SECONDS = 300;
const COMMAND_SECONDS = 60;

/** Those that the C library has in itself (locale(7)); Debian's and Fedora's bring C.UTF-8 as a file. */
const BUILT_IN = ['C', 'POSIX', 'C.UTF-8', 'C.utf8'];

interface LocaleName {
  /** Language, country and modifier: what /usr/share/i18n/locales calls it. */
  definition: string;
  /** Such as `UTF-8`. */
  charset: string;
  /** As directories below /usr/lib/locale are called: `fr_FR.utf8`. */
  directory: string;
}

function nameOf(language: string): LocaleName {
  const [, base = language, charset = 'UTF-8', modifier = ''] =
    /^([^.@]+)(?:\.([^@]+))?(@.+)?$/.exec(language) ?? [];
  const isUtf8 = /^utf-?8$/i.test(charset);
  return {
    definition: `${base}${modifier}`,
    charset: isUtf8 ? 'UTF-8' : charset,
    directory: `${base}.${charset.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}${modifier}`,
  };
}

const isDebian = ({ facts }: StepContext) => facts.os.id === 'debian' || facts.os.like.includes('debian');

/** Debian keeps the list of what is made anew with each upgrade. */
function listed(files: FileView, language: string, { charset }: LocaleName): Change[] {
  const path = '/etc/locale.gen';
  const old = files.readText(path);
  const line = `${language} ${charset}`;
  if (old === undefined || old.split('\n').includes(line)) return [];
  const content = `${old}${old === '' || old.endsWith('\n') ? '' : '\n'}${line}\n`;
  return ensureFile(files, { path, content, mode: 0o644 });
}

/** What makes a locale that is not there; undefined where nothing that is installed can. */
function making(files: FileView, language: string, name: LocaleName): Change[] | undefined {
  const { definition, charset, directory } = name;
  if (BUILT_IN.includes(language)) return [];
  if (files.status(`/usr/lib/locale/${directory}`) !== undefined) return [];
  const canMake =
    files.status(`/usr/share/i18n/locales/${definition}`) !== undefined &&
    files.status('/usr/bin/localedef') !== undefined;
  if (!canMake) return undefined;
  return [
    ...listed(files, language, name),
    {
      kind: 'run-command',
      argv: ['localedef', '-i', definition, '-f', charset, '--', language],
      timeoutSeconds: GENERATION_SECONDS,
      // 1: it was made, with warnings about its definition (localedef(1)).
      successStatuses: [1],
      why: 'make the locale that the source asks for',
    },
  ];
}

/** The file's text with one variable set, and all else as it is. */
function withVariable(text: string, name: string, value: string): string {
  const line = `${name}=${value}`;
  const pattern = new RegExp(`^\\s*${name}=.*$`, 'm');
  if (pattern.test(text)) return text.replace(pattern, () => line);
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
}

function languagePart(context: StepContext, language: string): PlanPart {
  const { files } = context;
  const made = making(files, language, nameOf(language));
  if (made === undefined) {
    const text = `there is no locale ${language}, and nothing that makes it: install the package locales (Debian, Ubuntu), glibc-langpack-${language.slice(0, 2)} (Red Hat) or glibc-locale (SUSE)`;
    return { name: LANGUAGE, changes: [], notes: [{ level: 'problem', text }] };
  }
  const isOldDebian = isDebian(context) && files.status('/etc/locale.conf') === undefined;
  const path = isOldDebian ? '/etc/default/locale' : '/etc/locale.conf';
  const content = withVariable(files.readText(path) ?? '', 'LANG', language);
  const write = ensureFile(files, { path, content, mode: 0o644, backup: true });
  return { name: LANGUAGE, changes: [...made, ...write], digests: { [LANGUAGE]: digestOf(language) } };
}

function keyboardPart(context: StepContext, keyboard: KeyboardConfig): PlanPart {
  const { files } = context;
  const { layout, model = 'pc105', variant = '', options = '' } = keyboard;
  const digests = { [KEYBOARD]: digestOf(keyboard) };
  if (isDebian(context)) {
    const path = '/etc/default/keyboard';
    const content = Object.entries({
      MODEL: model,
      LAYOUT: layout,
      VARIANT: variant,
      OPTIONS: options,
    }).reduce(
      (text, [key, value]) => withVariable(text, `XKB${key}`, `"${value}"`),
      files.readText(path) ?? 'BACKSPACE="guess"\n',
    );
    const write = ensureFile(files, { path, content, mode: 0o644, backup: true });
    const isThere = ['/usr/bin/setupcon', '/bin/setupcon'].some((one) => files.status(one) !== undefined);
    const apply: Change = {
      kind: 'run-command',
      argv: ['setupcon', '-k', '--force', '--save'],
      timeoutSeconds: COMMAND_SECONDS,
      optional: true,
      why: 'have the console take the layout of the keyboard',
    };
    return { name: KEYBOARD, changes: [...write, ...(isThere ? [apply] : [])], digests };
  }
  if (files.status('/usr/bin/localectl') === undefined) {
    const text = 'a layout of the keyboard is asked for, and there is no localectl to set it';
    return { name: KEYBOARD, changes: [], notes: [{ level: 'problem', text }] };
  }
  const set: Change = {
    kind: 'run-command',
    argv: ['localectl', 'set-x11-keymap', layout, model, variant, options],
    timeoutSeconds: COMMAND_SECONDS,
    why: 'set the layout of the keyboard',
  };
  return { name: KEYBOARD, changes: [set], digests };
}

/** Plans language and keyboard, each once for what is asked: what an admin sets later stays. */
export function planLocale(context: StepContext): Plan {
  const { language, keyboard } = readOrder(context.files)?.late?.locale ?? {};
  const isNew = (part: string, asked: unknown) =>
    asked !== undefined && context.applied[part] !== digestOf(asked);
  const separate = [
    ...(language !== undefined && isNew(LANGUAGE, language) ? [languagePart(context, language)] : []),
    ...(keyboard !== undefined && isNew(KEYBOARD, keyboard) ? [keyboardPart(context, keyboard)] : []),
  ];
  return { changes: [], separate };
}
