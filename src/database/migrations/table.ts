import type { CreateTableBuilder } from 'kysely'

/** Columns by kind: a table's definition in a line. */
export class Table {
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
