import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { fromBufferPromise } from 'yauzl'

export type Unzipped = { name: string; modifiedAt: Date; bytes: Buffer }

/** General purpose bit 11: the name is UTF-8 (APPNOTE 6.3.10, 4.4.4). */
const IS_UTF8 = 1 << 11

/** What lies in a zip, in its order. Fails when the zip is damaged, or a name in it does not say how it is written. */
export async function unzip(bytes: Buffer): Promise<Unzipped[]> {
  const zip = await fromBufferPromise(bytes, { lazyEntries: true, strictFileNames: true })
  const files: Unzipped[] = []
  for await (const entry of zip.eachEntry()) {
    const content = await buffer(await zip.openReadStreamPromise(entry))
    if (crc32(content) !== entry.crc32) throw new Error(`${entry.fileName} has another checksum.`)
    if ((entry.generalPurposeBitFlag & IS_UTF8) === 0) throw new Error(`Is ${entry.fileName} UTF-8?`)
    files.push({ name: entry.fileName, modifiedAt: entry.getLastModDate(), bytes: content })
  }
  return files
}
