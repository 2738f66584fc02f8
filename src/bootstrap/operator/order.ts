import { parseJsonObject } from '../../machine/changes/json-file.ts';
import { isTexts } from '../../machine/formats/shape.ts';
import type { AfterOperator } from '../../metadata/operator-script.ts';

/** How the operator script of this boot is to run. */
export interface OperatorOrder {
  argv: [string, ...string[]];
  after: AfterOperator;
  /** What the host calls this guest, as far as anybody says. */
  instance?: string;
  /** SHA-256 of the script. */
  digest: string;
  /** Absent: as long as there is. */
  timeoutSeconds?: number;
  /** Absent: it runs once for the instance and its content. */
  eachBoot?: true;
  /** A swap area of the host's that has what is not read yet: nothing is to be written there. */
  swapOff?: string;
  /** What must not be told to anybody. */
  secrets: string[];
}

/** What the stamp says once a script was run. */
export const stampOf = ({ instance = '', digest }: Pick<OperatorOrder, 'instance' | 'digest'>): string =>
  `${instance} ${digest}\n`;

const isAfter = (value: unknown): value is AfterOperator =>
  value === 'poweroff' || value === 'reboot' || value === 'continue';

/** @returns undefined for anything but an order as we write one */
export function parseOperatorOrder(text: string | undefined): OperatorOrder | undefined {
  const { argv, after, instance, digest, eachBoot, swapOff, secrets, timeoutSeconds } =
    parseJsonObject(text) ?? {};
  if (!isTexts(argv) || !isTexts(secrets) || !isAfter(after) || typeof digest !== 'string') return undefined;
  const [program, ...args] = argv;
  if (program === undefined) return undefined;
  return {
    argv: [program, ...args],
    after,
    digest,
    secrets,
    ...(typeof timeoutSeconds === 'number' ? { timeoutSeconds } : {}),
    ...(typeof instance === 'string' ? { instance } : {}),
    ...(eachBoot === true ? { eachBoot } : {}),
    ...(typeof swapOff === 'string' ? { swapOff } : {}),
  };
}
