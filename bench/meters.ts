import { readFile } from 'node:fs/promises'

/** The most memory a process ever had resident, in bytes. */
export const peakMemoryBytes = (pid: number): Promise<number> => statusBytes(pid, 'VmHWM')

/** What it has resident now, in bytes. */
export const residentBytes = (pid: number): Promise<number> => statusBytes(pid, 'VmRSS')

/** A line of what Linux tells of a process (proc(5)). */
async function statusBytes(pid: number, name: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kibibytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
  return Number(kibibytes) * 1024
}

/** Processor time of a process so far, in seconds (Linux: utime and stime of proc(5), in hundredths). */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}

/** Capacity units since the server's start, by operation and table, as it counts them in its metrics. */
export async function dynamoUnits(origin: string): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${origin}/metrics`)).text()
  const lines = metrics.matchAll(
    /^tapedeck_dynamodb_units_total\{operation="(\w+)",table="([\w-]+)",pattern="[\w-]+"\} (\S+)$/gm,
  )
  const all: Record<string, number> = {}
  for (const [, operation, table, units] of lines) {
    const key = `${operation} ${table}`
    all[key] = (all[key] ?? 0) + Number(units) // of each access pattern
  }
  return all
}

export const sum = (units: Record<string, number>) =>
  Object.values(units).reduce((total, one) => total + one, 0)
export const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
export const write = (line: string) => process.stdout.write(`${line}\n`)
