/** An image and the one that it is made of, by name. */
export interface Descent {
  name: string;
  parent?: string;
}

/**
 * The images to update, each behind its parent. A circle, which only an admin's edits can make, is broken where it is met.
 * @param wanted names; absent: all
 * @param recursive children of those as well
 */
export function updateOrder(
  images: readonly Descent[],
  wanted: readonly string[] | undefined,
  recursive: boolean,
): string[] {
  const parentOf = new Map(images.map(({ name, parent }) => [name, parent]));
  const isWanted = (name: string): boolean => {
    if (wanted === undefined || wanted.includes(name)) return true;
    const seen = new Set<string>();
    for (let at = parentOf.get(name); recursive && at !== undefined && !seen.has(at); at = parentOf.get(at)) {
      if (wanted.includes(at)) return true;
      seen.add(at);
    }
    return false;
  };
  const order: string[] = [];
  const visit = (name: string, way: readonly string[]): void => {
    const parent = parentOf.get(name);
    if (order.includes(name) || way.includes(name)) return;
    if (parent !== undefined && parentOf.has(parent)) visit(parent, [...way, name]);
    order.push(name);
  };
  for (const { name } of images) visit(name, []);
  return order.filter(isWanted);
}
