/**
 * How many inputs each property test tries: few in each run of the tests, many in `make properties`, which sets the
 * variable. Tests that try them at length need a time limit to match.
 */
export const PROPERTY_RUNS = Number(process.env.PROPERTY_RUNS ?? 200);
