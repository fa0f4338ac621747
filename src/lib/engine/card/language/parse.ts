import { ExpressionSyntaxError, type Expression } from './ast.ts';
import { endOfExpression, tokenize, type Token } from './tokens.ts';

/** Binary operators by strength, weakest first, with the functions that they stand for. */
const levels: readonly Readonly<Record<string, string>>[] = [
	{ '??': 'coalesce' },
	{ '||': 'or' },
	{ '&&': 'and' },
	{ '<': 'less', '<=': 'lessOrEquals', '>': 'greater', '>=': 'greaterOrEquals' },
	{ '&': 'concat' },
	{ '==': 'equals', '!=': 'notEquals', '<>': 'notEquals' },
	{ '+': 'add', '-': 'sub' },
	{ '*': 'mul', '/': 'div', '%': 'mod' },
	{ '^': 'exp' }
];
const constants: ReadonlyMap<string, unknown> = new Map<string, unknown>([
	['true', true],
	['false', false],
	['null', undefined],
	['undefined', undefined]
]);
/** Deep nesting would overflow the stack of whoever evaluates it. */
const deepest = 64;

/** Parses one expression, what stands between `${` and `}`. Throws ExpressionSyntaxError. */
export function parseExpression(source: string): Expression {
	const parser = new Parser(tokenize(source));
	return parser.whole();
}

/**
 * Parses a text with `${…}` inside. One expression and nothing else gives that expression itself, so
 * that it keeps its type; a text without any gives undefined.
 */
export function parseText(source: string): Expression | undefined {
	if (!source.includes('${')) return undefined;
	const parts = split(source);
	if (parts.length === 1 && parts[0]!.kind !== 'constant') return parts[0]!;
	return { kind: 'text', parts };
}

function split(source: string): Expression[] {
	const parts: Expression[] = [];
	let from = 0;
	for (let at = source.indexOf('${'); at >= 0; at = source.indexOf('${', from)) {
		if (at > from) parts.push({ kind: 'constant', value: source.slice(from, at) });
		const end = endOfExpression(source, at + 2);
		parts.push(parseInside(source.slice(at + 2, end), at + 2));
		from = end + 1;
	}
	if (from < source.length) parts.push({ kind: 'constant', value: source.slice(from) });
	return parts;
}

function parseInside(source: string, offset: number): Expression {
	try {
		return parseExpression(source);
	} catch (error) {
		if (error instanceof ExpressionSyntaxError)
			throw new ExpressionSyntaxError(error.message, error.at + offset);
		throw error;
	}
}

class Parser {
	private readonly tokens: readonly Token[];
	private position = 0;
	private depth = 0;

	constructor(tokens: readonly Token[]) {
		this.tokens = tokens;
	}

	whole(): Expression {
		if (this.peek().kind === 'end') throw new ExpressionSyntaxError('the expression is empty', 0);
		const expression = this.expression();
		const left = this.peek();
		if (left.kind !== 'end') throw new ExpressionSyntaxError(`"${left.value}" is unexpected here`, left.at);
		return expression;
	}

	private expression(): Expression {
		if (++this.depth > deepest)
			throw new ExpressionSyntaxError('the expression is nested too deeply', this.peek().at);
		const lambda = this.lambda();
		const parsed = lambda ?? this.conditional();
		this.depth--;
		return parsed;
	}

	private lambda(): Expression | undefined {
		const [parameter, arrow] = [this.peek(), this.tokens[this.position + 1]];
		if (parameter.kind !== 'name' || arrow?.kind !== 'sign' || arrow.value !== '=>') return undefined;
		this.position += 2;
		return { kind: 'lambda', parameter: parameter.value, body: this.expression() };
	}

	private conditional(): Expression {
		const condition = this.binary(0);
		const at = this.peek().at;
		if (!this.take('?')) return condition;
		const yes = this.expression();
		this.expect(':');
		return { kind: 'call', name: 'if', args: [condition, yes, this.expression()], at };
	}

