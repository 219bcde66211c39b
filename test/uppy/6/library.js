import AwsS3 from '@uppy/aws-s3'
import Uppy from '@uppy/core'

Object.assign(globalThis, { uppyLibrary: { AwsS3, Uppy } })
