import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { apiReference, type ApiDocument } from '../support/api-reference.ts'
import { listen, makeAudio } from '../support/audio.ts'
import { pacedFfmpeg } from '../support/tools.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'
import { startService } from '../support/service.ts'
import { openShell } from '../support/shell.ts'
import { blocks, read, ROOT } from '../unit/markdown.ts'

/** The lines of the documents as they are printed, against a program of the test. */
let folder: Awaited<ReturnType<typeof makeDataDir>>
beforeEach(async () => {
  folder = await makeDataDir()
})
afterEach(() => folder[Symbol.asyncDispose]())

const PRINTED = 'http://localhost:3000'

test.each([{ tools: false }, { tools: true }])(
  'the lines of the README convert a file (own curl and jq: $tools)',
  async (options) => {
    await using program = await startProgram()
    await using shell = await openShell(folder.path, options)
    await makeAudio(path.join(folder.path, 'song.wav'), { seconds: 5 })
    const [lines = ''] = blocks(await read('README.md'), 'sh').filter((text) => text.includes('curl'))
    expect(await shell.run(lines.replace(PRINTED, program.url))).toContain('"state":"done"')
    const song = path.join(folder.path, 'song.mp3')
    expect(await listen(song)).toMatchObject({ codec: 'mp3', title: 'Two sines' })
  },
)

test('every call of the API and every shape is documented, and nothing else is', async () => {
  await using running = await startService()
  const answer = await fetch(`${running.url}/api/openapi.json`)
  const file = path.join(ROOT, 'docs/reference/api.md')
  await expect(await apiReference(file, (await answer.json()) as ApiDocument)).toMatchFileSnapshot(file)
})

test(
  'the tutorial goes as it says, from making a file to its end after a kill',
  { timeout: 240_000 },
  async () => {
    const [clone, make, upload, convert, watch, kill, again, end, ...more] = blocks(
      await read('docs/tutorial.md'),
      'sh',
    ) as [string, string, string, string, string, string, string, string]
    expect(more).toEqual([])
    expect(clone).toMatch(/npm start\n$/)
    expect(again).toBe('npm start\n')
    const dataDir = path.join(folder.path, 'data')
    const env = { FFMPEG_PATH: await pacedFfmpeg(folder.path, 60) }
    const first = await startProgram({ dataDir, env })
    await using shell = await openShell(folder.path)
    expect(make).toContain('duration=1800')
    await shell.run(make.replace('duration=1800', 'duration=240'))
    expect(await shell.run(upload.replace(PRINTED, first.url))).toContain('"state":"ready"')
    expect(await shell.run(convert)).toContain('"jobId"')
    expect(await shell.run(watch)).toMatch(/^event: progress$[^]*^data: .*"state":"running"/m)

    expect(await commandOf(first)).toMatch(new RegExp(/-f '(.+)'/.exec(kill)?.[1] ?? 'nothing'))
    await first.kill('SIGKILL') // and no other program of this machine, as the line itself would
    await using second = await startProgram({ dataDir, env: { ...env, PORT: new URL(first.url).port } })
    expect(second.url).toBe(first.url)
    expect(await shell.run(end)).toMatch(/"state":"done"[^]*done\n2\n[^]*duration=240/)
  },
)

const commandOf = async ({ pid }: Program) =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
