import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

const STAND_INS = path.join(import.meta.dirname, 'stand-ins.ts')

/** A shell that stays: what some lines have set, the next ones find. */
export type Shell = AsyncDisposable & {
  /** Runs lines to their end and gives what they printed. Throws with it when one of them fails. */
  run(lines: string): Promise<string>
}

/** Opens a POSIX shell in a folder. `tools`: use our own curl and jq even where there are others. */
export async function openShell(folder: string, { tools = false } = {}): Promise<Shell> {
  const env = { PATH: `${await toolsIn(folder, tools)}:${process.env['PATH'] ?? ''}` }
  // Pipes of Node are sockets, which nobody can open by the name /dev/stderr; those of a shell can be opened.
  const shell = spawn('sh', ['-c', 'sh 2>&1 | cat'], { cwd: folder, env, stdio: 'pipe' })
  const chunks = shell.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>
  return {
    async run(lines) {
      const [block, mark] = [path.join(folder, '.block'), `end of ${randomUUID()}\n`]
      await writeFile(block, `set -e\n${lines}\nset +e\n`)
      shell.stdin.write(`. '${block}' </dev/null; echo '${mark.trim()}'\n`)
      let printed = ''
      while (!printed.endsWith(mark)) {
        const { done, value } = await chunks.next()
        if (done) throw new Error(`These lines failed:\n${lines}\n${printed}`)
        printed += value.toString()
      }
      return printed.slice(0, -mark.length)
    },
    async [Symbol.asyncDispose]() {
      shell.stdin.end()
      if (shell.exitCode === null) await once(shell, 'close')
    },
  }
}

/** Small curl and jq for machines that have none: of all tools only FFmpeg is installed for the tests. */
async function toolsIn(folder: string, always: boolean): Promise<string> {
  const place = path.join(folder, '.tools')
  await mkdir(place, { recursive: true })
  for (const tool of ['curl', 'jq']) {
    if (!always && spawnSync(tool, ['--version']).status === 0) continue
    const file = path.join(place, tool)
    await writeFile(file, `#!/bin/sh\nexec '${process.execPath}' '${STAND_INS}' ${tool} "$@"\n`)
    await chmod(file, 0o755)
  }
  return place
}
