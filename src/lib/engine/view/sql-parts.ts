import type { CompoundExpression, Expression } from './expression.ts';

/** SQL text with expressions in it, as `CompoundExpression.parts`. */
export type SqlParts = readonly (string | Expression)[];

/** A template of text, expressions and other parts. */
export function sql(
	texts: TemplateStringsArray,
	...values: readonly (string | Expression | SqlParts)[]
): SqlParts {
	const parts: (string | Expression)[] = [];
	texts.forEach((text, index) => {
		parts.push(text);
		const value = values[index];
		if (value === undefined) return;
		if (typeof value === 'string' || 'kind' in value) parts.push(value);
		else parts.push(...value);
	});
	return merged(parts);
}

export function joined(items: readonly SqlParts[], separator: string): SqlParts {
	return merged(items.flatMap((item, index) => (index === 0 ? item : [separator, ...item])));
}

/** ` WHERE a AND b`, or nothing. */
export function whereOf(conditions: readonly SqlParts[]): SqlParts {
	return conditions.length > 0 ? sql` WHERE ${joined(conditions, ' AND ')}` : [];
}

function merged(parts: SqlParts): SqlParts {
	const result: (string | Expression)[] = [];
	for (const part of parts) {
		const last = result.at(-1);
		if (typeof part === 'string' && typeof last === 'string') result[result.length - 1] = last + part;
		else if (part !== '') result.push(part);
	}
	return result;
}

interface Traits {
	readonly text?: boolean;
	readonly notNull?: boolean;
	readonly within?: boolean;
}

/** An expression of parts; of traits only what is given is known. */
export function expressionOf(
	parts: SqlParts,
	{ text = false, notNull = false, within = false }: Traits = {}
): CompoundExpression {
	return { kind: 'compound', parts, text, notNull, ...(within && { within }), at: undefined };
}
