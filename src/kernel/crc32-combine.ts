/** CRC-32 polynomial of ISO 3309 and RFC 1952, bits reversed. */
const POLYNOMIAL = 0xedb88320

/**
 * The CRC-32 of two pieces one after the other, from the CRC-32 of each and the length of the second in bytes.
 * Appending a zero bit is a linear map over GF(2), so n zero bits are that map's n-th power: zlib's crc32_combine.
 */
export const combineCrc32 = (first: number, second: number, secondBytes: number): number =>
  (apply(zeros(secondBytes), first) ^ second) >>> 0

/** A linear map of 32 bits as its 32 columns. */
type Operator = Uint32Array

/** Pieces of one file have all the same length but the last. */
let latest: { bytes: number; operator: Operator } | undefined

/** The map that appends so many zero bytes. */
function zeros(bytes: number): Operator {
  if (latest?.bytes === bytes) return latest.operator
  let operator = Uint32Array.from({ length: 32 }, (_, bit) => 1 << bit)
  let power = square(square(square(oneZeroBit()))) // one zero byte
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) operator = operator.map((column) => apply(power, column))
    power = square(power)
  }
  latest = { bytes, operator }
  return operator
}

const oneZeroBit = (): Operator =>
  Uint32Array.from({ length: 32 }, (_, bit) => (bit === 0 ? POLYNOMIAL : 1 << (bit - 1)))

function apply(operator: Operator, vector: number): number {
  let sum = 0
  for (let bit = 0, rest = vector >>> 0; rest !== 0; bit++, rest >>>= 1)
    if (rest & 1) sum ^= operator[bit] ?? 0
  return sum >>> 0
}

const square = (operator: Operator): Operator => operator.map((column) => apply(operator, column))
