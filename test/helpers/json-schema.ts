// JSON Schema as far as the OpenRPC meta-schema uses it: a keyword that is not known here fails
// loudly, so nothing is passed over in silence.

type Schema = Record<string, unknown> | boolean

/** Words that say nothing about validity. */
const ANNOTATIONS = new Set([
  '$schema',
  '$id',
  'title',
  'description',
  'default',
  'definitions',
  'examples',
  'format',
  'additionalItems',
  'comment',
  '$comment'
])

/** What is wrong, each with its place; empty when the value is valid. A reference to another
 * document is taken as true. */
export function schemaProblems(root: Schema, value: unknown): string[] {
  return problems(root, root, value, '$')
}

function problems(root: Schema, schema: Schema, value: unknown, at: string): string[] {
  if (typeof schema === 'boolean') return schema ? [] : [`${at} must not be there`]
  const { $ref } = schema
  if (typeof $ref === 'string') {
    const found = resolve(root, $ref)
    return found === null ? [] : problems(root, found, value, at)
  }
  return Object.entries(schema).flatMap(([word, rule]) => {
    if (ANNOTATIONS.has(word)) return []
    const check = KEYWORDS[word]
    if (check === undefined) throw new Error(`${at}: the keyword ${word} is not known here`)
    return check(rule, value, at, { root, schema })
  })
}

type Check = (
  rule: unknown,
  value: unknown,
  at: string,
  context: { root: Schema; schema: Record<string, unknown> }
) => string[]

const KEYWORDS: Record<string, Check> = {
  type: (rule, value, at) => {
    const types = Array.isArray(rule) ? rule : [rule]
    return types.includes(typeOf(value)) ? [] : [`${at} is no ${types.join(' or ')}`]
  },
  enum: (rule, value, at) =>
    Array.isArray(rule) && rule.includes(value) ? [] : [`${at} is ${JSON.stringify(value)}`],
  const: (rule, value, at) => (rule === value ? [] : [`${at} is not ${JSON.stringify(rule)}`]),
  minLength: (rule, value, at) =>
    typeof value === 'string' && value.length < Number(rule) ? [`${at} is too short`] : [],
  required: (rule, value, at) =>
    isObject(value) && Array.isArray(rule)
      ? rule.filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}.${name} is missing`)
      : [],
  properties: (rule, value, at, { root }) =>
    isObject(value) && isObject(rule)
      ? Object.entries(rule)
          .filter(([name]) => Object.hasOwn(value, name))
          .flatMap(([name, each]) => problems(root, asSchema(each), value[name], `${at}.${name}`))
      : [],
  patternProperties: (rule, value, at, { root }) =>
    isObject(value) && isObject(rule)
      ? Object.entries(rule).flatMap(([pattern, each]) =>
          Object.keys(value)
            .filter((name) => new RegExp(pattern).test(name))
            .flatMap((name) => problems(root, asSchema(each), value[name], `${at}.${name}`))
        )
      : [],
  additionalProperties: (rule, value, at, { root, schema }) => {
    if (!isObject(value)) return []
    const named = Object.keys(isObject(schema['properties']) ? schema['properties'] : {})
    const patterns = Object.keys(
      isObject(schema['patternProperties']) ? schema['patternProperties'] : {}
    )
    return Object.keys(value)
      .filter((name) => !named.includes(name))
      .filter((name) => !patterns.some((pattern) => new RegExp(pattern).test(name)))
      .flatMap((name) => problems(root, asSchema(rule), value[name], `${at}.${name}`))
  },
  items: (rule, value, at, { root }) =>
    Array.isArray(value)
      ? value.flatMap((each, place) => problems(root, asSchema(rule), each, `${at}[${place}]`))
      : [],
  oneOf: (rule, value, at, { root }) => {
    const tried = choices(rule).map((each) => problems(root, each, value, at))
    const fitting = tried.filter((each) => each.length === 0).length
    return fitting === 1 ? [] : [`${at} fits ${fitting} of: ${tried.flat().join('; ')}`]
  },
  anyOf: (rule, value, at, { root }) => {
    const tried = choices(rule).map((each) => problems(root, each, value, at))
    return tried.some((each) => each.length === 0) ? [] : tried.flat()
  }
}

function choices(rule: unknown): Schema[] {
  return Array.isArray(rule) ? rule.map(asSchema) : []
}

function resolve(root: Schema, ref: string): Schema | null {
  if (!ref.startsWith('#')) return null
  let found: unknown = root
  for (const part of ref.split('/').slice(1)) found = isObject(found) ? found[part] : undefined
  if (found === undefined) throw new Error(`the reference ${ref} leads nowhere`)
  return asSchema(found)
}

function asSchema(value: unknown): Schema {
  if (typeof value === 'boolean' || isObject(value)) return value
  throw new Error(`${JSON.stringify(value)} is no schema`)
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
