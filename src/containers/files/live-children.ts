import type { TreeNode } from './nodes.ts'

/** The names in a folder and what they name, as they are at the time of the question. */
export class LiveChildren extends Map<string, TreeNode> {
  readonly #list: () => string[]
  readonly #find: (name: string) => TreeNode | undefined

  constructor(list: () => string[], find: (name: string) => TreeNode | undefined) {
    super()
    this.#list = list
    this.#find = find
  }

  override get size(): number {
    return this.#list().length
  }

  override get(name: string): TreeNode | undefined {
    return this.#find(name)
  }

  override has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  override *entries(): MapIterator<[string, TreeNode]> {
    for (const name of this.#list()) {
      const node = this.#find(name)
      if (node) yield [name, node]
    }
  }

  override *keys(): MapIterator<string> {
    yield* this.#list()
  }

  override *values(): MapIterator<TreeNode> {
    for (const [, node] of this.entries()) yield node
  }

  override forEach(act: (node: TreeNode, name: string, map: Map<string, TreeNode>) => void): void {
    for (const [name, node] of this.entries()) act(node, name, this)
  }

  override [Symbol.iterator](): MapIterator<[string, TreeNode]> {
    return this.entries()
  }
}
