import type { FileView } from '../../../machine/files/files.ts';
import { matchesGlob } from '../../../machine/files/glob.ts';

const ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: 'x86-64',
  arm64: 'arm64',
};

const isOneOf = (...words: string[]) => new RegExp(`^(${words.join('|')})$`, 'i');
const NO = isOneOf('0', 'no', 'n', 'false', 'f', 'off');
const YES = isOneOf('1', 'yes', 'y', 'true', 't', 'on');

type Test = (value: string, files: FileView) => boolean | undefined;

/** undefined: it cannot be told here. */
const TESTS: Readonly<Record<string, Test>> = {
  Host(value, files) {
    const id = files.readText('/etc/machine-id')?.trim();
    const name = files.readText('/proc/sys/kernel/hostname')?.trim();
    if (/^[0-9a-f]{32}$/.test(value)) return id === undefined ? undefined : id === value;
    return name === undefined ? undefined : matchesGlob(value.toLowerCase(), name.toLowerCase());
  },
  /** What hypervisor it is takes a program to tell; that there is one is what this program is for. */
  Virtualization(value) {
    if (YES.test(value) || value === 'vm') return true;
    return NO.test(value) || value === 'container' ? false : undefined;
  },
  KernelCommandLine(value, files) {
    const words = files.readText('/proc/cmdline')?.trim().split(/\s+/);
    const isWhole = value.includes('=');
    return words?.some((word) => word === value || (!isWhole && word.startsWith(`${value}=`)));
  },
  Architecture(value) {
    const own = ARCHITECTURES[process.arch];
    return own === undefined ? undefined : value === 'native' || value === own;
  },
};

/**
 * Whether a condition of a [Match] section that is about the machine holds (systemd.network(5), [MATCH] SECTION OPTIONS).
 * @param value as it stands behind `KEY=`; an exclamation mark in front turns it around
 * @returns undefined if that cannot be told here, or the key is none of these
 */
export function conditionHolds(key: string, value: string, files: FileView): boolean | undefined {
  const negated = value.startsWith('!');
  const holds = TESTS[key]?.(negated ? value.slice(1).trim() : value, files);
  return holds === undefined ? undefined : holds !== negated;
}
