import { dmiText } from '../dmi.ts';
import { defineSource, type Source } from '../source.ts';

const ADDRESSES = ['http://169.254.169.254'];

/** @param addresses of the service, which tests have elsewhere */
export const digitaloceanAt = (addresses: readonly string[]): Source<Uint8Array> => ({
  name: 'digitalocean',
  summary: 'the metadata service of DigitalOcean, where a droplet has no ConfigDrive',
  needs: 'network',
  isMatched: (files) => dmiText(files, 'sys_vendor') === 'DigitalOcean',
  // A droplet has static addresses, which the service tells.
  isAskedByLinkLocal: true,
  find: async (world) => (await import('./ask.ts')).ask(addresses, world),
  open: async () => ({ state: 'absent' }),
  parse: async (bytes) => await (await import('./parse.ts')).parseDigitalOcean(bytes),
});

/** A droplet's host. */
export const digitalocean = defineSource(digitaloceanAt(ADDRESSES));
