/** Metric of the lease of an instance's first interface of several, and what that of each later one has more. */
export const METRIC_STEP = 100;
