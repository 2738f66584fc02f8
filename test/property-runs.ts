/** How many inputs each property test tries; `PROPERTY_RUNS=20000` for a long search. */
export const PROPERTY_RUNS = Number(process.env.PROPERTY_RUNS ?? 200);
