import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const agent = new Agent({ keepAlive: true, maxSockets: 1000 })

/** Milliseconds until the whole answer is there. Throws on any status but 200. */
function timed(url: string): Promise<number> {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url}: ${answer.statusCode ?? 0}`))
      answer.resume().once('end', () => resolve(performance.now() - startedAt))
    }).once('error', reject)
  })
}

export type Crowd = { watchers: number; seconds: number }

/** Each of the watchers asks once a second; gives all latencies. */
export async function watch(
  { watchers, seconds }: Crowd,
  urlOf: (watcher: number) => string,
): Promise<number[]> {
  const endsAt = performance.now() + seconds * 1000
  const watcher = async (at: number) => {
    const latencies: number[] = []
    await delay(Math.random() * 1000)
    while (performance.now() < endsAt) {
      latencies.push(await timed(urlOf(at)))
      await delay(1000)
    }
    return latencies
  }
  return (await Promise.all(Array.from({ length: watchers }, (_, at) => watcher(at)))).flat()
}

/** Requests leave at their time whether earlier ones are answered or not, so that a slow answer hides nothing. */
export async function atRate(
  { perSecond, seconds }: { perSecond: number; seconds: number },
  urlOf: (at: number) => string,
): Promise<number[]> {
  const startedAt = performance.now()
  const all: Promise<number>[] = []
  for (let at = 0; at < seconds * perSecond;) {
    const due = Math.min(((performance.now() - startedAt) * perSecond) / 1000, seconds * perSecond)
    for (; at < due; at++) all.push(timed(urlOf(at)))
    await delay(2)
  }
  return Promise.all(all)
}

/** Milliseconds since what is told of each of so many jobs was so, by its `updatedAt`; asked when nobody else asks. */
export async function agesOf(urlOf: (at: number) => string, jobs: number): Promise<number[]> {
  const ages: number[] = []
  for (let at = 0; at < jobs; at++) {
    const { updatedAt } = (await (await fetch(urlOf(at))).json()) as { updatedAt: string }
    ages.push(Date.now() - Date.parse(updatedAt))
    await delay(37) // so that all moments of a second are met
  }
  return ages
}

/** Each of the watchers opens a stream and keeps it; gives the milliseconds until its first event. */
export async function stream(
  { watchers, seconds }: Crowd,
  urlOf: (watcher: number) => string,
): Promise<number[]> {
  const first = (url: string) => {
    const startedAt = performance.now()
    return new Promise<number>((resolve, reject) => {
      const request = get(url, { agent }, (answer) => {
        const hear = (chunk: Buffer) => {
          if (chunk.includes('event: progress')) resolve(performance.now() - startedAt)
        }
        answer.on('data', hear).once('error', () => undefined)
        setTimeout(() => request.destroy(), seconds * 1000)
      }).once('error', reject)
    })
  }
  const latencies = await Promise.all(Array.from({ length: watchers }, (_, at) => first(urlOf(at))))
  await delay(seconds * 1000)
  return latencies
}

/** `p50 … p99 … slowest …`, in milliseconds. */
export function spread(latencies: readonly number[]): string {
  const sorted = [...latencies].sort((a, b) => a - b)
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1).padStart(6)
  return `${sorted.length} answers: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms`
}
