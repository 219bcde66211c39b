import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A server of somebody else, with its output; it ends with the measurement. `env` is added to that of this process. */
export function child(command: string, args: string[], env: Record<string, string> = {}) {
  const started: ChildProcess = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { stdout } = started
  if (!stdout) throw new Error(`${command} has no output.`)
  return {
    ...{ process: started, output: stdout },
    async [Symbol.asyncDispose]() {
      const ended = once(started, 'close')
      started.kill('SIGTERM')
      stdout.resume()
      await ended
    },
  }
}
