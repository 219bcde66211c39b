import { Tags, type App } from 'aws-cdk-lib'
import { DEFAULT_CROSS_STACK_REFERENCES, ECS_REMOVE_DEFAULT_DESIRED_COUNT } from 'aws-cdk-lib/cx-api'
import { readOptions } from './options.ts'
import { ServiceStack } from './service-stack.ts'
import { StateStack } from './state-stack.ts'

/** The stacks of one installation, as the context of the app chooses them. */
export function addStacks(app: App): { state: StateStack; service: ServiceStack | undefined } {
  app.node.setContext(ECS_REMOVE_DEFAULT_DESIRED_COUNT, true)
  app.node.setContext(DEFAULT_CROSS_STACK_REFERENCES, 'strong') // the state is not deleted below its services
  const options = readOptions((name) => app.node.tryGetContext(name))
  const { prefix, compute } = options
  const props = { terminationProtection: options.deletionProtection }
  const state = new StateStack(app, `${prefix}-state`, options, props)
  Tags.of(app).add('application', prefix)
  if (compute === 'none') return { state, service: undefined }
  return { state, service: new ServiceStack(app, `${prefix}-service`, options, state.state, {}) }
}
