import type { PickedFile } from '../deck/index.ts'

/** As much of the File System Access API as is used here; not every browser has it. */
type Handle = FileSystemHandle & { kind: 'file' | 'directory' }
type WithHandle = DataTransferItem & { getAsFileSystemHandle?: () => Promise<Handle | null> }

/** Files that systems put beside those of people. */
const LITTER = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini'])
const withoutLitter = (picked: PickedFile[]) => picked.filter(({ file }) => !LITTER.has(file.name))

/** All files that were picked, or that are in a folder that was. */
export const pickedOf = (files: FileList | null): PickedFile[] =>
  withoutLitter(Array.from(files ?? [], (file) => ({ file })))

/**
 * All files of a drop or a paste, those in folders too, in the order of their names there. With a way back to each where
 * the browser gives one.
 */
export async function filesOf(transfer: DataTransfer): Promise<PickedFile[]> {
  // The list is emptied as soon as the event is over: everything has to be asked for at once.
  const items = Array.from(transfer.items as Iterable<WithHandle>).filter(({ kind }) => kind === 'file')
  const asked = items.map((item) => {
    const entry = item.webkitGetAsEntry()
    const file = item.getAsFile()
    const handle = item.getAsFileSystemHandle?.().catch(() => null)
    return fromItem(entry, file, handle)
  })
  return withoutLitter((await Promise.all(asked)).flat())
}

async function fromItem(
  entry: FileSystemEntry | null,
  file: File | null,
  asked: Promise<Handle | null> | undefined,
): Promise<PickedFile[]> {
  if (entry?.isDirectory) return walk(entry as FileSystemDirectoryEntry)
  const handle = await asked
  return file ? [{ file, ...(handle?.kind === 'file' && { handle: handle as FileSystemFileHandle }) }] : []
}

async function walk(folder: FileSystemDirectoryEntry): Promise<PickedFile[]> {
  const entries = (await readAll(folder)).sort((a, b) =>
    a.name.localeCompare(b.name, undefined, { numeric: true }),
  )
  const found = await Promise.all(
    entries.map(async (entry) => {
      if (entry.isDirectory) return walk(entry as FileSystemDirectoryEntry)
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      )
      return [{ file }]
    }),
  )
  return found.flat()
}

/** A reader gives a hundred entries at a time, and none when there are no more. */
async function readAll(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) return all
    all.push(...some)
  }
}
