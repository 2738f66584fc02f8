import { dmiText } from '../dmi.ts';
import { defineSource, type Source } from '../source.ts';
import type { GceAnswers } from './ask.ts';

/** The name metadata.google.internal has this address; to ask by it there need be no name server. */
const ADDRESSES = ['http://169.254.169.254'];

/** @param addresses of the service, which tests have elsewhere */
export const gceAt = (addresses: readonly string[]): Source<GceAnswers> => ({
  name: 'gce',
  summary: 'the metadata service of Google Compute Engine',
  needs: 'network',
  isMatched: (files) =>
    dmiText(files, 'product_name') === 'Google Compute Engine' ||
    /^GoogleCloud-./.test(dmiText(files, 'product_serial') ?? ''),
  find: async (world) => (await import('./ask.ts')).ask(addresses, world),
  open: async () => ({ state: 'absent' }),
  parse: async (answers) => await (await import('./parse.ts')).parseGce(answers),
});

/** An instance of Google Compute Engine. */
export const gce = defineSource(gceAt(ADDRESSES));
