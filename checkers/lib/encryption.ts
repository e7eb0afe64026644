import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import type { CheckContext } from '#checks/checker.ts'

/** A key of the account encrypts the Secrets of an EKS cluster that is there (`secrets-without-key`). */
export async function expectEncryptedSecrets(t: CheckContext, name: string): Promise<void> {
  const { cluster } = await t.aws(EKSClient).send(new DescribeClusterCommand({ name }))
  const key = cluster?.encryptionConfig?.find(({ resources }) => resources?.includes('secrets'))?.provider
    ?.keyArn
  t.expect(key !== undefined, {
    id: 'secrets-without-key',
    title: 'Its Secrets are encrypted with your key',
    expected: 'an encryption config for secrets',
    observed: 'none: a key of AWS encrypts them',
    seen: key ?? '',
    evidence: `aws eks describe-cluster --name ${name} --query cluster.encryptionConfig`,
    cause: 'No key was named when the cluster was created, and none was added.',
    hint: `It can be added, and never removed: aws eks associate-encryption-config --cluster-name ${name} --encryption-config '[{"resources":["secrets"],"provider":{"keyArn":"<ARN>"}}]'`,
  })
}
