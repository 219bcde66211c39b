const RATE_HZ = 48_000
const CHANNELS = 2
const BYTES_PER_SAMPLE = 2
const FRAME_BYTES = CHANNELS * BYTES_PER_SAMPLE
/** What 32 bits can say; above it the sizes stand in a chunk of their own (RF64, EBU Tech 3306). */
const LARGEST_RIFF = 0xffffffff
const SIZES_BYTES = 36

/**
 * The beginning of a WAV file that is `fileBytes` large in all, 16 bit stereo at 48 kHz: whatever follows is its sound
 * (Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0").
 */
export function wavHeader(fileBytes: number): Buffer {
  const isLarge = fileBytes > LARGEST_RIFF
  const dataBytes = fileBytes - 44 - (isLarge ? SIZES_BYTES : 0)
  const header = Buffer.alloc(44 + (isLarge ? SIZES_BYTES : 0))
  let at = 0
  const text = (four: string) => (at += header.write(four, at))
  const uint32 = (value: number) => (at = header.writeUInt32LE(value, at))
  const uint16 = (value: number) => (at = header.writeUInt16LE(value, at))
  const uint64 = (value: number) => (at = header.writeBigUInt64LE(BigInt(value), at))
  text(isLarge ? 'RF64' : 'RIFF')
  uint32(isLarge ? LARGEST_RIFF : fileBytes - 8)
  text('WAVE')
  if (isLarge) {
    text('ds64')
    uint32(SIZES_BYTES - 8)
    for (const size of [fileBytes - 8, dataBytes, Math.floor(dataBytes / FRAME_BYTES)]) uint64(size)
    uint32(0)
  }
  text('fmt ')
  uint32(16)
  for (const value of [1, CHANNELS]) uint16(value)
  for (const value of [RATE_HZ, RATE_HZ * FRAME_BYTES]) uint32(value)
  for (const value of [FRAME_BYTES, BYTES_PER_SAMPLE * 8]) uint16(value)
  text('data')
  uint32(isLarge ? LARGEST_RIFF : dataBytes)
  return header
}
