import { expect, test } from 'vitest'
import { createHistory } from './history.ts'
import type { Track } from './track.ts'

const NOW = Date.parse('2026-01-02T00:00:00Z')
const file = { name: 'a.wav', size: 3, lastModified: 1 }
const track = (key: string, patch: Partial<Track> = {}): Track => ({
  ...{ key, file, attempt: 1, uploaded: 100, edits: {}, state: { step: 'ready' } },
  ...patch,
})

function open(kept = new Map<string, string>(), now = NOW) {
  const due: (() => void)[] = []
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
  }
  const history = createHistory({ storage, name: 'list', now: () => now, later: (run) => due.push(run) })
  return { kept, history, due }
}

test('the next visit finds what was there, without the files themselves', () => {
  const { kept, history } = open()
  history.save([track('a', { picked: { file: new File(['abc'], 'a.wav') }, uploadId: 'u' })])
  history.flush()
  expect(open(kept).history.load()).toEqual([{ ...track('a'), uploadId: 'u', earlier: false }])
})

test('a file that was being sent is interrupted, a conversion is of an earlier visit', () => {
  const { kept, history } = open()
  const converting = {
    step: 'converting',
    jobId: 'j',
    name: 'a.mp3',
    wish: { format: 'mp3', options: {} },
  } as const
  history.save([track('a', { state: { step: 'uploading' } }), track('b', { state: converting })])
  history.flush()
  const [a, b] = open(kept).history.load()
  expect(a?.state).toEqual({ step: 'interrupted' })
  expect(b).toMatchObject({ state: converting, earlier: true })
})

test('what the server has removed is not found again', () => {
  const { kept, history } = open()
  history.save([
    track('a', { expiresAt: '2026-01-02T01:00:00Z' }),
    track('b', { expiresAt: '2026-01-03T00:00:00Z' }),
  ])
  history.flush()
  const inTwoHours = open(kept, NOW + 7_200_000).history.load()
  expect(inTwoHours.map(({ key }) => key)).toEqual(['b'])
})

test('many changes are written once, a little later', () => {
  const { kept, history, due } = open()
  history.save([track('a')])
  history.save([track('a'), track('b')])
  expect(due.length).toBe(1)
  expect(kept.size).toBe(0)
  due[0]?.()
  expect(open(kept).history.load().length).toBe(2)
})

test('two windows keep each its own rows', () => {
  const kept = new Map<string, string>()
  const [one, other] = [open(kept).history, open(kept).history]
  one.save([track('a'), track('b')])
  one.flush()
  other.save([track('c')])
  other.flush()
  one.save([track('b')])
  one.flush()
  expect(
    open(kept)
      .history.load()
      .map(({ key }) => key),
  ).toEqual(['c', 'b'])
})

test.each(['', 'nonsense', '{"version":99,"tracks":[1]}', '[]'])(
  '%s is no list, and breaks nothing',
  (text) => {
    const { history } = open(new Map([['list', text]]))
    expect(history.load()).toEqual([])
  },
)

test('without storage nothing is remembered, and nothing breaks', () => {
  const history = createHistory({ storage: undefined, name: 'list', now: () => NOW, later: (run) => run() })
  history.save([track('a')])
  expect(history.load()).toEqual([])
})
