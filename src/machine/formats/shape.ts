/**
 * Tests of values that were parsed from files of ours. What was damaged, restored from elsewhere or left by another version is
 * passed over as a whole: a program that took half of it for its own would stumble far from there.
 */
export type ShapeTest = (value: unknown) => boolean;

export const isText = (value: unknown): value is string => typeof value === 'string';
export const isFlag: ShapeTest = (value) => typeof value === 'boolean';
export const isTrue: ShapeTest = (value) => value === true;
export const isNumeric: ShapeTest = Number.isFinite;
export const isWhole: ShapeTest = Number.isInteger;

export const isOneOf =
  (...words: readonly (string | number)[]): ShapeTest =>
  (value) =>
    words.some((word) => word === value);

export const isAbsentOr =
  (test: ShapeTest): ShapeTest =>
  (value) =>
    value === undefined || test(value);

export const isAnyOf =
  (...tests: readonly ShapeTest[]): ShapeTest =>
  (value) =>
    tests.some((test) => test(value));

export const isListOf =
  (test: ShapeTest): ShapeTest =>
  (value) =>
    Array.isArray(value) && value.every(test);

export const isTexts = (value: unknown): value is string[] => isListOf(isText)(value);

/** Those of a list that are texts. */
export const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isText) : []);

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with any names. */
export const isMapOf =
  (test: ShapeTest): ShapeTest =>
  (value) =>
    isObject(value) && Object.values(value).every(test);

/** What each part of a type has to be; the compiler asks for all of them. */
export type Parts<T> = Readonly<Record<keyof T, ShapeTest>>;

/** An object with these parts; others, such as those of a later version, are not looked at. */
export function hasParts<T extends object>(parts: Parts<T>): (value: unknown) => value is T {
  let tests: readonly [string, ShapeTest][] | undefined;
  return (value): value is T => {
    if (!isObject(value)) return false;
    // Most programs read few of the shapes that they know.
    tests ??= Object.entries<ShapeTest>(parts);
    return tests.every(([name, test]) => test(value[name]));
  };
}
