/** Files that may take longer than the budget of a test file, each with the reason. */
export const SLOW_FILES: Record<string, string> = {
  'test/faults/receipt.test.ts': 'waits for a dead worker as long as in production',
}
