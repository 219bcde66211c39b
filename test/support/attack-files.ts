import { crc32, deflateSync } from 'node:zlib'

/** HTTP Live Streaming (RFC 8216): one segment, wherever it lies. */
export const hlsOf = (address: string) =>
  Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${address}\n#EXT-X-ENDLIST\n`)

/** A script of FFmpeg's concat demuxer. */
export const ffconcatOf = (name: string) => Buffer.from(`ffconcat version 1.0\nfile ${name}\n`)

/** A WAV file of silence, 16 bit, with whatever rate and channels (see wav.ts for where that is written down). */
export function silentWav({
  rateHz,
  channels,
  frames,
}: {
  rateHz: number
  channels: number
  frames: number
}) {
  const frameBytes = channels * 2
  const dataBytes = frames * frameBytes
  const file = Buffer.alloc(44 + dataBytes)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + dataBytes, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(channels, 22)
  file.writeUInt32LE(rateHz, 24)
  file.writeUInt32LE(rateHz * frameBytes, 28)
  file.writeUInt16LE(frameBytes, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(dataBytes, 40)
  return file
}

const FLAC_RATE_HZ = 8000
const FLAC_BLOCK = 65_535

/**
 * A FLAC file (RFC 9639) of silence at 8 kHz that lasts `seconds`, while its header claims another length. A frame holds
 * one constant for 65,535 samples, so that eight seconds take 14 bytes.
 */
export function silentFlac({ seconds, claimedSeconds }: { seconds: number; claimedSeconds: number }) {
  const info = Buffer.alloc(42)
  info.write('fLaC')
  info[4] = 0x80 // the last metadata block, of type STREAMINFO
  info.writeUIntBE(34, 5, 3)
  info.writeUInt16BE(FLAC_BLOCK, 8)
  info.writeUInt16BE(FLAC_BLOCK, 10)
  const samples = BigInt(claimedSeconds * FLAC_RATE_HZ)
  info.writeBigUInt64BE((BigInt(FLAC_RATE_HZ) << 44n) | (15n << 36n) | samples, 18) // mono, 16 bit
  const frames = Math.ceil((seconds * FLAC_RATE_HZ) / FLAC_BLOCK)
  return Buffer.concat([info, ...Array.from({ length: frames }, (_, number) => silentFrame(number))])
}

/** Block size and frame number are in the header; the constant subframe is a zero byte and the value, zero. */
function silentFrame(number: number): Buffer {
  const header = [
    0xff,
    0xf8,
    0x70,
    0x08,
    ...codedNumber(number),
    (FLAC_BLOCK - 1) >> 8,
    (FLAC_BLOCK - 1) & 255,
  ]
  const frame = [...header, crc(header, 8, 0x07), 0, 0, 0]
  const sum = crc(frame, 16, 0x8005)
  return Buffer.from([...frame, sum >> 8, sum & 255])
}

/** Numbers are written as UTF-8 writes characters: up to 16 bits here. */
function codedNumber(number: number): number[] {
  if (number < 0x80) return [number]
  if (number < 0x800) return [0xc0 | (number >> 6), 0x80 | (number & 63)]
  return [0xe0 | (number >> 12), 0x80 | ((number >> 6) & 63), 0x80 | (number & 63)]
}

function crc(bytes: readonly number[], width: 8 | 16, polynomial: number): number {
  const [top, mask] = [1 << (width - 1), (1 << width) - 1]
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte << (width - 8)
    for (let bit = 0; bit < 8; bit++) sum = (sum & top ? (sum << 1) ^ polynomial : sum << 1) & mask
  }
  return sum
}

/** The file with one more frame (ID3v2.3) in front of it. Players skip what they know already. */
export function withId3(frameId: 'APIC' | 'TIT2', body: Buffer, mp3: Buffer): Buffer<ArrayBuffer> {
  const frame = Buffer.alloc(10)
  frame.write(frameId)
  frame.writeUInt32BE(body.length, 4)
  const size = frame.length + body.length
  const sevenBits = [21, 14, 7, 0].map((shift) => (size >> shift) & 127)
  return Buffer.concat([Buffer.from('ID3\x03\0\0'), Buffer.from(sevenBits), frame, body, mp3])
}

/** A cover of a few kilobytes that says it is so many pixels wide and high, four bytes each. */
export const coverOf = (side: number) =>
  Buffer.concat([Buffer.from('\0image/png\0\x03\0', 'latin1'), pngOf(side)])

/** A PNG (RFC 2083) whose pixels are missing, but for the first. */
function pngOf(side: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([8, 6], 8) // 8 bits of red, green, blue and alpha
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
  const pixels = deflateSync(Buffer.alloc(1024 * 1024))
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
