/** How long a step may take before it is worth a line of its own where no line can be updated in place, in ms. */
const quietMilliseconds = 1_000;
const reminderMilliseconds = 30_000;
const redrawMilliseconds = 500;

interface Step {
  readonly what: string;
  readonly started: number;
}

/** The steps under way in this process, the innermost last: on a terminal only that one is shown. */
const active: Step[] = [];

/**
 * Does `work` and shows on standard error what is being done and for how many seconds: one line that is updated on a
 * terminal, whole lines (start, reminder, end) in a pipe, where steps of less than a second stay silent.
 *
 * @param what - the step in a few words, such as `boot guest`.
 * @returns what `work` returns; its failure is passed on.
 */
export async function withProgress<T>(
  what: string,
  work: () => Promise<T>,
  output: NodeJS.WriteStream = process.stderr,
): Promise<T> {
  const step: Step = { what, started: Date.now() };
  active.push(step);
  const stop = output.isTTY ? redraw(output) : remind(step, output);
  try {
    const result = await work();
    stop(`${what}: ${seconds(step)} s`);
    return result;
  } catch (error) {
    stop(`${what}: failed after ${seconds(step)} s`);
    throw error;
  } finally {
    active.splice(active.indexOf(step), 1);
  }
}

type Stop = (lastLine: string) => void;

function redraw(output: NodeJS.WriteStream): Stop {
  const clear = '\r\u001b[K';
  const draw = () => {
    const innermost = active.at(-1);
    if (innermost) output.write(`${clear}${innermost.what}: ${seconds(innermost)} s`);
  };
  draw();
  const timer = setInterval(draw, redrawMilliseconds).unref();
  return (lastLine) => {
    clearInterval(timer);
    output.write(`${clear}${lastLine}\n`);
  };
}

function remind(step: Step, output: NodeJS.WriteStream): Stop {
  let announced = false;
  const announce = setTimeout(() => {
    announced = true;
    output.write(`${step.what} …\n`);
  }, quietMilliseconds).unref();
  const timer = setInterval(() => {
    output.write(`${step.what}: ${seconds(step)} s so far\n`);
  }, reminderMilliseconds).unref();
  return (lastLine) => {
    clearTimeout(announce);
    clearInterval(timer);
    if (announced) output.write(`${lastLine}\n`);
  };
}

function seconds(step: Step): string {
  return ((Date.now() - step.started) / 1000).toFixed(1);
}
