import type {
  CommandNode,
  PipelineNode,
  ScriptNode,
  SimpleCommandNode,
  StatementNode,
  WordNode,
} from 'just-bash'

// The syntax tree of just-bash's parser, with names for the parts that its index does not export.
export type { CommandNode, PipelineNode, ScriptNode, SimpleCommandNode, StatementNode, WordNode }
export type WordPart = WordNode['parts'][number]
export type Part<T extends WordPart['type']> = Extract<WordPart, { type: T }>
export type Command<T extends CommandNode['type']> = Extract<CommandNode, { type: T }>
export type Redirection = SimpleCommandNode['redirections'][number]
export type Assignment = SimpleCommandNode['assignments'][number]
export type Arithmetic = Part<'ArithmeticExpansion'>['expression']
export type ArithmeticNode = Arithmetic['expression']
export type Conditional = Command<'ConditionalCommand'>['expression']
