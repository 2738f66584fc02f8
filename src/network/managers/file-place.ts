/**
 * Where a manager's file for an interface lies: `lasting`, over boots; or `this boot`, for as long as the interface is
 * there, in a directory that is gone with the next boot where the manager reads one.
 */
export type FilePlace = 'lasting' | 'this boot';
