import { AppError } from '#kernel';
import { isOrdered } from './value-type.ts';
import { normalise } from './normalise.ts';
import { endsInEscape } from './like.ts';
import { invalid, tokenise, type Token } from './token.ts';
import { asType, commonType, type Term } from './term.ts';
import { valueType } from './value-type.ts';
import type { Comparison, Constant, Expression, Filter, FilterColumn, Operand } from './types.ts';

const longest = 10_000;
const deepest = 50;
const comparisons: Readonly<Record<string, Comparison>> = {
	'=': '=',
	'<>': '<>',
	'!=': '<>',
	'<': '<',
	'<=': '<=',
	'>': '>',
	'>=': '>='
};
const reserved = new Set([
	'and',
	'or',
	'not',
	'is',
	'in',
	'like',
	'ilike',
	'null',
	'true',
	'false',
	'between',
	'similar'
]);

/**
 * Reads a filter over these columns. Throws FILTER_INVALID, whose meta has `offset`, `length`, `line`,
 * `column`, `problem` and `hint`.
 *
 *   filter  := conjunction (OR conjunction)*
 *   conjunction := negation (AND negation)*
 *   negation := NOT negation | test
 *   test    := term [= <> < <= > >= term | IS [NOT] NULL | [NOT] IN (constant, …) | [NOT] LIKE | ILIKE constant]
 *   term    := column | 'text' | number | TRUE | FALSE | NULL | principal() | param('name') | $1 | (filter)
 */
export function parseFilter(source: string, columns: readonly FilterColumn[]): Filter {
	if (source.length > longest) {
		throw invalid(
			source.slice(0, 50),
			{ offset: 0, length: 50 },
			`A filter has at most ${longest} characters.`
		);
	}
	const reader = new Reader(source, columns);
	const expression = reader.whole();
	return { expression, columns: [...reader.used].sort() };
}

export interface FilterProblem {
	readonly message: string;
	readonly hint?: string;
	/** From 0, in the filter's text. */
	readonly offset: number;
	readonly length: number;
}

/** What is wrong with a filter; undefined where nothing is. For the gate and the editor. */
export function checkFilter(source: string, columns: readonly FilterColumn[]): FilterProblem | undefined {
	try {
		parseFilter(source, columns);
		return undefined;
	} catch (error) {
		if (!(error instanceof AppError) || error.reason !== 'FILTER_INVALID') throw error;
		const { offset, length, problem, hint } = error.meta as {
			offset: number;
			length: number;
			problem: string;
			hint?: string;
		};
		return { message: problem, offset, length, ...(hint === undefined ? {} : { hint }) };
	}
}

class Reader {
	readonly used = new Set<string>();
	readonly #source: string;
	readonly #columns: ReadonlyMap<string, FilterColumn>;
	readonly #tokens: readonly Token[];
	#at = 0;
	#depth = 0;

	constructor(source: string, columns: readonly FilterColumn[]) {
		this.#source = source;
		this.#columns = new Map(columns.map((column) => [column.name, column]));
		this.#tokens = tokenise(source);
	}

	whole(): Expression {
		const term = this.#disjunction();
		if (this.#next.kind !== 'end') throw this.#unexpected('AND, OR or the end');
		return this.#condition(term);
	}

	get #next(): Token {
		return this.#tokens[this.#at]!;
	}

