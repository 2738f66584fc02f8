import { defineSource } from '../source.ts';
import { hear, SMARTOS } from './hear.ts';
import type { SmartosAnswers } from './parse.ts';
import { hostPlace } from './place.ts';

/** The metadata host of SmartOS and Triton, over a serial line or a zone's socket. It is asked at each boot. */
export const smartos = defineSource<SmartosAnswers>({
  name: SMARTOS,
  summary: 'the metadata host of SmartOS and Triton, on the second serial port or a zone’s socket',
  needs: 'serial line',
  find: hear,
  isSeen: ({ files }) => hostPlace(files) !== undefined,
  // Nobody can name a host.
  open: async () => ({ state: 'absent' }),
  parse: async (raw) => (await import('./parse.ts')).parseSmartos(raw),
});
