/** Characters of the longest id; Proxmox's has 40. */
const ID_CHARACTERS = 256;

/** What an instance id is, for people. */
export const INSTANCE_ID = `text of at most ${ID_CHARACTERS} characters, in one line`;
export const isInstanceId = (text: string) =>
  text.length <= ID_CHARACTERS && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);

/** What cloud-init calls a guest of NoCloud whose meta-data say nothing: it is the same for all of them, and names none. */
export const DEFAULT_INSTANCE_ID = 'nocloud';
