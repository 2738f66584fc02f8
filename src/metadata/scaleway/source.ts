import { dmiText } from '../dmi.ts';
import { defineSource, type Source } from '../source.ts';
import type { ScalewayAnswers } from './ask.ts';

const ADDRESSES = ['http://169.254.42.42', 'http://[fd00:42::42]'];

/** @param addresses of the service, which tests have elsewhere */
export const scalewayAt = (addresses: readonly string[]): Source<ScalewayAnswers> => ({
  name: 'scaleway',
  summary: 'the metadata service of Scaleway',
  needs: 'network',
  isMatched: (files) => dmiText(files, 'sys_vendor') === 'Scaleway',
  find: async (world) => (await import('./ask.ts')).ask(addresses, world),
  open: async () => ({ state: 'absent' }),
  parse: async (answers) => await (await import('./parse.ts')).parseScaleway(answers),
});

/** An instance of Scaleway. */
export const scaleway = defineSource(scalewayAt(ADDRESSES));
