import { GatewayVpcEndpointAwsService, IpAddresses, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2'
import type { Construct } from 'constructs'

/** Addresses of the VPC: its load balancer is the proxy that the program believes. */
export const VPC_CIDR = '10.0.0.0/16'

/**
 * Two zones of public subnets, so that no NAT gateway has to be paid for each hour; security groups let nobody in but
 * the load balancer. State and bytes go by gateway endpoints, which cost nothing.
 */
export function makeNetwork(scope: Construct): Vpc {
  return new Vpc(scope, 'Network', {
    ipAddresses: IpAddresses.cidr(VPC_CIDR),
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
    restrictDefaultSecurityGroup: false,
    gatewayEndpoints: {
      S3: { service: GatewayVpcEndpointAwsService.S3 },
      DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
    },
  })
}
