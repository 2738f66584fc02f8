/** An account. An absent field is nothing that the source asks for. */
export interface UserConfig {
  /** `root` too. Absent: the distribution's usual first user (CONFIG_DEFAULT_USER). */
  name?: string;
  /** A crypt(5) hash. */
  passwordHash?: string;
  /** A password as it is typed; hashed before it is stored. */
  plainPassword?: string;
  /** A password is made up for it, once, and shown on the console. */
  randomPassword?: true;
  /** The password is for an account that has none yet: one that the guest's user chose stays. */
  passwordOnlyIfNone?: true;
  /** No password logs in. */
  lockPassword?: boolean;
  /** The password must be changed at the first log-in. */
  expirePassword?: boolean;
  /** Day after which the account is closed, `YYYY-MM-DD`. */
  expiresOn?: string;
  /** OpenSSH public keys, one a string, without options. */
  sshKeys: string[];
  /** Comment field of passwd(5). */
  gecos?: string;
  primaryGroup?: string;
  /** No group of its name is made for it. */
  withoutOwnGroup?: true;
  /** Further groups; absent: the administrators' group. */
  groups?: string[];
  /** It is the default user only if that has this name; else nothing of a default user's is its own. */
  mayBeDefault?: true;
  /** Nothing but its password is asked for: it is the guest's, and not made. */
  isThere?: true;
  shell?: string;
  home?: string;
  /** No home is made. */
  withoutHome?: boolean;
  uid?: number;
  isSystem?: boolean;
  /** Rules of sudoers(5), without the name in front; absent: none, but for a default user without a name, who may do all. */
  sudo?: string[];
}

/** How a password and root may log in. */
export interface LoginPolicy {
  /** `PasswordAuthentication` of sshd_config(5). */
  passwordBySsh?: boolean;
  /** Root gets no keys, where another user gets in. */
  disableRoot?: boolean;
}
