import { testKeysByMatch } from './users-match.ts';

// Of the newest sshd; users.long.test.ts has it of the one before.
testKeysByMatch('trixie');
