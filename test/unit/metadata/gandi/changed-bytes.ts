import fc from 'fast-check';

/** Copies of `good` in which from one to `most` bytes have any value. */
export const changedBytes = (good: Buffer, most: number): fc.Arbitrary<Buffer> =>
  fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: most })
    .map((changes) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
