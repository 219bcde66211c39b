import { readFile } from 'node:fs/promises'

/** The most memory a process ever had resident, in bytes (Linux: VmHWM of proc(5)). */
export async function peakMemoryBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? []
  return Number(kibibytes) * 1024
}

/** Capacity units since the server's start, by operation and table, as it counts them in its metrics. */
export async function dynamoUnits(origin: string): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${origin}/metrics`)).text()
  const lines = metrics.matchAll(
    /^tapedeck_dynamodb_units_total\{operation="(\w+)",table="([\w-]+)"\} (\S+)$/gm,
  )
  return Object.fromEntries(
    [...lines].map(([, operation, table, units]) => [`${operation} ${table}`, Number(units)]),
  )
}
