/** Waits until something happens, or for a time. */
export class Wake {
  #rung = false;
  #resolve: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#resolve?.();
  }

  /**
   * @param milliseconds at the longest
   * @returns whether it was rung since the last wait
   */
  async wait(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    if (!this.#rung)
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        timer = setTimeout(resolve, milliseconds);
      });
    // One that is left would keep the program waiting for as long.
    clearTimeout(timer);
    this.#resolve = undefined;
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }
}
