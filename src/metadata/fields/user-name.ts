/** What useradd(8) of Debian 12 and 13 takes without --badname (shadow, lib/chkname.c), as does shadow elsewhere. */
const USER_NAME = /^(?!\d+$|\.{1,2}$)[A-Za-z0-9_.][A-Za-z0-9_.-]{0,31}$/;

export const USER_NAME_EXPECTED =
  'a name: at most 32 of A to Z, a to z, 0 to 9, ".", "_" and "-", not first "-" and not digits or dots alone';

/** Whether a text can be the name of a user or group. */
export const isUserName = (text: string): boolean => USER_NAME.test(text);
