/** The tree of one expression of the template language. `at` is the character offset in its source. */
export type Expression =
	| { readonly kind: 'constant'; readonly value: unknown }
	| { readonly kind: 'name'; readonly name: string; readonly at: number }
	| { readonly kind: 'member'; readonly object: Expression; readonly property: string; readonly at: number }
	| { readonly kind: 'element'; readonly object: Expression; readonly index: Expression; readonly at: number }
	| {
			readonly kind: 'call';
			readonly name: string;
			readonly args: readonly Expression[];
			readonly at: number;
	  }
	| { readonly kind: 'lambda'; readonly parameter: string; readonly body: Expression }
	| { readonly kind: 'text'; readonly parts: readonly Expression[] }
	| { readonly kind: 'array'; readonly items: readonly Expression[] }
	| { readonly kind: 'object'; readonly entries: readonly (readonly [string, Expression])[] };

/** Bad source text; `at` counts characters from the start of the expression. */
export class ExpressionSyntaxError extends Error {
	override readonly name = 'ExpressionSyntaxError';
	readonly at: number;
	/** What to write instead, as a sentence. */
	readonly hint: string | undefined;

	constructor(message: string, at: number, hint?: string) {
		super(message);
		this.at = at;
		this.hint = hint;
	}
}

/** A value of the wrong kind at run time. Comparisons and conditions take it as false, texts as empty. */
export class EvaluationError extends Error {
	override readonly name = 'EvaluationError';
}
