import { rmSync } from 'node:fs'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { addStacks } from '../lib/stacks.ts'

const IMAGE = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/tapedeck:1.0.0'

/** The templates of one installation with these options. They take a second to make, so each is made once a file. */
export function synth(context: Record<string, unknown> = {}): ReturnType<typeof make> {
  const key = JSON.stringify(context)
  const made = MADE.get(key) ?? make(context)
  MADE.set(key, made)
  return made
}

const MADE = new Map<string, ReturnType<typeof make>>()

function make(context: Record<string, unknown>) {
  const app = new App({ context: { image: IMAGE, ...context } })
  try {
    const { state, service } = addStacks(app)
    return { state: Template.fromStack(state), service: service && Template.fromStack(service) }
  } finally {
    rmSync(app.outdir, { recursive: true, force: true }) // a folder for temporary files, which the CDK leaves
  }
}

/** The template of what runs the program. */
export function synthService(context: Record<string, unknown> = {}): Template {
  const { service } = synth(context)
  if (!service) throw new Error('Nothing runs the program with these options.')
  return service
}

export type Properties = Record<string, unknown>

/** Properties of all resources of a type, by logical id. */
export function resources(template: Template, type: string): Record<string, Properties> {
  const found = template.findResources(type)
  return Object.fromEntries(
    Object.entries(found).map(([id, { Properties }]) => [id, Properties as Properties]),
  )
}

type Statement = {
  Effect: string
  Action: string | string[]
  Resource?: unknown
  Principal?: unknown
  Condition?: unknown
}

/** Statements of all policies of a type. */
export function statements(template: Template, type = 'AWS::IAM::Policy'): Statement[] {
  return Object.values(resources(template, type)).flatMap(
    ({ PolicyDocument }) => (PolicyDocument as { Statement: Statement[] }).Statement,
  )
}

export const listOf = <One>(value: One | One[]): One[] => (Array.isArray(value) ? value : [value])
