/** An object as it lies in the bucket. */
export type SimObject = { body: string; size: number }

export type ObjectChange = { key: string; before: string | undefined; after: string | undefined }

/** One S3 bucket as a plain data structure; objects are small texts. */
export class SimBucket {
  readonly #objects = new Map<string, SimObject>()
  readonly #onChange: (change: ObjectChange) => void

  constructor(onChange: (change: ObjectChange) => void) {
    this.#onChange = onChange
  }

  put(key: string, body: string): void {
    this.#onChange({ key, before: this.get(key)?.body, after: body })
    this.#objects.set(key, { body, size: body.length })
  }

  get(key: string): SimObject | undefined {
    return this.#objects.get(key)
  }

  delete(key: string): void {
    this.#onChange({ key, before: this.get(key)?.body, after: undefined })
    this.#objects.delete(key)
  }

  /** Keys in order (S3 API reference, ListObjectsV2). */
  keys(prefix = ''): string[] {
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort()
  }
}
