import { systemTiming, type Timing } from './timing.ts'

/** One store with one value in it. */
const STORE = 'uploads'
const KEPT_AT_MOST = 100
/** A database that hangs must not keep an upload from starting. */
const PATIENCE_MS = 3000

/** What tells one file from another. */
export type Fingerprint = { readonly name: string; readonly size: number; readonly lastModified: number }
/** As much of the browser's `FileSystemFileHandle` as is of use here: the file again, without asking for it. */
export type FileHandle = { readonly kind: 'file'; readonly name: string; getFile(): Promise<File> }
export type BegunUpload = Fingerprint & { readonly uploadId: string; readonly handle?: FileHandle }

type EventType = 'success' | 'error' | 'upgradeneeded' | 'complete' | 'abort'
type Target = { addEventListener(type: EventType, listener: (event: unknown) => void): void }
type Request<T> = Target & { readonly result: T }
type Store = { get(key: string): Request<unknown>; put(value: unknown, key: string): unknown }
type Transaction = Target & { objectStore(name: string): Store }
type Database = {
  createObjectStore(name: string): unknown
  transaction(name: string, mode: 'readwrite'): Transaction
  close(): void
}
/** As much of the browser's `IDBFactory` as is used here. */
export type Databases = { open(name: string, version: number): Request<Database> }

type MemoryParts = {
  /** The browser's `indexedDB`. */
  indexedDb: Databases | undefined
  /** Of the database; one for each server. */
  name: string
  timing?: Timing
}

export type UploadMemory = ReturnType<typeof createUploadMemory>

/**
 * Uploads that are not complete, by the file they are of, oldest first and 100 at most: a file that is added again,
 * after a reload or the next day, goes on where it stopped. Without storage nothing is remembered, and nothing breaks.
 */
export function createUploadMemory({ indexedDb, name, timing = systemTiming }: MemoryParts) {
  async function use(change?: (begun: Begun) => void): Promise<Begun> {
    if (!indexedDb) return new Map()
    const request = indexedDb.open(name, 1)
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE))
    await until(request, 'success')
    const database = request.result
    try {
      const transaction = database.transaction(STORE, 'readwrite')
      const store = transaction.objectStore(STORE)
      const read = store.get(STORE)
      await until(read, 'success')
      const begun = (read.result ?? new Map()) as Begun
      if (change) {
        change(begun)
        store.put(begun, STORE)
      }
      await until(transaction, 'complete')
      return begun
    } finally {
      database.close()
    }
  }

  const useQuietly = (change?: (begun: Begun) => void) =>
    new Promise<Begun>((resolve) => {
      const giveUp = () => resolve(new Map())
      const stop = timing.timer(PATIENCE_MS, giveUp)
      void use(change).then(resolve, giveUp).finally(stop)
    })

  return {
    list: async () => [...(await useQuietly()).values()],
    find: async (file: Fingerprint) => (await useQuietly()).get(keyOf(file)),
    /** Without a handle, one that was given earlier stays. */
    async remember(file: Fingerprint, uploadId: string, handle?: FileHandle): Promise<void> {
      const { name, size, lastModified } = file
      const latest = { name, size, lastModified, uploadId, ...(handle && { handle }) }
      await useQuietly((begun) => {
        const key = keyOf(file)
        const before = begun.get(key)
        begun.delete(key)
        begun.set(key, { ...before, ...latest })
        for (const oldest of begun.keys()) if (begun.size > KEPT_AT_MOST) begun.delete(oldest)
      })
    },
    async forget(file: Fingerprint): Promise<void> {
      await useQuietly((begun) => begun.delete(keyOf(file)))
    },
  }
}

/** The newest is the last. */
type Begun = Map<string, BegunUpload>

const keyOf = ({ name, size, lastModified }: Fingerprint) => JSON.stringify([name, size, lastModified])

const until = (target: Target, type: 'success' | 'complete') =>
  new Promise((resolve, reject) => {
    target.addEventListener(type, resolve)
    target.addEventListener('error', reject)
    target.addEventListener('abort', reject)
  })
