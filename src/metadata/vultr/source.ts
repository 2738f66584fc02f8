import { dmiText } from '../dmi.ts';
import { defineSource, type Source } from '../source.ts';

const ADDRESSES = ['http://169.254.169.254'];

/** @param addresses of the service, which tests have elsewhere */
export const vultrAt = (addresses: readonly string[]): Source<Uint8Array> => ({
  name: 'vultr',
  summary: 'the metadata service of Vultr',
  needs: 'network',
  isMatched: (files) => dmiText(files, 'sys_vendor') === 'Vultr',
  find: async (world) => (await import('./ask.ts')).ask(addresses, world),
  open: async () => ({ state: 'absent' }),
  parse: async (bytes) => await (await import('./parse.ts')).parseVultr(bytes),
});

/** An instance of Vultr. */
export const vultr = defineSource(vultrAt(ADDRESSES));
