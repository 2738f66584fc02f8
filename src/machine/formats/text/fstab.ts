/** An entry of /etc/fstab that names a device. */
export interface FstabEntry {
  /** As it is written, such as `UUID=…`, `LABEL=data` or `/dev/sdb1`. */
  source: string;
  mountPoint: string;
  type: string;
}

/** Spaces inside a field are written as octal escapes (fstab(5)). */
function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Reads /etc/fstab (fstab(5)). Comments and lines without a mount point are left out. */
export function parseFstab(text: string): FstabEntry[] {
  return text.split('\n').flatMap((line) => {
    const [source, mountPoint, type = 'auto'] = line.trim().split(/\s+/);
    if (!source || !mountPoint || source.startsWith('#')) return [];
    return [{ source: unescapeField(source), mountPoint: unescapeField(mountPoint), type }];
  });
}

/** The tag of a source such as `UUID="ab-cd"`, with its value; undefined for a path. */
export function parseTag(source: string): { tag: string; value: string } | undefined {
  const [, tag, value] = /^([A-Z]+)=(.*)$/.exec(source) ?? [];
  if (tag === undefined || value === undefined) return undefined;
  return { tag, value: value.replace(/^(["'])(.*)\1$/, '$2') };
}
