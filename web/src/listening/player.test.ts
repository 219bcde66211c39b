import { expect, test } from 'vitest'
import { Player, type Recording, type Speaker } from './player.ts'

/** Plays every address but those that begin with `bad`. */
class FakeSpeaker extends EventTarget implements Speaker {
  src = ''
  currentTime = 0
  isOn = false
  play(): Promise<void> {
    if (this.src.startsWith('bad')) return Promise.reject(new DOMException('', 'NotSupportedError'))
    this.isOn = true
    return Promise.resolve()
  }
  pause = () => void (this.isOn = false)
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A result that leaves out the first ten seconds, and runs twice as fast. */
const recording = (patch: Partial<Recording> = {}): Recording => ({
  key: 'row',
  places: { source: [() => 'source'], result: [() => 'result'] },
  toResult: (seconds) => (seconds - 10) / 2,
  toSource: (seconds) => seconds * 2 + 10,
  ...patch,
})

function setUp() {
  const speakers: FakeSpeaker[] = []
  const player = new Player(() => {
    const speaker = new FakeSpeaker()
    speakers.push(speaker)
    return speaker
  })
  const on = () => speakers.filter(({ isOn }) => isOn).map(({ src }) => src)
  return { player, speakers, on }
}

test('a row is played, rests, and goes on where it was', async () => {
  const { player, speakers, on } = setUp()
  player.toggle(recording(), 'source')
  expect(player.playing().state).toBe('loading')
  await settled()
  expect([player.playing().state, ...on()]).toEqual(['playing', 'source'])
  if (speakers[0]) speakers[0].currentTime = 7
  player.toggle(recording(), 'source')
  expect([player.playing().state, player.position(), ...on()]).toEqual(['paused', 7])
  player.toggle(recording(), 'source')
  await settled()
  expect(player.position()).toBe(7)
})

test('the other side goes on at the same moment, and the one before is heard until then', async () => {
  const { player, speakers, on } = setUp()
  player.toggle(recording(), 'source')
  await settled()
  if (speakers[0]) speakers[0].currentTime = 30
  player.switchTo(recording(), 'result')
  expect(on()).toEqual(['source'])
  await settled()
  expect([player.playing().side, player.position(), ...on()]).toEqual(['result', 10, 'result'])
  player.switchTo(recording(), 'source')
  await settled()
  expect(player.position()).toBe(30)
})

test('what was cut away has no moment in the result: it begins', async () => {
  const { player } = setUp()
  player.seek(recording(), 'source', 4)
  player.switchTo(recording(), 'result')
  await settled()
  expect([player.playing().state, player.position()]).toEqual(['paused', 0])
})

test('what cannot be played from one place is played from the next', async () => {
  const { player, on } = setUp()
  const places = { source: [() => 'bad', () => Promise.reject(new Error('gone')), () => 'good'] }
  player.toggle(recording({ places }), 'source')
  await settled()
  expect([player.playing().state, ...on()]).toEqual(['playing', 'good'])
})

test('what cannot be played from anywhere is told', async () => {
  const { player } = setUp()
  player.toggle(recording({ places: { source: [() => 'bad'] } }), 'source')
  await settled()
  expect(player.playing().state).toBe('failed')
})

test('one row is heard at a time', async () => {
  const { player, on } = setUp()
  player.toggle(recording(), 'source')
  await settled()
  player.toggle(recording({ key: 'other', places: { source: [() => 'other source'] } }), 'source')
  await settled()
  expect([player.playing().key, ...on()]).toEqual(['other', 'other source'])
})

test('a place that is found too late is not played', async () => {
  const { player, on } = setUp()
  const late = Promise.withResolvers<string>()
  const slow = recording({ places: { source: [() => late.promise] } })
  player.toggle(slow, 'source')
  player.toggle(slow, 'source')
  late.resolve('late')
  await settled()
  expect([player.playing().state, ...on()]).toEqual(['paused'])
})

test('at its end a sound rests at its beginning', async () => {
  const { player, speakers } = setUp()
  player.toggle(recording(), 'source')
  await settled()
  speakers[0]?.dispatchEvent(new Event('ended'))
  expect([player.playing().state, player.position()]).toEqual(['paused', 0])
})
