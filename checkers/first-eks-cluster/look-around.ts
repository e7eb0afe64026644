import { DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { parse } from 'yaml'
import type { CheckContext } from '#checks/checker.ts'

const FILE = 'answers.yaml'
const FIELDS = ['account', 'vpc', 'subnets'] as const

/** The learner knows which account, VPC and subnets the commands work on. */
export async function lookAround(t: CheckContext): Promise<void> {
  const answers = await readAnswers(t)
  const ec2 = t.aws(EC2Client)
  const { Account } = await t.aws(STSClient).send(new GetCallerIdentityCommand({}))

  const account = normalAccount(answers.account)
  t.expect(account === Account, {
    id: 'wrong-account',
    title: `account in ${FILE} is the account that your keys belong to`,
    expected: 'the 12 digits that AWS gives as Account',
    observed: `account: ${answers.account}`,
    evidence: 'aws sts get-caller-identity --query Account --output text',
    cause: /^A[A-Z0-9]{15,}/.test(account)
      ? 'This is the UserId, which names you and not the account.'
      : 'The number was copied from another place.',
    hint: `Copy the number that the command prints into ${FILE}.`,
  })

  const { Vpcs } = await ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }),
  )
  const vpc = Vpcs?.[0]?.VpcId
  t.expect(answers.vpc === vpc, {
    id: 'wrong-vpc',
    title: `vpc in ${FILE} is the default VPC of the region`,
    expected: 'the id of the VPC that has IsDefault: true; it begins with vpc-',
    observed: `vpc: ${answers.vpc}`,
    evidence:
      "aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[].VpcId' --output text",
    cause: String(answers.vpc).startsWith('subnet-')
      ? 'This is the id of a subnet. Subnets are parts of a VPC.'
      : 'There are several VPCs, or the command asked another region.',
    hint: `Copy the id that the command prints into ${FILE}.`,
  })

  const { Subnets = [] } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc!] }] }),
  )
  t.expect(Number(answers.subnets) === Subnets.length, {
    id: 'wrong-subnet-count',
    title: `subnets in ${FILE} is the number of subnets of the default VPC`,
    expected: 'how many subnets the VPC has, over all its availability zones',
    observed: `subnets: ${answers.subnets}`,
    evidence: `aws ec2 describe-subnets --filters Name=vpc-id,Values=${vpc} --query 'length(Subnets)'`,
    cause: 'A subnet lies in one availability zone; a default VPC has one in each zone of the region.',
    hint: `Write the number that the command prints into ${FILE}.`,
  })
}

async function readAnswers(t: CheckContext): Promise<Record<(typeof FIELDS)[number], unknown>> {
  const text = t.found(await t.files.read(FILE), {
    id: 'no-answers-file',
    title: `${FILE} is in your home folder`,
    expected: `a file ~/${FILE} with account, vpc and subnets`,
    observed: 'there is no such file',
    evidence: `ls ~/${FILE}`,
    hint: `Make it again: a text file with three lines, "account: …", "vpc: …" and "subnets: …".`,
  })
  const { answers, problem } = parseAnswers(text)
  t.expect(!problem, {
    id: 'answers-unreadable',
    title: `${FILE} is valid YAML`,
    expected: 'three lines such as "vpc: vpc-0123"',
    observed: problem,
    evidence: `cat ~/${FILE}`,
    hint: 'Write one name, a colon, a space and the value on each line.',
  })
  const empty = FIELDS.filter((field) => answers[field] === undefined || answers[field] === null)
  t.expect(empty.length === 0, {
    id: 'answers-incomplete',
    title: `All three values in ${FILE} are filled in`,
    expected: FIELDS.join(', '),
    observed: `still empty: ${empty.join(', ')}`,
    evidence: `cat ~/${FILE}`,
    hint: `Find the value with the command in the text and write it behind "${empty[0]}:".`,
  })
  return answers
}

function parseAnswers(text: string): {
  answers: Record<(typeof FIELDS)[number], unknown>
  problem: string | undefined
} {
  const none = { account: undefined, vpc: undefined, subnets: undefined }
  try {
    const value: unknown = parse(text)
    if (value === null) return { answers: none, problem: undefined }
    if (typeof value !== 'object') return { answers: none, problem: 'it has no "name: value" lines' }
    return { answers: { ...none, ...value }, problem: undefined }
  } catch (error) {
    return { answers: none, problem: (error as Error).message.split('\n')[0] }
  }
}

/** Unquoted digits are a number in YAML, which loses leading zeros. */
function normalAccount(account: unknown): string {
  return typeof account === 'number' ? String(account).padStart(12, '0') : String(account).replaceAll('-', '')
}
