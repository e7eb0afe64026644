import type { CreateTableBuilder, Kysely } from 'kysely'

export async function up(database: Kysely<unknown>): Promise<void> {
  const table = (name: string) => new Table(database.schema.createTable(name))
  await table('cohorts')
    .key('id')
    .text('name', 'code')
    .optionalText('path')
    .text('labs', 'pace', 'open')
    .optionalNumber('starts_at', 'ends_at')
    .number('created_at')
    .optionalNumber('archived_at')
    .create()
  await database.schema.createIndex('cohorts_code').unique().on('cohorts').column('code').execute()
  await table('members').text('cohort', 'person', 'role').number('joined_at').create('cohort', 'person')
  await database.schema.createIndex('members_person').on('members').column('person').execute()
  await table('invitations')
    .key('hash')
    .text('name', 'role')
    .optionalText('email', 'cohort')
    .text('created_by')
    .number('created_at', 'expires_at')
    .optionalText('used_by')
    .create()
  await table('hands')
    .key('id')
    .text('cohort', 'person', 'lab')
    .optionalText('step')
    .text('note')
    .number('raised_at')
    .optionalText('taken_by', 'answer')
    .optionalNumber('lowered_at')
    .create()
  await database.schema.createIndex('hands_cohort').on('hands').columns(['cohort', 'lowered_at']).execute()
  await table('broadcasts')
    .key('id')
    .text('cohort', 'author', 'text')
    .optionalText('link')
    .number('sent_at')
    .create()
  await database.schema
    .createIndex('broadcasts_cohort')
    .on('broadcasts')
    .columns(['cohort', 'sent_at'])
    .execute()
  await table('allowances')
    .text('person', 'lab', 'step', 'kind', 'granted_by')
    .number('granted_at')
    .create('person', 'lab', 'step', 'kind')
  await table('audit')
    .key('id')
    .number('at')
    .text('actor', 'act', 'subject', 'detail')
    .optionalText('address')
    .create()
  await database.schema.createIndex('audit_at').on('audit').column('at').execute()
  await database.schema
    .alterTable('progress')
    .addColumn('since', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
}

/** Columns by kind: a table's definition in a line. */
class Table {
  readonly #builder: CreateTableBuilder<string, string>

  constructor(builder: CreateTableBuilder<string, string>) {
    this.#builder = builder
  }

  key(name: string): Table {
    return new Table(this.#builder.addColumn(name, 'text', (column) => column.primaryKey()))
  }

  text(...names: string[]): Table {
    return this.#add(names, 'text', true)
  }

  optionalText(...names: string[]): Table {
    return this.#add(names, 'text', false)
  }

  number(...names: string[]): Table {
    return this.#add(names, 'bigint', true)
  }

  optionalNumber(...names: string[]): Table {
    return this.#add(names, 'bigint', false)
  }

  /** Makes it; `key` are the columns of its primary key, when it is none of its own. */
  async create(...key: string[]): Promise<void> {
    const builder =
      key.length > 0 ? this.#builder.addPrimaryKeyConstraint(`key_${key.join('_')}`, key) : this.#builder
    await builder.execute()
  }

  #add(names: string[], type: 'text' | 'bigint', required: boolean): Table {
    const builder = names.reduce(
      (table, name) => table.addColumn(name, type, (column) => (required ? column.notNull() : column)),
      this.#builder,
    )
    return new Table(builder)
  }
}
