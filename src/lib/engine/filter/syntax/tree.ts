import type { Place } from '../errors.ts';
import type { SqlType } from '../types.ts';

/** An expression as it was written, before anything has a type. */
export type Syntax = Place &
	(
		| { readonly kind: 'string'; readonly text: string }
		| { readonly kind: 'number'; readonly text: string }
		| { readonly kind: 'boolean'; readonly value: boolean }
		| { readonly kind: 'null' }
		| { readonly kind: 'principal' }
		| { readonly kind: 'param'; readonly name: string }
		| { readonly kind: 'position'; readonly number: number }
		| { readonly kind: 'column'; readonly name: string }
		| { readonly kind: 'logic'; readonly op: 'and' | 'or'; readonly of: readonly Syntax[] }
		| { readonly kind: 'not'; readonly of: Syntax }
		| {
				readonly kind: 'is';
				readonly test: 'null' | 'true' | 'false' | 'unknown';
				readonly negated: boolean;
				readonly of: Syntax;
		  }
		| {
				readonly kind: 'distinct';
				readonly negated: boolean;
				readonly left: Syntax;
				readonly right: Syntax;
		  }
		| {
				readonly kind: 'in';
				readonly negated: boolean;
				readonly value: Syntax;
				readonly list: readonly Syntax[];
		  }
		| {
				readonly kind: 'between';
				readonly negated: boolean;
				readonly symmetric: boolean;
				readonly value: Syntax;
				readonly low: Syntax;
				readonly high: Syntax;
		  }
		/** Operators and functions; `at` is the operator or the name. */
		| { readonly kind: 'call'; readonly name: string; readonly of: readonly Syntax[]; readonly at: Place }
		| {
				readonly kind: 'quantified';
				readonly operator: string;
				readonly all: boolean;
				readonly left: Syntax;
				readonly array: Syntax;
				readonly at: Place;
		  }
		| { readonly kind: 'cast'; readonly of: Syntax; readonly type: SqlType }
		| { readonly kind: 'collate'; readonly of: Syntax }
		| {
				readonly kind: 'case';
				readonly branches: readonly { readonly when: Syntax; readonly then: Syntax }[];
				readonly otherwise: Syntax | undefined;
		  }
		| { readonly kind: 'array'; readonly of: readonly Syntax[] }
		| { readonly kind: 'subscript'; readonly array: Syntax; readonly indexes: readonly Syntax[] }
	);

export type SyntaxOf<K extends Syntax['kind']> = Extract<Syntax, { readonly kind: K }>;
