/** When what a command left is thrown away. */
export const DISCARD_POLICIES = ['always', 'onsuccess', 'onfailure', 'never'] as const;
export type DiscardPolicy = (typeof DISCARD_POLICIES)[number];

/** zonemgr's names for two of them. */
const ALIASES: Readonly<Record<string, DiscardPolicy>> = { off: 'never', onfail: 'onfailure' };

/** @returns undefined if there is no such policy */
export function parseDiscard(text: string): DiscardPolicy | undefined {
  return (
    DISCARD_POLICIES.find((policy) => policy === text) ??
    (Object.hasOwn(ALIASES, text) ? ALIASES[text] : undefined)
  );
}

/** @param succeeded the command ended with 0; a guest that was never ready, died or took too long has failed */
export function isDiscarded(policy: DiscardPolicy, succeeded: boolean): boolean {
  if (policy === 'onsuccess') return succeeded;
  if (policy === 'onfailure') return !succeeded;
  return policy === 'always';
}
