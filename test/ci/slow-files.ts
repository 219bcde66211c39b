/** Files that may take longer than the budget of a test file, each with the reason. */
export const SLOW_FILES: Record<string, string> = {
  'test/conversion/metadata.test.ts': 'converts from ten kinds of source to each of twelve formats',
  'test/integration/doctor.test.ts':
    'most of its tests run a conversion on its whole way, through stores that each of them starts',
  'test/faults/bad-line.test.ts':
    'each fault stays until 25 calls met it, and the jobs it hit have recovered',
  'test/faults/kill.test.ts': 'three crashes, each followed by the time in which a worker is taken for dead',
  'test/faults/outage.test.ts': 'three outages, each until every process has noticed it and has recovered',
  'test/faults/receipt.test.ts': 'waits for a dead worker as long as in production',
  'test/faults/zombie.test.ts': 'a worker stands still until another one has taken its job over and ended it',
}
