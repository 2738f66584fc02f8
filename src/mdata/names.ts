/** As joyent/mdata-client calls them. */
export type MdataName = 'mdata-get' | 'mdata-put' | 'mdata-list' | 'mdata-delete';

/** Exit statuses of joyent/mdata-client, which scripts know. */
export const MDATA_EXIT = { ok: 0, notFound: 1, failed: 2, usage: 3 } as const;
