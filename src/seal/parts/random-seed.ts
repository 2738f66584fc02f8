import { randomSeed as identityPart } from '../../identity/parts/random-seed.ts';
import { removedFiles } from '../part.ts';

export const randomSeed = removedFiles({
  name: identityPart.name,
  what: 'random seeds of systemd and of its boot loader',
  find: ({ files }) => identityPart.find({ files }),
});
