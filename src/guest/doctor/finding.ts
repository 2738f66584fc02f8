/** Something that is not as it should be, and what to do about it. */
export interface Finding {
  /** `problem`: something does not work; `warning`: it may not, or not for long. */
  level: 'problem' | 'warning';
  /** What it is about, such as a file, unit or step. */
  subject: string;
  text: string;
  /** What the admin can do. */
  remedy: string;
}
