import { randomInt } from 'node:crypto'
import { sha256 } from './sha256.ts'

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

/** 8 base-36 digits are 41 bits: of a billion ids that came into wrong hands, none passes for another owner's. */
const MARK_DIGITS = 8

/**
 * A fresh random id: 26 characters, lower-case letters and digits, the last one a check character. With an `owner`, 34
 * characters: a mark before the last one says whose it is (docs/adr/0027).
 */
export function newId(owner?: string): string {
  const digits = Array.from({ length: RANDOM_DIGITS }, () => ALPHABET.charAt(randomInt(MODULUS))).join('')
  return finish(digits, owner)
}

/** The id that belongs to a digest of at least 17 bytes, and to an `owner`: always the same one. */
export function idFromDigest(digest: Buffer, owner?: string): string {
  return finish(lastDigits(digest, RANDOM_DIGITS), owner)
}

/** Whether `text` could be one of our ids: a mistyped one is told apart without a read of the store. */
export function isId(text: string): boolean {
  if (!/^[0-9a-z]{26}([0-9a-z]{8})?$/.test(text)) return false
  return checkCharacter(text.slice(0, -1)) === text.at(-1)
}

/** Whether an id was made for that owner: its mark fits no other, and no read of the store is needed to know. */
export function isOwnedBy(id: string, owner: string): boolean {
  return isId(id) && id.slice(RANDOM_DIGITS, -1) === markOf(id.slice(0, RANDOM_DIGITS), owner)
}

function finish(random: string, owner: string | undefined): string {
  const digits = owner === undefined ? random : random + markOf(random, owner)
  return digits + checkCharacter(digits)
}

const markOf = (random: string, owner: string) => lastDigits(sha256(`${owner}\0${random}`), MARK_DIGITS)

const lastDigits = (digest: Buffer, count: number) =>
  BigInt(`0x${digest.toString('hex')}`)
    .toString(MODULUS)
    .padStart(count, '0')
    .slice(-count)
