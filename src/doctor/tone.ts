const RATE_HZ = 8000
const TONE_HZ = 440
const HEADER_BYTES = 44
const BYTES_PER_SAMPLE = 2
/** Half of the full scale, which no format clips. */
const AMPLITUDE = 0x4000

/** A WAV file of a sine, 8 kHz, mono, 16 bits: 16 kB a second. */
export function tone(seconds: number): Buffer<ArrayBuffer> {
  const samples = seconds * RATE_HZ
  const file = Buffer.alloc(HEADER_BYTES + samples * BYTES_PER_SAMPLE)
  writeHeader(file)
  for (let at = 0; at < samples; at++) {
    const value = Math.round(AMPLITUDE * Math.sin((2 * Math.PI * TONE_HZ * at) / RATE_HZ))
    file.writeInt16LE(value, HEADER_BYTES + at * BYTES_PER_SAMPLE)
  }
  return file
}

/** RIFF, one `fmt ` chunk for PCM, one `data` chunk ("Multimedia Programming Interface and Data Specifications 1.0"). */
function writeHeader(file: Buffer): void {
  file.write('RIFF', 0)
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(RATE_HZ, 24)
  file.writeUInt32LE(RATE_HZ * BYTES_PER_SAMPLE, 28)
  file.writeUInt16LE(BYTES_PER_SAMPLE, 32)
  file.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34)
  file.write('data', 36)
  file.writeUInt32LE(file.length - HEADER_BYTES, 40)
}
