/**
 * The databases of accounts in /etc, in the order in which they are written: an account that was cut off is found by its
 * first line. Apart from what edits them (account-files.ts), for every program knows their names, and few edit them.
 */
export const ACCOUNT_FILES = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid'] as const;
