/** Who a file belongs to, as numbers: names are resolved while planning, from the guest's own /etc/passwd. */
export interface Owner {
  uid: number;
  gid: number;
}

export const ROOT_OWNER: Owner = { uid: 0, gid: 0 };
