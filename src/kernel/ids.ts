import { randomInt } from 'node:crypto'

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'
const MODULUS = ALPHABET.length
/** 25 base-36 digits are 129.2 bits, just over the 128 that make an id impossible to guess. */
const RANDOM_DIGITS = 25

/** ISO/IEC 7064 MOD 37,36: one check character that catches every single wrong character and almost every swap. */
export function checkCharacter(digits: string): string {
  let product = MODULUS
  for (const digit of digits) {
    const sum = (product + ALPHABET.indexOf(digit)) % MODULUS || MODULUS
    product = (sum * 2) % (MODULUS + 1)
  }
  return ALPHABET.charAt((MODULUS + 1 - product) % MODULUS)
}

/** A fresh random id: 26 characters, lower-case letters and digits, the last one a check character. */
export function newId(): string {
  const digits = Array.from({ length: RANDOM_DIGITS }, () => ALPHABET.charAt(randomInt(MODULUS))).join('')
  return digits + checkCharacter(digits)
}

/** The id that belongs to a digest of at least 17 bytes: always the same one. */
export function idFromDigest(digest: Buffer): string {
  const number = BigInt(`0x${digest.toString('hex')}`)
  const digits = number.toString(MODULUS).padStart(RANDOM_DIGITS, '0').slice(-RANDOM_DIGITS)
  return digits + checkCharacter(digits)
}

/** Whether `text` could be one of our ids: a mistyped one is told apart without a read of the store. */
export function isId(text: string): boolean {
  if (!/^[0-9a-z]{26}$/.test(text)) return false
  return checkCharacter(text.slice(0, RANDOM_DIGITS)) === text.charAt(RANDOM_DIGITS)
}
