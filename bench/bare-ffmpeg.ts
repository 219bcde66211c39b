import { spawn } from 'node:child_process'
import { once } from 'node:events'

export type Timed = { ms: number }

/** What somebody with a shell would do, with the encoder settings that the service uses by default. */
export async function convertBare(source: string, output: string): Promise<Timed> {
  const startedAt = performance.now()
  const args = ['-nostdin', '-v', 'error', '-y', '-i', source, '-c:a', 'libmp3lame', '-q:a', '2', output]
  const child = spawn('ffmpeg', args, { stdio: 'ignore' })
  const [exitCode] = (await once(child, 'close')) as [number]
  if (exitCode !== 0) throw new Error(`ffmpeg ended with ${exitCode}.`)
  return { ms: performance.now() - startedAt }
}
