import { createHash } from 'node:crypto'
import { addAbortSignal, Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import type { Clock } from '../../src/kernel/clock.ts'
import { crc32Hex } from '../../src/kernel/crc32-hex.ts'
import { UploadNotFound } from '../../src/uploads/failures.ts'
import {
  MultipartGone,
  type ListedPart,
  type PartToSend,
  type SignedPart,
  type SourceStore,
} from '../../src/uploads/source-store.ts'

type Multipart = {
  uploadId: string
  summed: boolean
  parts: Map<number, { listed: ListedPart; bytes: Buffer }>
}

type Stored = Pick<
  SourceStore,
  'abort' | 'begin' | 'join' | 'listParts' | 'putPart' | 'read' | 'remove' | 'signPart' | 'sizeOf'
>

/** The bytes of uploads as S3 would have them: a multipart upload until it is joined, then an object. */
export class MemorySourceStore implements Stored {
  /** Multipart uploads that are neither joined nor aborted, by their ids. */
  readonly multiparts = new Map<string, Multipart>()
  readonly objects = new Map<string, Buffer>()
  /** What was aborted, in order. */
  readonly aborted: string[] = []
  readonly #clock: Pick<Clock, 'now'>
  #begun = 0

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  begin(uploadId: string, { summed }: { summed: boolean }): Promise<string> {
    const id = `multipart ${++this.#begun}`
    this.multiparts.set(id, { uploadId, summed, parts: new Map() })
    return Promise.resolve(id)
  }

  async putPart(
    uploadId: string,
    multipartId: string,
    { number, body }: PartToSend & { body: Readable },
    signal: AbortSignal,
  ): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of addAbortSignal(signal, body)) chunks.push(chunk as Buffer)
    return this.#put(this.#at(uploadId, multipartId), number, Buffer.concat(chunks))
  }

  /** A part that a client sends straight here. */
  putDirectly(uploadId: string, number: number, bytes: Buffer): string {
    const multipart = this.multipartOf(uploadId)
    if (!multipart) throw new MultipartGone()
    return this.#put(multipart, number, bytes)
  }

  /** The multipart upload that was begun last for an upload. */
  multipartOf(uploadId: string): Multipart | undefined {
    return [...this.multiparts.values()].findLast((one) => one.uploadId === uploadId)
  }

  #put({ summed, parts }: Multipart, number: number, bytes: Buffer): string {
    const etag = createHash('md5').update(bytes).digest('hex')
    const sum = summed ? { crc32: crc32Hex(crc32(bytes)) } : {}
    const listed = { size: bytes.length, etag, ...sum, modifiedAt: this.#clock.now() }
    parts.set(number, { listed, bytes })
    return etag
  }

  signPart(uploadId: string, multipartId: string, part: PartToSend): Promise<SignedPart> {
    const url = `https://s3/${uploadId}/${multipartId}/${part.number}?size=${part.size}`
    return Promise.resolve({ url, headers: part.crc32 === undefined ? {} : { checksum: part.crc32 } })
  }

  async listParts(uploadId: string, multipartId: string, after = 0): Promise<Map<number, ListedPart>> {
    const { parts } = await Promise.resolve(this.#at(uploadId, multipartId))
    const left = [...parts].filter(([number]) => number > after).sort(([a], [b]) => a - b)
    return new Map(left.map(([number, { listed }]) => [number, listed]))
  }

  async join(uploadId: string, multipartId: string, wanted: ReadonlyMap<number, ListedPart>): Promise<void> {
    const { parts } = await Promise.resolve(this.#at(uploadId, multipartId))
    const bytes = [...wanted.keys()].sort((a, b) => a - b).map((number) => parts.get(number)?.bytes)
    this.objects.set(uploadId, Buffer.concat(bytes.filter((one) => one !== undefined)))
    this.multiparts.delete(multipartId)
  }

  sizeOf(uploadId: string): Promise<number | undefined> {
    return Promise.resolve(this.objects.get(uploadId)?.length)
  }

  read(uploadId: string): Promise<Readable> {
    const object = this.objects.get(uploadId)
    return object ? Promise.resolve(Readable.from([object])) : Promise.reject(new UploadNotFound())
  }

  async remove(uploadId: string, multipartId: string | undefined): Promise<void> {
    if (multipartId !== undefined) await this.abort(uploadId, multipartId)
    this.objects.delete(uploadId)
  }

  abort(uploadId: string, multipartId: string): Promise<void> {
    this.aborted.push(multipartId)
    if (this.multiparts.get(multipartId)?.uploadId === uploadId) this.multiparts.delete(multipartId)
    return Promise.resolve()
  }

  #at(uploadId: string, multipartId: string): Multipart {
    const found = this.multiparts.get(multipartId)
    if (found?.uploadId !== uploadId) throw new MultipartGone()
    return found
  }
}
