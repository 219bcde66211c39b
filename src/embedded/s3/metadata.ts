import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Failure } from '../../kernel/failure.ts'

/** Another process, or another server in this one, has the data folder open. */
export class DataFolderInUse extends Failure {
  readonly code = 'data-folder-in-use'

  constructor(directory: string, cause: unknown) {
    super(
      `The data folder ${directory} is in use by another process. Stop that one, or choose another folder.`,
      {},
      { cause },
    )
  }
}

/** The one SQLite database of a server, and the way to change several rows as one. */
export type Metadata = {
  readonly database: DatabaseSync
  /** Runs `work` in a transaction: all of it is on the disk when this returns, nothing of it when this throws. */
  readonly transaction: <Result>(work: () => Result) => Result
  readonly close: () => void
}

const SCHEMA_VERSION = 3

/**
 * Keys are BLOBs, since SQLite compares those byte by byte: that is the order of S3 lists, and it needs no care with
 * NUL. An object is an ordered list of blobs; a part of an upload is one blob. Each blob has one owner. An object that
 * was put together from parts remembers the id of its upload. The CORS rules of a bucket are JSON.
 */
const SCHEMA = `
  CREATE TABLE buckets (
    name TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    cors TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key BLOB NOT NULL,
    etag TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    headers TEXT NOT NULL,
    upload TEXT,
    UNIQUE (bucket, key)
  ) STRICT;
  CREATE TABLE object_blobs (
    object INTEGER NOT NULL REFERENCES objects (id),
    position INTEGER NOT NULL,
    blob TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (object, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key BLOB NOT NULL,
    initiated_at INTEGER NOT NULL,
    headers TEXT NOT NULL,
    checksum_algorithm TEXT
  ) STRICT;
  CREATE INDEX uploads_by_key ON uploads (bucket, key, id);
  CREATE TABLE parts (
    upload TEXT NOT NULL REFERENCES uploads (id),
    number INTEGER NOT NULL,
    blob TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    checksum_algorithm TEXT,
    checksum_value TEXT,
    PRIMARY KEY (upload, number)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${SCHEMA_VERSION};`

/** What makes a data folder of an earlier version one of this version. */
const UPGRADES: Readonly<Record<number, string>> = {
  2: `
  ALTER TABLE buckets ADD COLUMN cors TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE uploads ADD COLUMN checksum_algorithm TEXT;
  PRAGMA user_version = 3;`,
}

/** https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5

/** Opens `<directory>/s3.sqlite` and locks it for this process until it ends, however it ends. Throws DataFolderInUse. */
export function openMetadata(directory: string): Metadata {
  const database = new DatabaseSync(join(directory, 's3.sqlite'))
  const transaction = <Result>(work: () => Result): Result => runTransaction(database, work)
  try {
    // The lock is one of the operating system: it goes with the process, even after `kill -9`.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    transaction(() => createSchema(database))
    return { database, transaction, close: () => database.close() }
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY)
      throw new DataFolderInUse(directory, error)
    throw error
  }
}

function createSchema(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version === SCHEMA_VERSION) return
  const statements = version === 0 ? SCHEMA : UPGRADES[version]
  if (statements === undefined)
    throw new Error(`s3.sqlite has schema ${version}; this program knows ${SCHEMA_VERSION}.`)
  database.exec(statements)
}

function runTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN EXCLUSIVE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
