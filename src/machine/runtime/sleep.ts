/** Waits. By the global timer: `node:timers/promises` would be one more module to load at each boot. */
export const sleep = (milliseconds: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, milliseconds);
  });
