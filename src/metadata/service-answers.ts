import type { FileView } from '../machine/files/files.ts';
import { NoAnswer } from '../machine/network/metadata-service.ts';
import type { Finding } from './source.ts';

/** Bytes of the largest user-data that are taken; clouds have limits of 16 KiB to 256 KiB. */
export const USER_DATA_BYTES = 4 * 1024 * 1024;

const originOf = (what: string) => `the metadata service of ${what}`;

/**
 * Asks a service, and makes a finding of its not answering.
 * @param what for people, such as `EC2`
 * @throws what `ask` throws, NoAnswer aside
 */
export async function answerOf<Raw>(what: string, ask: () => Promise<Finding<Raw>>): Promise<Finding<Raw>> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const { address, found } = error;
    const expected =
      'an answer; what the service said before counts; see whether the host offers it, and whether the guest has an address';
    return {
      state: 'unreachable',
      origin: originOf(what),
      problems: [{ group: 'source', path: address, found, expected }],
    };
  }
}

/** What a service said. That it is at that address, and nobody else, is the host's business. */
export const presentAt = <Raw>(what: string, address: string, raw: Raw): Finding<Raw> => ({
  state: 'present',
  raw,
  place: { name: address, attachment: address, isHosts: true },
  origin: originOf(what),
  stamps: [],
});

/** Hardware addresses of the guest's interfaces, in lower case. */
export function presentMacs(files: Pick<FileView, 'list' | 'readText'>): string[] {
  const names = files.list('/sys/class/net');
  return names.flatMap(
    (name) => files.readText(`/sys/class/net/${name}/address`)?.trim().toLowerCase() ?? [],
  );
}

/** The text of an answer, without blanks at its ends. */
export const textOf = (body: Uint8Array): string => Buffer.from(body).toString().trim();