	#take(): Token {
		return this.#tokens[this.#at++]!;
	}

	#accept(word: string): boolean {
		const { kind, text } = this.#next;
		if ((kind !== 'name' && kind !== 'symbol') || text !== word) return false;
		this.#at++;
		return true;
	}

	#expect(word: string): void {
		if (!this.#accept(word)) throw this.#unexpected(`"${word.toUpperCase()}"`);
	}

	#unexpected(wanted: string) {
		const { kind, text } = this.#next;
		const found = kind === 'end' ? 'the filter ends' : `"${text}" stands`;
		return invalid(this.#source, this.#next, `Here ${found} where ${wanted} should be.`);
	}

	#disjunction(): Term {
		return this.#chain('or', () => this.#chain('and', () => this.#negation()));
	}

	#chain(op: 'and' | 'or', part: () => Term): Term {
		const first = part();
		if (!this.#peek(op)) return first;
		const of = [this.#condition(first)];
		while (this.#accept(op)) of.push(this.#condition(part()));
		return this.#test(first, { op, of });
	}

	#peek(word: string): boolean {
		return this.#next.kind === 'name' && this.#next.text === word;
	}

	#negation(): Term {
		const place = this.#next;
		if (!this.#accept('not')) return this.#predicate();
		return this.#deeper(() => {
			const of = this.#condition(this.#negation());
			return this.#test(place, { op: 'not', of });
		});
	}

	#deeper<T>(read: () => T): T {
		if (++this.#depth > deepest)
			throw invalid(this.#source, this.#next, `A filter nests at most ${deepest} deep.`);
		const result = read();
		this.#depth--;
		return result;
	}

	#predicate(): Term {
		const left = this.#term();
		const { kind, text } = this.#next;
		if (kind === 'symbol' && Object.hasOwn(comparisons, text)) return this.#comparison(left);
		if (kind === 'symbol' && text === '::') {
			throw invalid(
				this.#source,
				this.#next,
				'A cast is not part of the filter language.',
				'A value takes the type of the column that it is compared with.'
			);
		}
		if (this.#accept('is')) return this.#isNull(left);
		const negated = this.#accept('not');
		if (this.#accept('in')) return this.#in(left, negated);
		if (this.#accept('like')) return this.#like(left, negated, false);
		if (this.#accept('ilike')) return this.#like(left, negated, true);
		if (this.#peek('between')) {
			throw invalid(
				this.#source,
				this.#next,
				'BETWEEN is not part of the filter language.',
				'Write a >= x AND a <= y.'
			);
		}
		if (negated) throw this.#unexpected('IN, LIKE or ILIKE');
		return left;
	}

	#comparison(left: Term): Term {
		const symbol = this.#take();
		const operator = comparisons[symbol.text]!;
		const right = this.#term();
		const type = commonType(this.#source, [left, right]);
		if (operator !== '=' && operator !== '<>' && !isOrdered(type)) {
			throw invalid(
				this.#source,
				symbol,
				`${operator} works on numbers, dates and times only, not on ${type}.`
			);
		}
		return this.#test(left, {
			op: 'compare',
			operator,
			left: asType(this.#source, left, type),
			right: asType(this.#source, right, type)
		});
	}

	#isNull(left: Term): Term {
		const negated = this.#accept('not');
		this.#expect('null');
		const value = left.operand;
		if (!value && left.kind === 'test')
			throw invalid(this.#source, left, 'IS NULL asks about a column or a value, not about a condition.');
		const operand = value?.kind === 'column' ? value : asType(this.#source, left, left.type ?? 'text');
		return this.#test(left, { op: 'null', negated, value: operand });
	}

	#in(left: Term, negated: boolean): Term {
		this.#expect('(');
		const list = [this.#term()];
		while (this.#accept(',')) list.push(this.#term());
		this.#expect(')');
		const type = commonType(this.#source, [left, ...list]);
		return this.#test(left, {
			op: 'in',
			negated,
			value: asType(this.#source, left, type),
			list: list.map((term) => this.#constant(asType(this.#source, term, type), term))
		});
	}

	#like(left: Term, negated: boolean, ignoreCase: boolean): Term {
		const right = this.#term();
		const type = commonType(this.#source, [left, right]);
		if (type !== 'text') throw invalid(this.#source, left, `LIKE works on text only, not on ${type}.`);
		const pattern = this.#constant(asType(this.#source, right, 'text'), right);
		if (pattern.kind === 'literal' && pattern.value !== null && endsInEscape(pattern.value)) {
			throw invalid(
				this.#source,
				right,
				'A pattern cannot end in a backslash.',
				'Write \\\\ for the backslash itself.'
			);
		}
		return this.#test(left, {
			op: 'like',
			negated,
			ignoreCase,
			value: asType(this.#source, left, 'text'),
			pattern
		});
	}

	#constant(operand: Operand, place: Term): Constant {
		if (operand.kind !== 'column') return operand;
		throw invalid(this.#source, place, 'Here a value must stand, not a column.');
	}

	#term(): Term {
		const token = this.#take();
		const { offset, length } = token;
		switch (token.kind) {
			case 'string':
				return { kind: 'string', offset, length, text: token.text };
			case 'number':
				return { kind: 'number', offset, length, text: token.text };
			case 'position':
				return { kind: 'open', offset, length, open: { kind: 'position', number: Number(token.text) } };
			case 'quoted':
				return this.#column(token);
			case 'name':
				return this.#word(token);
			case 'symbol':
				return this.#symbol(token);
			case 'end':
				this.#at--;
				throw this.#unexpected('a column or a value');
		}
	}

	#symbol(token: Token): Term {
		if (token.text === '(') {
			return this.#deeper(() => {
				const inner = this.#disjunction();
				this.#expect(')');
				return inner;
			});
		}
		if ((token.text === '-' || token.text === '+') && this.#next.kind === 'number') {
			const number = this.#take();
			return {
				kind: 'number',
				offset: token.offset,
				length: number.offset + number.length - token.offset,
				text: token.text + number.text
			};
		}
		this.#at--;
		throw this.#unexpected('a column or a value');
	}

	#word(token: Token): Term {
		const { text, offset, length } = token;
		if (this.#next.kind === 'symbol' && this.#next.text === '(' && !reserved.has(text))
			return this.#call(token);
		if (text === 'true' || text === 'false')
			return { kind: 'boolean', offset, length, text, type: 'boolean' };
		if (text === 'null') return { kind: 'null', offset, length };
		if (reserved.has(text)) {
			this.#at--;
			throw this.#unexpected('a column or a value');
		}
		return this.#column(token);
	}

	#call(token: Token): Term {
		const { text, offset } = token;
		this.#expect('(');
		if (text === 'principal') {
			this.#expect(')');
			return { kind: 'open', offset, length: this.#end(offset), type: 'uuid', open: { kind: 'principal' } };
		}
		if (text === 'param') {
			if (this.#next.kind !== 'string') throw this.#unexpected("a name in quotes, as in param('id'),");
			const name = this.#take().text;
			this.#expect(')');
			return { kind: 'open', offset, length: this.#end(offset), open: { kind: 'param', name } };
		}
		throw invalid(
			this.#source,
			token,
			`There is no function ${text}().`,
			"A filter knows principal() and param('name')."
		);
	}

	#end(offset: number): number {
		const last = this.#tokens[this.#at - 1]!;
		return last.offset + last.length - offset;
	}

	#column({ text, offset, length }: Token): Term {
		const column = this.#columns.get(text);
		if (!column) {
			const known = [...this.#columns.keys()];
			throw invalid(
				this.#source,
				{ offset, length },
				`There is no column ${text}.`,
				known.length > 0 ? `Columns: ${known.slice(0, 30).join(', ')}.` : undefined
			);
		}
		this.used.add(text);
		const type = valueType(column);
		return {
			kind: 'column',
			offset,
			length,
			declared: column.type + (column.array || (column.dims ?? 0) > 0 ? '[]' : ''),
			operand: { kind: 'column', name: text, type },
			...(type === undefined ? {} : { type })
		};
	}

	#test(place: { offset: number; length: number }, test: Expression): Term {
		return { kind: 'test', offset: place.offset, length: place.length, test, type: 'boolean' };
	}

	/** The term as a condition: a test, or something boolean by itself. */
	#condition(term: Term): Expression {
		if (term.test) return term.test;
		if (term.type !== undefined && term.type !== 'boolean') {
			throw invalid(
				this.#source,
				term,
				`This is a ${term.type}, not a condition.`,
				'Compare it with something.'
			);
		}
		if (term.kind === 'string' && normalise('boolean', term.text ?? '') === undefined) {
			throw invalid(this.#source, term, 'A text is not a condition.', 'Compare it with a column.');
		}
		return { op: 'truth', value: asType(this.#source, term, 'boolean') };
	}
}
