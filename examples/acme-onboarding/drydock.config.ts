import { defineOverlay } from '#labs/overlay/config.ts'

export default defineOverlay({
  name: 'Acme',
  logo: 'logo.svg',
  welcome: 'welcome.mdx',
  tracks: [{ id: 'acme', title: 'Acme’s own ways' }],
  hide: { labs: ['on-call'], paths: ['exam-revision'] },
  order: ['acme-first-repository', 'acme-fixed-tags'],
  account: { alias: 'acme-learning', region: 'eu-central-1' },
  parameters: { registry: 'acme', region: 'eu-central-1', channel: '#platform-help' },
  rules: [
    {
      id: 'repository-name',
      title: 'Repositories stand under the company’s name',
      resource: 'ecr:repository',
      name: 'acme/[a-z][a-z0-9-]*',
      hint: 'Delete it and create it again as `acme/<service>`. Repositories cannot be renamed.',
    },
    {
      id: 'repository-owner',
      title: 'Repositories say which team they belong to',
      resource: 'ecr:repository',
      tags: { team: '[a-z-]+', 'cost-center': '\\d{4}' },
      hint: 'Add them with `aws ecr tag-resource`.',
    },
  ],
})
