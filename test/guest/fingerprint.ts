import type { Guest } from './guest.ts';

/** Where the toolkit, or what it asks to be done, keeps files; logs grow and caches change without it. */
const PLACES = '/etc /gandi /home /root /var/lib/gandi /usr /boot';
const OWN_PLACES = '/etc /gandi /home /root /var/lib/gandi';

/**
 * What must stay the same when there is nothing to do: name, kind, mode, owner, modification time and size of
 * everything, and a hash of each file's content where the toolkit writes.
 *
 * @returns a sorted line for each file, directory and link, then one for each hash.
 */
export async function fingerprint(guest: Guest): Promise<string> {
  return guest.output(
    `find ${PLACES} -xdev -printf '%p %y %m %U:%G %T@ %s %l\\n' | sort; ` +
      `find ${OWN_PLACES} -xdev -type f -print0 | sort -z | xargs -0 sha256sum`,
    { seconds: 240 },
  );
}
