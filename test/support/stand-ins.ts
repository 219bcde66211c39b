import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'

/** As much of curl and jq as the documents use, for machines without them. */
async function curl(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...{ silent: { type: 'boolean', short: 's' }, 'no-buffer': { type: 'boolean', short: 'N' } },
      ...{
        'remote-name': { type: 'boolean', short: 'O' },
        'remote-header-name': { type: 'boolean', short: 'J' },
      },
      ...{ json: { type: 'string' }, request: { type: 'string', short: 'X' } },
      'upload-file': { type: 'string', short: 'T' },
    },
  })
  const file = values['upload-file']
  const answer = await fetch(positionals[0] ?? '', {
    method: values.request ?? (file ? 'PUT' : values.json === undefined ? 'GET' : 'POST'),
    ...(values.json !== undefined && { body: values.json, headers: { 'content-type': 'application/json' } }),
    ...(file && { body: await openAsBlob(file, { type: 'application/octet-stream' }) }),
  })
  if (values['remote-header-name']) return keep(answer)
  for await (const chunk of answer.body ?? [])
    if (!process.stdout.write(chunk as Uint8Array)) await once(process.stdout, 'drain')
}

async function keep(answer: Response): Promise<void> {
  const [, name = 'unnamed'] =
    /filename="?([^";]+)/.exec(answer.headers.get('content-disposition') ?? '') ?? []
  await writeFile(name, Buffer.from(await answer.arrayBuffer()))
}

/** Fields of one object, as in `jq -r '.state, .attempt'`. */
async function jq([flag, program = '']: string[]): Promise<void> {
  if (flag !== '-r') throw new Error('This jq prints raw texts alone.')
  const document = JSON.parse(await text(process.stdin)) as Record<string, unknown>
  for (const field of program.split(',')) console.log(document[field.trim().slice(1)])
}

const [tool, ...args] = process.argv.slice(2)
process.stdout.on('error', () => process.exit(0)) // head has read enough
await (tool === 'curl' ? curl(args) : jq(args))
