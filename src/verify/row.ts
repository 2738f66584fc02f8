/**
 * `pending`: it is not so yet, and may still become so, such as an address whose use by others is being found out.
 */
export type Verdict = 'as asked' | 'differs' | 'pending';

/** One thing that was asked, beside what is. Secrets are in neither. */
export interface Row {
  what: string;
  asked: string;
  shown: string;
  verdict: Verdict;
  /** Where it is not as asked: what is wrong, and its likely cause where the machine tells that, in one line. */
  line?: string;
}

export const asAsked = (what: string, asked: string, shown = asked): Row => ({
  what,
  asked,
  shown,
  verdict: 'as asked',
});

/**
 * @param told what is wrong, for people
 * @param reason why it is so, and whether that passes; undefined where the machine tells nothing
 */
export function notAsAsked(
  { what, asked, shown }: Pick<Row, 'what' | 'asked' | 'shown'>,
  told: string,
  reason?: Reason,
): Row {
  const verdict = reason?.passes === true ? 'pending' : 'differs';
  return { what, asked, shown, verdict, line: reason === undefined ? told : `${told}; ${reason.text}` };
}

/** Why something is not as asked. */
export interface Reason {
  text: string;
  /** It is a state that ends by itself. */
  passes?: true;
}
