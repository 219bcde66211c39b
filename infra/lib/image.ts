import { Repository, type IRepository } from 'aws-cdk-lib/aws-ecr'
import { ContainerImage } from 'aws-cdk-lib/aws-ecs'
import type { Construct } from 'constructs'

const ECR = /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com\/(?<name>[^:]+):(?<tag>.+)$/

/** An image in ECR, which needs permission to be fetched; undefined when it lies elsewhere. */
export function ecrImage(
  scope: Construct,
  image: string,
): { repository: IRepository; tag: string } | undefined {
  const { account = '', region = '', name = '', tag = '' } = ECR.exec(image)?.groups ?? {}
  if (name === '') return undefined
  const found = scope.node.tryFindChild('Repository') as IRepository | undefined
  const repositoryArn = `arn:aws:ecr:${region}:${account}:repository/${name}`
  const repository =
    found ?? Repository.fromRepositoryAttributes(scope, 'Repository', { repositoryArn, repositoryName: name })
  return { repository, tag }
}

/** An image for a container of ECS. */
export function containerImage(scope: Construct, image: string): ContainerImage {
  const inEcr = ecrImage(scope, image)
  return inEcr
    ? ContainerImage.fromEcrRepository(inEcr.repository, inEcr.tag)
    : ContainerImage.fromRegistry(image)
}
