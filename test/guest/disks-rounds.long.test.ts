import { describe } from 'vitest';
import { testRounds } from './disk-rounds.ts';
import { useGuest } from './use-guest.ts';

describe('a disk after the other', () => {
  const { guest, folder } = useGuest('rounds', { root: { scsiId: 100 } });

  testRounds(guest, folder, 50);
});
