// One act of a form: busy while it runs, the server's words when it is refused.

export class Act {
  busy = $state(false);
  refused = $state('');

  /** True if it was done. */
  async run(act: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refused = '';
    try {
      await act();
      return true;
    } catch (error) {
      this.refused = error instanceof Error ? error.message : String(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
