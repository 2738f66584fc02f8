import { dmiText } from '../dmi.ts';
import { defineSource, type Source } from '../source.ts';
import type { HetznerAnswers } from './parse.ts';

const ADDRESSES = ['http://169.254.169.254'];

/** @param addresses of the service, which tests have elsewhere */
export const hetznerAt = (addresses: readonly string[]): Source<HetznerAnswers> => ({
  name: 'hetzner',
  summary: 'the metadata service of Hetzner Cloud',
  needs: 'network',
  isMatched: (files) => dmiText(files, 'sys_vendor') === 'Hetzner',
  find: async (world) => (await import('./ask.ts')).ask(addresses, world),
  open: async () => ({ state: 'absent' }),
  parse: async (answers) => await (await import('./parse.ts')).parseHetzner(answers),
});

/** A server of Hetzner Cloud. */
export const hetzner = defineSource(hetznerAt(ADDRESSES));
