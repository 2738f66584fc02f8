/** What it is called, in its messages too. */
export const PROGRAM = 'gandi-host';
