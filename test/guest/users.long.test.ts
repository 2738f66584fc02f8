import { testKeysByMatch } from './users-match.ts';

testKeysByMatch('bookworm');
