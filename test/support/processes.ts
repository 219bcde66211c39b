import { readdir, readFile } from 'node:fs/promises'

/** A process as Linux lists it: proc(5). */
export type ListedProcess = { pid: number; command: string }

/** A process with all its descendants. */
export async function processTree(pid: number): Promise<ListedProcess[]> {
  const command = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim()
  const threads = await readdir(`/proc/${pid}/task`)
  const ofThread = (id: string) => readFile(`/proc/${pid}/task/${id}/children`, 'utf8').catch(() => '')
  const children = (await Promise.all(threads.map(ofThread))).join(' ').split(/\s+/).filter(Boolean)
  // One that has ended since is left out.
  const below = await Promise.all(children.map((child) => processTree(Number(child)).catch(() => [])))
  return [{ pid, command }, ...below.flat()]
}

/** The processes that have not ended; one that only waits to be reaped has. */
export async function living(processes: readonly ListedProcess[]): Promise<ListedProcess[]> {
  const states = await Promise.all(
    processes.map(({ pid }) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State: X')),
  )
  return processes.filter((_, at) => !/^State:\s+[XZ]/m.test(states[at] ?? ''))
}
