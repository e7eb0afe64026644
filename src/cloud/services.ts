import { ec2 } from '#aws/ec2/index.ts'
import { iamService } from '#aws/iam/service.ts'
import { stsService } from '#aws/sts/service.ts'
import type { Service } from '#aws/wire/service.ts'

/** The AWS services of a world. */
export const SERVICES: Service[] = [stsService, iamService, ec2]
