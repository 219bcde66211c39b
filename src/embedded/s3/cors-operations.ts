import { z } from 'zod'
import type { Handler } from './call.ts'
import type { CorsRule } from './cors-rules.ts'
import { S3Error } from './errors.ts'
import { refuseUnknown } from './parameters.ts'
import type { Store } from './store.ts'
import { optional, parseXml, S3_NAMESPACE, xml, type Xml } from './xml.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html */
const MAX_RULES = 100
const METHODS = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE']
/** A name as HTTP knows it: RFC 9110 section 5.6.2. Anything else could not be sent in a header. */
const HEADER_NAME = /^[\w!#$%&'+.^`|~-]+$/

const LISTS = ['AllowedOrigin', 'AllowedMethod', 'AllowedHeader', 'ExposeHeader']

const RuleElement = z.looseObject({
  ID: z.string().max(255).optional(),
  AllowedOrigin: z.array(z.string()),
  AllowedMethod: z.array(z.string()),
  AllowedHeader: z.array(z.string()).default([]),
  ExposeHeader: z.array(z.string()).default([]),
  MaxAgeSeconds: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .optional(),
})
const Configuration = z.object({
  CORSConfiguration: z.looseObject({ CORSRule: z.array(RuleElement).max(MAX_RULES) }),
})

export function createCorsOperations(store: Store) {
  const putBucketCors: Handler = ({ request: { bucket }, text }) => {
    const rules = readRules(text)
    store.transaction(() => {
      store.requireBucket(bucket)
      store.buckets.setCors(bucket, rules)
    })
    return {}
  }

  const getBucketCors: Handler = ({ request: { bucket } }) => {
    store.requireBucket(bucket)
    const rules = store.buckets.cors(bucket) ?? []
    if (rules.length === 0) throw new S3Error('NoSuchCORSConfiguration')
    return {
      body: xml`<CORSConfiguration xmlns="${S3_NAMESPACE}">${rules.map(ruleElement)}</CORSConfiguration>`,
    }
  }

  const deleteBucketCors: Handler = ({ request: { bucket } }) => {
    store.transaction(() => {
      store.requireBucket(bucket)
      store.buckets.setCors(bucket, [])
    })
    return { status: 204 }
  }

  return { putBucketCors, getBucketCors, deleteBucketCors }
}

/** Reads the body that sets the rules. Throws MalformedXML, and InvalidRequest for what no rule can say. */
function readRules(text: string): CorsRule[] {
  const parsed = Configuration.safeParse(parseXml(text, ['CORSRule', ...LISTS]))
  if (!parsed.success) throw new S3Error('MalformedXML')
  refuseUnknown(parsed.data.CORSConfiguration, ['CORSRule'])
  return parsed.data.CORSConfiguration.CORSRule.map((element) => {
    refuseUnknown(element, ['ID', 'MaxAgeSeconds', ...LISTS])
    const rule = {
      allowedOrigins: element.AllowedOrigin,
      allowedMethods: element.AllowedMethod,
      allowedHeaders: element.AllowedHeader,
      exposeHeaders: element.ExposeHeader,
      ...(element.ID !== undefined && { id: element.ID }),
      ...(element.MaxAgeSeconds !== undefined && { maxAgeSeconds: element.MaxAgeSeconds }),
    }
    checkRule(rule)
    return rule
  })
}

function checkRule({ allowedOrigins, allowedMethods, allowedHeaders, exposeHeaders }: CorsRule): void {
  const refuse = (culprit: string | undefined, sentence: (culprit: string) => string): void => {
    if (culprit !== undefined) throw new S3Error('InvalidRequest', sentence(culprit))
  }
  refuse(
    allowedMethods.find((method) => !METHODS.includes(method)),
    (method) => `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`,
  )
  refuse(
    allowedOrigins.find(hasSeveralWildcards),
    (origin) => `AllowedOrigin "${origin}" can not have more than one wildcard.`,
  )
  refuse(
    allowedHeaders.find(hasSeveralWildcards),
    (header) => `AllowedHeader "${header}" can not have more than one wildcard.`,
  )
  refuse(
    exposeHeaders.find((header) => header.includes('*')),
    (header) =>
      `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
  )
  refuse(
    exposeHeaders.find((header) => !HEADER_NAME.test(header)),
    (header) => `ExposeHeader "${header}" is not the name of a header.`,
  )
}

const hasSeveralWildcards = (pattern: string): boolean => pattern.split('*').length > 2

const ruleElement = (rule: CorsRule): Xml =>
  xml`<CORSRule>${[
    optional('ID', rule.id),
    ...rule.allowedHeaders.map((header) => optional('AllowedHeader', header)),
    ...rule.allowedMethods.map((method) => optional('AllowedMethod', method)),
    ...rule.allowedOrigins.map((origin) => optional('AllowedOrigin', origin)),
    ...rule.exposeHeaders.map((header) => optional('ExposeHeader', header)),
    optional('MaxAgeSeconds', rule.maxAgeSeconds),
  ]}</CORSRule>`
