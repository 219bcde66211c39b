import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { makeBucket } from './bucket.ts'
import type { Options } from './options.ts'
import { makeTables, type Tables } from './tables.ts'

export type State = { tables: Tables; bucket: Bucket }

/** What has to last: tables and bucket. Both stay when the stack is deleted. */
export class StateStack extends Stack {
  readonly state: State

  constructor(scope: Construct, id: string, options: Options, props: StackProps) {
    super(scope, id, props)
    this.state = { tables: makeTables(this, options), bucket: makeBucket(this, options) }
    new CfnOutput(this, 'BucketName', { value: this.state.bucket.bucketName })
  }
}
