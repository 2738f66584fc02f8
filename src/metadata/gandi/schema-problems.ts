import type { BaseIssue, IssuePathItem } from 'valibot';
import { describe, limited } from '../fields/problem.ts';
import type { Group, Problem } from '../guest-config.ts';

/**
 * The problems of one group, from what valibot found. The message of each rule of the schema is what it expects; a
 * rule that has looked inside the value says what it found as `received`.
 */
export function problemsOf(group: Group, issues: readonly BaseIssue<unknown>[]): Problem[] {
  const problems = new Map<string, Problem>();
  for (const { type, path = [], input, received, message } of issues) {
    const found = type === 'raw_check' ? received : describe(input, isSecret(path));
    const problem = { group, path: pathText(path), found, expected: message };
    // Two rules of a field may expect the same.
    problems.set(`${problem.path} ${found} ${message}`, problem);
  }
  return limited(group, [...problems.values()]);
}

/** Customers put tokens into arguments and commands too: below `vm_conf` only the user's name is shown. */
function isSecret(path: readonly IssuePathItem[]): boolean {
  return path[0]?.key === 'vm_conf' && path[1]?.key !== 'user';
}

/** The path of a field, such as `vif[0].pna[1].pna_address`. */
function pathText(path: readonly IssuePathItem[]): string {
  return path.reduce((text, { key }) => {
    if (typeof key === 'number') {
      return `${text}[${key}]`;
    }
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}