	private binary(level: number): Expression {
		const operators = levels[level];
		if (!operators) return this.unary();
		let left = this.binary(level + 1);
		for (;;) {
			const token = this.peek();
			const name =
				token.kind === 'sign' && Object.hasOwn(operators, token.value) ? operators[token.value] : undefined;
			if (!name) return left;
			this.position++;
			// The power alone binds to the right.
			const right = this.binary(name === 'exp' ? level : level + 1);
			left = { kind: 'call', name, args: [left, right], at: token.at };
		}
	}

	private unary(): Expression {
		const { at } = this.peek();
		if (this.take('!')) return { kind: 'call', name: 'not', args: [this.unary()], at };
		if (this.take('-'))
			return { kind: 'call', name: 'sub', args: [{ kind: 'constant', value: 0 }, this.unary()], at };
		if (this.take('+')) return this.unary();
		return this.postfix(this.primary());
	}

	private postfix(object: Expression): Expression {
		let left = object;
		for (;;) {
			const { at } = this.peek();
			if (this.take('.')) left = { kind: 'member', object: left, property: this.name(), at };
			else if (this.take('[')) {
				left = { kind: 'element', object: left, index: this.expression(), at };
				this.expect(']');
			} else return left;
		}
	}

	private primary(): Expression {
		const token = this.tokens[this.position++]!;
		switch (token.kind) {
			case 'number':
			case 'string':
				return { kind: 'constant', value: token.value };
			case 'template':
				return this.text(token.value, token.at + 1);
			case 'name':
				return this.named(token.value, token.at);
			case 'sign':
				if (token.value === '(') return this.closed(this.expression(), ')');
				if (token.value === '[') return { kind: 'array', items: this.list(']') };
				if (token.value === '{') return this.object();
		}
		throw new ExpressionSyntaxError(
			token.kind === 'end' ? 'something is missing at the end' : `"${token.value}" can't stand here`,
			token.at
		);
	}

	private named(name: string, at: number): Expression {
		if (this.take('(')) return { kind: 'call', name, args: this.list(')'), at };
		if (constants.has(name)) return { kind: 'constant', value: constants.get(name) };
		return { kind: 'name', name, at };
	}

	private text(source: string, at: number): Expression {
		const unescaped = source.replace(/\\`/g, '`');
		const parts = split(unescaped);
		return parts.length === 0
			? { kind: 'constant', value: '' }
			: { kind: 'text', parts: parts.map((p) => shift(p, at)) };
	}

	private object(): Expression {
		const entries: (readonly [string, Expression])[] = [];
		while (!this.take('}')) {
			const key = this.tokens[this.position++]!;
			if (key.kind !== 'name' && key.kind !== 'string')
				throw new ExpressionSyntaxError('a key is missing', key.at);
			this.expect(':');
			entries.push([key.value, this.expression()]);
			if (!this.take(',')) return this.closed({ kind: 'object', entries }, '}');
		}
		return { kind: 'object', entries };
	}

	private list(end: string): Expression[] {
		const items: Expression[] = [];
		if (this.take(end)) return items;
		do items.push(this.expression());
		while (this.take(','));
		this.expect(end);
		return items;
	}

	private closed(expression: Expression, end: string): Expression {
		this.expect(end);
		return expression;
	}

	private name(): string {
		const token = this.tokens[this.position++]!;
		if (token.kind !== 'name')
			throw new ExpressionSyntaxError('a property name is missing after "."', token.at);
		return token.value;
	}

	private peek(): Token {
		return this.tokens[this.position]!;
	}

	private take(sign: string): boolean {
		const token = this.peek();
		if (token.kind !== 'sign' || token.value !== sign) return false;
		this.position++;
		return true;
	}

	private expect(sign: string): void {
		const token = this.peek();
		if (!this.take(sign)) throw new ExpressionSyntaxError(`"${sign}" is missing`, token.at);
	}
}

function shift(expression: Expression, by: number): Expression {
	return 'at' in expression ? { ...expression, at: expression.at + by } : expression;
}
